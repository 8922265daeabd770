//! Introductions, the tray and updates of one's own book over `/v1` (rules E1 to E4).

use super::world::{World, number, on_postgres, on_sqlite};
use crate::{
    both::both,
    notes::{self, Given},
};
use redial::{
    domain::exchange::Limits,
    usecase::{Rules, keys::Scope},
    worker::{Settings, Worker},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

both! {
    e1_to_e4_a_card_is_introduced_accepted_followed_and_taken_back
}

/// What is sent until nothing is due any more: to whom.
async fn sent(world: &World) -> Vec<String> {
    let given = Given::default();
    let post = Arc::new(notes::post(&given, ""));
    Worker::new(world.running.env.clone(), post, Settings::default(), None).run_until_idle().await.unwrap();
    let mut to: Vec<String> = given.lock().unwrap().iter().map(|(to, _)| to.clone()).collect();
    to.sort();
    to
}

/// A group that introduces its owner, in a book of its own.
async fn introducing(world: &World, owner: &str) -> (String, String) {
    let book = world.book(owner, "private").await;
    let wanted = json!({"book": book, "name": "Friends", "told": "at_once", "reveal": ["mobile"], "introduce": true});
    let group = world.post(&format!("{owner}/groups"), &wanted).await.ok(201).id();
    (book, group)
}

async fn items(world: &World, path: &str) -> Vec<Value> {
    world.get(path).await.ok(200).body["items"].as_array().unwrap().clone()
}

async fn e1_to_e4_a_card_is_introduced_accepted_followed_and_taken_back(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(1))]).await;
    let bob = world.owner("Bob Roy", &[("mobile", &number(20))]).await;
    let bobs = world.book(&bob, "private").await;
    let (book, group) = introducing(&world, &ann).await;
    world.contact(&ann, &book, "Bob Roy", &number(20), &[&group]).await;
    for n in 26..31 {
        world.contact(&ann, &book, &format!("Person {n}"), &number(n), &[&group]).await;
    }
    assert_eq!(sent(&world).await, Vec::<String>::new(), "an import sends nothing until confirmed");
    let held = items(&world, &format!("{ann}/introductions")).await;
    assert!(held.len() == 6 && held.iter().all(|one| one["because"] == "import"), "{held:?}");
    let of = |name: &str| held.iter().find(|one| one["name"] == name).unwrap()["contact"].clone();
    let dropped = world.post(&format!("{ann}/introductions/drop"), &json!({"contacts": [of("Person 30")]})).await;
    assert_eq!(dropped.ok(200).body, json!({"dropped": 1}));
    let confirmed = world.post(&format!("{ann}/introductions/confirm"), &json!({})).await.ok(200);
    assert_eq!(confirmed.body, json!({"go": 5, "wait": 0}));
    let told: Vec<String> = (26..30).map(number).collect();
    assert_eq!(sent(&world).await, told, "and Bob, who is registered, gets no message");

    // His card waits apart from his book, for himself alone.
    let (tray, from) = (format!("{bob}/tray"), ann.rsplit('/').next().unwrap());
    let his = world.key(&[Scope::OwnersRead, Scope::OwnersWrite], Some(World::id_of(&bob))).await;
    let theirs = world.key(&[Scope::OwnersRead, Scope::OwnersWrite], Some(World::id_of(&ann))).await;
    for (key, status) in [(&his, 200), (&theirs, 404)] {
        assert_eq!(world.send(key, http::Method::GET, &tray, &[], "").await.status, status);
    }
    let [card] = &items(&world, &tray).await[..] else { panic!("one card") };
    assert_eq!(
        (&card["from"], &card["name"], &card["addresses"], &card["namesake"]),
        (&json!(from), &json!("Ann Lee"), &json!([number(1)]), &json!(false))
    );
    assert_eq!(items(&world, &format!("{bob}/contacts?book={bobs}")).await, Vec::<Value>::new());
    let accept = format!("{tray}/{from}/accept");
    let entry = world.post(&accept, &json!({})).await.ok(201);
    assert_eq!(entry.body["linked"], true);
    assert_eq!(world.post(&accept, &json!({})).await.status, 404, "once");
    assert_eq!(items(&world, &tray).await, Vec::<Value>::new());

    // From now on it follows, and what was done is taken back.
    let limits = Limits { window: Duration::ZERO, ..Limits::default() };
    let now = Rules { debounce: Duration::ZERO, exchange: limits, ..Rules::default() };
    world.running.env.live.replace(now);
    world.change(&ann, "mobile", &number(3)).await;
    sent(&world).await;
    let updates = format!("{bob}/updates");
    let [update] = &items(&world, &updates).await[..] else { panic!("one update") };
    assert_eq!(update["lines"], json!([{"old": number(1), "new": number(3)}]));
    assert_eq!((&update["may_be_undone"], &update["contact"]), (&json!(true), &entry.body["id"]));
    let addresses =
        async || world.get(&format!("{bob}/contacts/{}", entry.id())).await.ok(200).body["addresses"].clone();
    assert_eq!(addresses().await, json!([number(3), number(1)]));
    let undo = format!("{updates}/{}/undo", update["id"].as_str().unwrap());
    for _ in 0..2 {
        world.post(&undo, &json!({})).await.ok(200);
        assert_eq!(addresses().await, json!([number(1)]));
    }
    let [update] = &items(&world, &updates).await[..] else { panic!("one update") };
    assert!(update["may_be_undone"] == false && update["undone"].is_string(), "{update}");

    // Who is not wanted is refused for good, and blocked.
    let cy = world.owner("Cy Fox", &[("mobile", &number(40))]).await;
    let (book, group) = introducing(&world, &cy).await;
    world.contact(&cy, &book, "Ann Lee", &number(3), &[&group]).await;
    sent(&world).await;
    let from = cy.rsplit('/').next().unwrap();
    assert_eq!(items(&world, &format!("{ann}/tray")).await[0]["from"], from);
    world.post(&format!("{ann}/tray/{from}/refuse"), &json!({"block": true})).await.ok(204);
    assert_eq!(items(&world, &format!("{ann}/tray")).await, Vec::<Value>::new());
    let blocks = world.get(&format!("{ann}/blocks")).await.ok(200).text;
    assert!(blocks.contains(from), "{blocks}");
}
