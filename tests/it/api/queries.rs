//! `/v1/resolve`: what is told to whom (Q2, Q5, Q11), one face of no (Q4), batches, explanations (Q10).

use super::world::{Answer, World, number, on_postgres, on_sqlite};
use crate::both::both;
use http::Method;
use redial::{clock::Clock as _, usecase::keys::Scope};
use serde_json::{Value, json};
use std::time::Duration;

both! {
    a_moved_number_is_told_with_the_card_that_the_asker_may_see
    q11_a_from_counts_only_for_a_key_that_may_assert_it
    an_application_in_a_group_and_an_owners_own_key_hold_rights_themselves
    a_name_alone_finds_who_put_the_asker_in_a_group
    q4_every_no_has_one_face
    a_batch_answers_line_by_line_in_order_with_an_error_for_a_bad_line
    q10_an_answer_is_explained_by_its_id
    q13_a_key_learns_so_many_new_numbers_a_day
    verdicts_and_refusals_are_counted
    a_question_that_cannot_be_read_is_an_error_and_no_verdict
}

/// An owner whose mobile was 10 and is 11, in a group that reveals it to Bob (1) and forwards to Cid (2).
async fn moved(world: World) -> (World, String) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(10)), ("mail", "ann@example.com")]).await;
    let book = world.book(&ann, "all").await;
    let told = world.group(&ann, &book, &["mobile"], &[]).await;
    world.patch(&format!("{ann}/groups/{told}"), &json!({"fields": ["title"]})).await.ok(200);
    world.patch(&ann, &json!({"profile": {"title": "Dr", "organisation": "Lee Ltd"}})).await.ok(200);
    let connected = world.group(&ann, &book, &[], &["mobile"]).await;
    world.contact(&ann, &book, "Bob", &number(1), &[&told]).await;
    world.contact(&ann, &book, "Cid", &number(2), &[&connected]).await;
    world.change(&ann, "mobile", &number(11)).await;
    (world, ann)
}

async fn a_moved_number_is_told_with_the_card_that_the_asker_may_see(world: World) {
    let (world, ann) = moved(world).await;
    let asked = json!({"to": number(10), "name": "Ann Lee", "from": number(1), "channel": "sms"});
    let answer = world.post("/v1/resolve", &asked).await.ok(200);
    let keys: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["card", "id", "name", "since", "to", "verdict"]);
    assert_eq!((&answer.body["verdict"], &answer.body["to"]), (&json!("moved"), &json!(number(11))));
    assert_eq!(answer.body["name"], "Ann Lee");
    let owner = world.get(&ann).await.ok(200);
    assert_eq!(answer.body["since"], owner.body["points"][0]["history"][0]["until"]);
    let card = answer.body["card"].as_str().unwrap();
    assert!(card.starts_with("BEGIN:VCARD\r\n") && card.contains(&number(11)) && card.contains("TITLE:Dr"), "{card}");
    assert!(!card.contains("ann@example.com") && !card.contains("Lee Ltd"), "and nothing that is not granted: {card}");
    // Written differently it is the same number; without a name it is answered while the short window lasts.
    for to in ["(415) 555-0110", "tel:+1-415-555-0110", "+14155550110"] {
        assert_eq!(world.asks(&number(1), to, "ann  LEE").await, number(11), "{to}");
    }
    let nameless = world.post("/v1/resolve", &json!({"to": number(10), "from": number(1)})).await.ok(200);
    assert_eq!(nameless.body["to"], number(11));
}

async fn q11_a_from_counts_only_for_a_key_that_may_assert_it(world: World) {
    let (world, _) = moved(world).await;
    let asked = json!({"to": number(10), "name": "Ann Lee", "from": number(1)}).to_string();
    for (scopes, verdict) in
        [(&[Scope::Resolve, Scope::AssertSender][..], "moved"), (&[Scope::Resolve][..], "no_result")]
    {
        let key = world.key(scopes, None).await;
        let answer = world.send(&key, Method::POST, "/v1/resolve", &[], asked.clone()).await.ok(200);
        assert_eq!(answer.body["verdict"], verdict, "{scopes:?}");
    }
}

async fn an_application_in_a_group_and_an_owners_own_key_hold_rights_themselves(world: World) {
    let (world, ann) = moved(world).await;
    let key = world.key(&[Scope::Resolve], None).await;
    let asked = json!({"to": number(10), "name": "Ann Lee"}).to_string();
    let ask = |key: String| {
        let (world, asked) = (&world, asked.clone());
        async move { world.send(&key, Method::POST, "/v1/resolve", &[], asked).await.ok(200).body["verdict"].clone() }
    };
    assert_eq!(ask(key.clone()).await, "no_result");
    let stored = world.running.store.key(&redial::usecase::keys::digest(key.as_bytes())).await.unwrap().unwrap();
    let groups = world.get(&format!("{ann}/groups")).await.ok(200);
    let told = groups.body["items"].as_array().unwrap().iter().find(|group| group["reveal"] != json!([])).unwrap();
    world.put(&format!("{ann}/groups/{}/members/{}", told["id"].as_str().unwrap(), stored.id)).await.ok(204);
    assert_eq!(ask(key).await, "moved");
    let bob = world.owner("Bob Ray", &[("mobile", &number(5))]).await;
    let own = world.key(&[Scope::Resolve], Some(World::id_of(&bob))).await;
    assert_eq!(ask(own.clone()).await, "no_result");
    let book = world.book(&ann, "more").await;
    let group = world.group(&ann, &book, &["mobile"], &[]).await;
    world.contact(&ann, &book, "Bob Ray", &number(5), &[&group]).await;
    assert_eq!(ask(own).await, "moved", "the linked contact is this owner");
}

async fn a_name_alone_finds_who_put_the_asker_in_a_group(world: World) {
    let (world, _) = moved(world).await;
    let ask = |from: String, name: &'static str, channel: &'static str| {
        let world = &world;
        async move {
            let asked = json!({"name": name, "from": from, "channel": channel});
            world.post("/v1/resolve", &asked).await.ok(200).body
        }
    };
    let found = ask(number(1), "Ann Lee", "sms").await;
    assert_eq!((&found["verdict"], &found["to"], found.get("since")), (&json!("moved"), &json!(number(11)), None));
    for (from, name, channel) in
        [(1, "Ann Ray", "sms"), (1, "Ann Lee", "email"), (2, "Ann Lee", "sms"), (3, "Ann Lee", "sms")]
    {
        assert_eq!(ask(number(from), name, channel).await["verdict"], "no_result", "{from} {name} {channel}");
    }
}

/// Status, headers but the date, and body with the id's letters gone.
fn face(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    let mut body = answer.body.clone();
    assert_eq!(body["id"].as_str().unwrap().len(), 30, "an id is always there");
    body["id"] = json!("qry_");
    (answer.status, headers, body)
}

async fn q4_every_no_has_one_face(world: World) {
    let (world, ann) = moved(world).await;
    world.owner("Zoe Fox", &[("mobile", &number(30))]).await;
    world.put(&format!("{ann}/blocks/{}", number(4))).await.ok(204);
    let cases = [
        ("never held", json!({"to": number(90), "name": "Ann Lee", "from": number(1)})),
        ("never held, no name", json!({"to": number(90), "from": number(1)})),
        ("a namesake", json!({"to": number(10), "name": "Ann Fox", "from": number(1)})),
        ("not granted", json!({"to": number(10), "name": "Ann Lee", "from": number(3)})),
        ("blocked", json!({"to": number(10), "name": "Ann Lee", "from": number(4)})),
        ("forward only", json!({"to": number(10), "name": "Ann Lee", "from": number(2)})),
        ("held now by somebody", json!({"to": number(30), "name": "Ann Lee", "from": number(1)})),
        ("held now, not visible", json!({"to": number(30), "name": "Zoe Fox", "from": number(1)})),
        ("held now, no name", json!({"to": number(11), "from": number(1)})),
        ("the sender is the new number", json!({"to": number(10), "name": "Ann Lee", "from": number(11)})),
        ("an address that never was", json!({"to": "nobody@example.com", "name": "Ann Lee", "from": number(1)})),
        ("a short code", json!({"to": "72345", "name": "Ann Lee", "from": number(1)})),
        ("an emergency number", json!({"to": "911", "from": number(1)})),
        ("a sender's name", json!({"to": "ACME", "from": number(1)})),
        ("a name that nobody bears", json!({"name": "Nobody", "from": number(1)})),
    ];
    let expected = json!({"verdict": "no_result", "id": "qry_"});
    let mut faces = Vec::new();
    for (why, asked) in cases {
        let answer = world.post("/v1/resolve", &asked).await;
        let (status, headers, body) = face(&answer);
        assert_eq!((status, &body), (200, &expected), "{why}");
        faces.push((headers, why));
    }
    // Outside the window; the owner's panic is a fact of the store, not of a route.
    world.running.clock.advance(Duration::from_hours(24 * 400));
    for (why, asked) in [
        ("expired with a name", json!({"to": number(10), "name": "Ann Lee", "from": number(1)})),
        ("expired without", json!({"to": number(10), "from": number(1)})),
    ] {
        let (status, headers, body) = face(&world.post("/v1/resolve", &asked).await);
        assert_eq!((status, &body), (200, &expected), "{why}");
        faces.push((headers, why));
    }
    for (headers, why) in &faces {
        assert_eq!(headers, &faces[0].0, "{why}");
    }
}

async fn a_question_that_cannot_be_read_is_an_error_and_no_verdict(world: World) {
    for (asked, pointer) in [
        (json!({}), "/to"),
        (json!({"from": number(1)}), "/to"),
        (json!({"to": "+1415"}), "/to"),
        (json!({"to": number(1), "from": "?"}), "/from"),
        (json!({"to": number(1), "channel": "fax"}), "/channel"),
        (json!({"to": number(1), "nmae": "Ann"}), "/nmae"),
    ] {
        let answer = world.post("/v1/resolve", &asked).await.ok(422);
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{asked}");
    }
}

async fn a_batch_answers_line_by_line_in_order_with_an_error_for_a_bad_line(world: World) {
    let (world, _) = moved(world).await;
    let lines = [
        json!({"to": number(10), "name": "Ann Lee", "from": number(1)}).to_string(),
        String::new(),
        "{not json".to_owned(),
        json!({"to": number(90)}).to_string(),
        json!({"to": "+1415"}).to_string(),
        json!({"to": number(11), "name": "Ann Lee", "from": number(1)}).to_string(),
    ];
    let ndjson = [("content-type", "application/x-ndjson")];
    let body = lines.join("\n");
    let answer = world.send(&world.root, Method::POST, "/v1/resolve/batch", &ndjson, body).await.ok(200);
    assert_eq!(answer.headers["content-type"], "application/x-ndjson");
    let read: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let short =
        |line: &Value| (line["line"].as_u64().unwrap(), line["verdict"].clone(), line["error"]["status"].clone());
    assert_eq!(
        read.iter().map(short).collect::<Vec<_>>(),
        [
            (1, json!("moved"), json!(null)),
            (3, json!(null), json!(400)),
            (4, json!("no_result"), json!(null)),
            (5, json!(null), json!(422)),
            (6, json!("current"), json!(null)),
        ]
    );
    assert_eq!(read[0]["to"], number(11));
    let many = format!("{}\n", json!({"to": number(90), "name": "Ann Lee"})).repeat(3_000);
    let answer = world.send(&world.root, Method::POST, "/v1/resolve/batch", &ndjson, many).await.ok(200);
    let numbers: Vec<u64> = answer
        .text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["line"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=3_000).collect::<Vec<u64>>(), "a batch may be larger than a body elsewhere");
    let long = format!("{}\n{}", json!({"to": number(90)}), "x".repeat(10_000));
    let answer = world.send(&world.root, Method::POST, "/v1/resolve/batch", &ndjson, long).await.ok(200);
    let last: Value = serde_json::from_str(answer.text.lines().last().unwrap()).unwrap();
    assert_eq!((&last["line"], &last["error"]["status"]), (&json!(2), &json!(413)));
}

async fn q10_an_answer_is_explained_by_its_id(world: World) {
    let (world, ann) = moved(world).await;
    let mut asked = json!({"to": number(10), "name": "Ann Lee", "from": number(1)});
    let told = world.post("/v1/resolve", &asked).await.ok(200).id();
    let explained = world.get(&format!("/v1/explain/{told}")).await.ok(200);
    assert_eq!((&explained.body["kind"], &explained.body["rule"]), (&json!("query"), &json!("Q5")));
    assert_eq!(explained.body["owner"], World::id_of(&ann).to_string());
    let query = &explained.body["query"];
    assert_eq!((&query["because"], &query["told"]), (&json!("granted"), &json!(true)));
    assert_eq!(query["groups"].as_array().unwrap().len(), 1);
    assert_eq!((&query["viewer"], &query["asked"]), (&json!(number(1)), &json!(number(10))), "who asked, and for what");
    assert_eq!(query["at"], json!(world.running.clock.now()), "when");
    assert!(query["way"].as_str().unwrap().starts_with("api:app_"), "by which way: {query}");
    assert_eq!(query["revision"], world.get(&ann).await.body["revision"]);
    asked["from"] = json!(number(3));
    let refused = world.post("/v1/resolve", &asked).await.ok(200).id();
    let explained = world.get(&format!("/v1/explain/{refused}")).await.ok(200);
    assert_eq!(explained.body["query"]["because"], "not_granted");
    assert_eq!(explained.body["query"].get("viewer"), None, "who was refused is counted, not named");
    asked["to"] = json!(number(90));
    let unmet = world.post("/v1/resolve", &asked).await.ok(200).id();
    assert_eq!(world.get(&format!("/v1/explain/{unmet}")).await.ok(200).body["kind"], "unrecorded");
    let listed = world.get(&format!("{ann}/queries")).await.ok(200);
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 2);
}

async fn verdicts_and_refusals_are_counted(world: World) {
    let (world, _) = moved(world).await;
    world.asks(&number(1), &number(10), "Ann Lee").await;
    world.asks(&number(3), &number(10), "Ann Lee").await;
    world.asks(&number(1), &number(90), "Ann Lee").await;
    world.send("", Method::GET, "/v1/owners", &[], "").await.ok(401);
    world.post("/v1/resolve", &json!({"to": "+1415"})).await.ok(422);
    let text = world.metrics.render();
    for line in [
        r#"redial_queries_total{way="api",verdict="moved",account=""} 1"#,
        r#"redial_queries_total{way="api",verdict="no_result",account=""} 2"#,
        r#"redial_refused_total{surface="api",reason="credentials"} 1"#,
        r#"redial_refused_total{surface="api",reason="malformed"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("15555"), "and no number is a label");
}

async fn q13_a_key_learns_so_many_new_numbers_a_day(world: World) {
    let env = &world.running.env;
    env.live.replace(redial::usecase::Rules { harvest: 2, ..(*env.live.kept()).clone() });
    for n in 0..3 {
        let person = world.owner(&format!("Owner {n}"), &[("mobile", &number(20 + n))]).await;
        let book = world.book(&person, "all").await;
        let group = world.group(&person, &book, &["mobile"], &[]).await;
        world.contact(&person, &book, "Bob", &number(1), &[&group]).await;
        world.change(&person, "mobile", &number(40 + n)).await;
    }
    let ask = async |key: &str, n: u32| {
        let asked = json!({"to": number(20 + n), "from": number(1)}).to_string();
        world.send(key, Method::POST, "/v1/resolve", &[("content-type", "application/json")], asked).await.ok(200)
    };
    let verdict = async |key: &str, n: u32| ask(key, n).await.body["verdict"].as_str().unwrap().to_owned();
    let other = world.key(&World::all(), None).await;
    for (why, key, n, told) in [
        ("the first", &world.root, 0, "moved"),
        ("the second", &world.root, 1, "moved"),
        ("the second again: it is not new", &world.root, 1, "moved"),
        ("the third", &world.root, 2, "no_result"),
        ("the first again", &world.root, 0, "moved"),
        ("another key has a share of its own", &other, 2, "moved"),
    ] {
        assert_eq!(verdict(key, n).await, told, "{why}");
    }
    // The same face as every other no, and an alarm.
    let refused = ask(&world.root, 2).await;
    let unknown = ask(&world.root, 60).await;
    assert_eq!(face(&refused), face(&unknown));
    let counted = r#"redial_refused_total{surface="api",reason="harvest"} 2"#;
    assert!(world.metrics.render().contains(counted), "{}", world.metrics.render());
    let explained = world.get(&format!("/v1/explain/{}", refused.id())).await.ok(200);
    assert_eq!(explained.body["query"]["because"], "harvest");
    world.running.clock.advance(Duration::from_hours(24));
    assert_eq!(verdict(&world.root, 2).await, "moved", "the next day");
}
