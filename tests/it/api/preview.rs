//! What would be sent, before anything is (rule E2): of a change and of introductions, with what it costs.

use super::world::{Answer, World, number, on_postgres, on_sqlite};
use crate::{
    both::both,
    notes::{self, Given},
};
use redial::{
    domain::{
        address::{Address, phone::Region},
        owner::Channel,
    },
    store::{Commit, Effect, Preference, Returned},
    template::{Price, Prices},
    usecase::{Live, governor::Caps, link_contacts},
};
use serde_json::{Value, json};
use std::time::Duration;

both! {
    e2_a_change_is_previewed_with_its_cost_and_nothing_is_written
    e2_the_preview_of_a_change_does_not_tell_who_is_registered_or_what_they_chose
    e2_introductions_that_wait_are_previewed_with_their_cost
}

const BERLIN: &str = "+4930901820";

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

/// Messages leave by an account that says what they cost in the United States, and perhaps elsewhere.
fn sends(world: &World, elsewhere: Option<&str>) {
    let us = Region::new("US").map(|us| (us, price("0.0079 USD")));
    let prices = Prices { by_country: us.into_iter().collect(), elsewhere: elsewhere.map(price), whole: false };
    let mut post = notes::post(&Given::default(), "");
    post.caps.insert("sms".into(), Caps { prices, ..Caps::default() });
    assert!(world.post.set(Live::new(post)).is_ok(), "said once");
}

/// Friends of Ann's: two in the United States, one in Berlin, one with an e-mail address only.
async fn friends(world: &World, book: &str, ann: &str, group: &str) {
    for (name, address) in [("Bob", &*number(20)), ("Carl", &*number(21)), ("Dora", BERLIN), ("Eve", "eve@example.org")]
    {
        world.contact(ann, book, name, address, &[group]).await;
    }
}

fn counted(preview: &Value) -> (u64, u64, Vec<(String, u64)>) {
    let by = preview["by"].as_array().unwrap().iter();
    let by = by.map(|one| (one["channel"].as_str().unwrap().to_owned(), one["people"].as_u64().unwrap())).collect();
    (preview["people"].as_u64().unwrap(), preview["nowhere"].as_u64().unwrap(), by)
}

/// Each text message has as many parts as the only text; two go to the United States, one to Berlin.
fn costs(preview: &Value) {
    let [text] = &preview["texts"].as_array().unwrap()[..] else { panic!("{preview}") };
    let parts = usize::try_from(text["parts"].as_u64().unwrap()).unwrap();
    assert!(parts > 0 && text["sms"].is_string() && text["email"]["subject"].is_string(), "{text}");
    let amounts = [price("0.08 EUR").times(parts), price("0.0079 USD").times(2 * parts)].map(|one| one.to_string());
    assert_eq!(preview["cost"], json!({"parts": 3 * parts, "amounts": amounts, "unpriced": 0}));
}

async fn e2_a_change_is_previewed_with_its_cost_and_nothing_is_written(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(1)), ("work", &number(2))]).await;
    let book = world.book(&ann, "private").await;
    let group = world.group(&ann, &book, &["mobile"], &[]).await;
    friends(&world, &book, &ann, &group).await;
    world.contact(&ann, &book, "Nobody's friend", &number(25), &[]).await;
    let path = format!("{ann}/preview");
    let wanted = json!({"points": [{"replace": {"point": "mobile", "value": number(3)}}]});
    let ask = async |world: &World, wanted: &Value| -> Answer { world.post(&path, wanted).await };
    assert_eq!(ask(&world, &wanted).await.status, 503, "a process that sends nothing has nothing to say");
    sends(&world, Some("0.08 EUR"));
    world.fanouts().await;
    let requests = async || world.get(&format!("{ann}/requests")).await.ok(200).text;
    let (before, requested) = (world.get(&ann).await.ok(200), requests().await);
    let preview = ask(&world, &wanted).await.ok(200).body;
    assert_eq!(counted(&preview), (4, 0, vec![("sms".into(), 3), ("email".into(), 1)]), "{preview}");
    costs(&preview);
    let text = preview["texts"][0]["sms"].as_str().unwrap();
    assert!(text.contains("Ann Lee") && text.contains(&number(3)), "{text}");
    let [seen] = &preview["seen"].as_array().unwrap()[..] else { panic!("{preview}") };
    assert_eq!((&seen["people"], &seen["groups"]), (&json!(4), &json!([group])));
    let card = seen["card"].as_str().unwrap();
    assert!(card.contains(&number(3)) && !card.contains(&number(1)) && !card.contains(&number(2)), "{card}");

    let silent = json!({"points": [{"replace": {"point": "work", "value": number(4)}}]});
    let preview = ask(&world, &silent).await.ok(200).body;
    assert_eq!(counted(&preview), (0, 0, vec![]), "of which nobody may know");
    let with_grants = json!({"points": silent["points"], "grants": [{"group": group, "reveal": ["work"]}]});
    let preview = ask(&world, &with_grants).await.ok(200).body;
    assert_eq!(counted(&preview).0, 4, "unless the request lets them");
    assert_eq!(ask(&world, &json!({"points": [{"remove": "boat"}]})).await.status, 422);

    let after = world.get(&ann).await.ok(200);
    assert_eq!((after.text, after.headers.get("etag")), (before.text, before.headers.get("etag")));
    assert_eq!(requests().await, requested, "it is no request");
    assert_eq!(world.fanouts().await, []);
}

async fn e2_the_preview_of_a_change_does_not_tell_who_is_registered_or_what_they_chose(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(1))]).await;
    let book = world.book(&ann, "private").await;
    let group = world.group(&ann, &book, &["mobile"], &[]).await;
    friends(&world, &book, &ann, &group).await;
    sends(&world, Some("0.08 EUR"));
    let wanted = json!({"points": [{"replace": {"point": "mobile", "value": number(3)}}]});
    let ask = async || world.post(&format!("{ann}/preview"), &wanted).await.ok(200).text;
    let before = ask().await;
    // Bob registers, with an address that is not in Ann's book, and would rather have mail, in French.
    world.owner("Bob", &[("mobile", &number(20)), ("mail", "bob@example.org")]).await;
    let env = &world.running.env;
    while link_contacts::link_contacts(env, Duration::from_mins(1)).await.unwrap().is_some() {}
    let at = env.store.now().await.unwrap();
    let address = Address::parse(&number(20), None).unwrap();
    let chosen = Preference { address, first: Some(Channel::Email), language: "fr".into(), at };
    let effects = vec![Effect::Returned(Returned::Preferred(chosen))];
    env.store.commit(Commit { effects, ..Commit::default() }).await.unwrap();
    assert_eq!(ask().await, before);
}

async fn e2_introductions_that_wait_are_previewed_with_their_cost(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(1))]).await;
    let book = world.book(&ann, "private").await;
    let wanted = json!({"book": book, "name": "Friends", "told": "at_once", "reveal": ["mobile"], "introduce": true});
    let group = world.post(&format!("{ann}/groups"), &wanted).await.ok(201).id();
    let path = format!("{ann}/introductions/preview");
    assert_eq!(world.get(&path).await.status, 503);
    sends(&world, Some("0.08 EUR"));
    assert_eq!(counted(&world.get(&path).await.ok(200).body), (0, 0, vec![]));
    // More than five at once are an import, the first five of them too.
    friends(&world, &book, &ann, &group).await;
    let mut more = Vec::new();
    for (name, n) in [("Fay", 26), ("Gus", 27)] {
        more.push(world.contact(&ann, &book, name, &number(n), &[&group]).await);
    }
    let waits = world.get(&format!("{ann}/introductions")).await.ok(200).body;
    assert_eq!(waits["items"].as_array().unwrap().len(), 6);
    world.post(&format!("{ann}/introductions/drop"), &json!({"contacts": more})).await.ok(200);
    let preview = world.get(&path).await.ok(200).body;
    assert_eq!(counted(&preview), (4, 0, vec![("sms".into(), 3), ("email".into(), 1)]), "{preview}");
    costs(&preview);
    assert!(preview["texts"][0]["sms"].as_str().unwrap().contains("added you"), "{preview}");
    assert_eq!(preview.get("seen"), None);
    // Where the operator has not said what a message costs, it is counted and not guessed.
    let other = world.another().await;
    sends(&other, None);
    let bea = other.owner("Bea Roe", &[("mobile", &number(1))]).await;
    let book = other.book(&bea, "private").await;
    let group = other.group(&bea, &book, &["mobile"], &[]).await;
    friends(&other, &book, &bea, &group).await;
    let wanted = json!({"points": [{"replace": {"point": "mobile", "value": number(3)}}]});
    let preview = other.post(&format!("{bea}/preview"), &wanted).await.ok(200).body;
    assert_eq!(preview["cost"]["unpriced"], 1);
    assert_eq!(preview["cost"]["amounts"].as_array().unwrap().len(), 1, "{preview}");
}
