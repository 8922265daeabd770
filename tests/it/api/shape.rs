//! What every request has in common: errors, repeats, versions, pages.

use super::world::{Answer, LIMIT, World, number, on_postgres, on_sqlite};
use crate::both::both;
use http::Method;
use serde_json::{Value, json};

both! {
    each_bad_input_gets_the_problem_that_its_reader_needs
    an_unknown_key_is_named_with_what_is_accepted
    what_is_not_there_not_read_or_not_allowed
    a_repeat_with_the_same_key_and_body_gets_the_first_answer_and_happens_once
    a_refused_request_does_not_use_its_key_up
    repeats_at_the_same_time_happen_once
    a_named_version_must_be_the_present_one
    writes_at_the_same_time_all_happen_unless_they_name_a_version
    pages_lead_through_a_whole_list_without_gap_or_repeat
}

async fn each_bad_input_gets_the_problem_that_its_reader_needs(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(1))]).await;
    let book = world.book(&ann, "all").await;
    let (owners, points, groups) = ("/v1/owners".to_owned(), format!("{ann}/points"), format!("{ann}/groups"));
    let deep = "[".repeat(40);
    let long = format!(r#"{{"label": "x", "value": "{}"}}"#, "1".repeat(LIMIT));
    let nameless =
        json!({"book": book, "name": " ", "channels": ["sms", "sms"], "reveal": ["mobile", "fax"]}).to_string();
    // path, body, status, problem, pointers
    let cases: [(&str, &str, u16, &str, &[&str]); 18] = [
        (&owners, "", 400, "malformed", &[]),
        (&owners, "{", 400, "malformed", &[]),
        (&owners, r#"{"profile": {"name": "A"}} x"#, 400, "malformed", &[]),
        (&owners, "\"x", 400, "malformed", &[]),
        (&owners, &deep, 400, "malformed", &[]),
        (&owners, "[]", 422, "invalid", &[""]),
        (&owners, "{}", 422, "invalid", &[""]),
        (&owners, r#"{"profile": {}}"#, 422, "invalid", &["/profile/name"]),
        (&owners, r#"{"profile": {"name": "A", "nmae": "B"}}"#, 422, "invalid", &["/profile/nmae"]),
        (&owners, r#"{"profile": {"name": "A"}, "language": "e n"}"#, 422, "invalid", &["/language"]),
        (
            &owners,
            r#"{"profile": {"name": "A"}, "points": [{"label": "x", "value": "12"}]}"#,
            422,
            "invalid",
            &["/points/0/value"],
        ),
        (
            &owners,
            r#"{"profile": {"name": "A"}, "points": [{"label": "", "value": "+14155550150"}]}"#,
            422,
            "invalid",
            &["/points/0/label"],
        ),
        (&points, r#"{"label": "x", "value": "a@b@"}"#, 422, "invalid", &["/value"]),
        (&points, r#"{"label": "x", "value": "+14155550101"}"#, 422, "invalid", &["/value"]),
        (&points, r#"{"label": "x", "value": "+14155550150", "kind": "fax"}"#, 422, "invalid", &["/kind"]),
        (&points, &long, 413, "too-large", &[]),
        (&groups, &nameless, 422, "invalid", &["/name", "/channels", "/reveal/1"]),
        (
            &groups,
            r#"{"book": "bk_00000000000000000000000001", "name": "x", "told": "now"}"#,
            422,
            "invalid",
            &["/told"],
        ),
    ];
    for (path, body, status, problem, pointers) in cases {
        let answer = world.send(&world.root, Method::POST, path, &[], body.to_owned()).await;
        let shown: String = body.chars().take(80).collect();
        assert_eq!((answer.status, answer.problem().as_str()), (status, problem), "{shown}: {}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(answer.body["status"], status);
        assert!(answer.body["title"].is_string());
        let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
        let found: Vec<&str> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(found, pointers, "{shown}: {}", answer.text);
        assert!(errors.iter().all(|error| !error["detail"].as_str().unwrap().is_empty()));
        assert!(!answer.text.contains("4155550150"), "an error repeats no number: {}", answer.text);
    }
    assert_eq!(world.get(&ann).await.body["version"], 2, "only the book was written");
}

async fn an_unknown_key_is_named_with_what_is_accepted(world: World) {
    let ann = world.owner("Ann Lee", &[]).await;
    let answer = world.post(&format!("{ann}/books"), &json!({"name": "x", "colour": "red"})).await.ok(422);
    let error = &answer.body["errors"][0];
    assert_eq!(error["pointer"], "/colour");
    assert_eq!(error["detail"], "unknown field `colour`, expected `name`");
    let answer = world.patch(&ann, &json!({"profile": {"nam": "x"}})).await.ok(422);
    assert!(answer.body["errors"][0]["detail"].as_str().unwrap().contains("name, "), "{}", answer.text);
}

async fn what_is_not_there_not_read_or_not_allowed(world: World) {
    let ann = world.owner("Ann Lee", &[]).await;
    for (method, path, status, problem) in [
        (Method::GET, "/v1".to_owned(), 404, "not-found"),
        (Method::GET, "/v1/".to_owned(), 404, "not-found"),
        (Method::GET, "/v1/owners/".to_owned(), 404, "not-found"),
        (Method::GET, "/v1/owners/nobody".to_owned(), 404, "not-found"),
        (Method::GET, format!("{ann}/books/bk_00000000000000000000000001"), 404, "not-found"),
        (Method::GET, format!("{ann}/books/grp_00000000000000000000000001"), 404, "not-found"),
        (Method::GET, format!("{ann}/contacts"), 422, "invalid"),
        (Method::GET, format!("{ann}/requests?limit=0"), 422, "invalid"),
        (Method::GET, format!("{ann}/requests?limit=201"), 422, "invalid"),
        (Method::GET, format!("{ann}/requests?after=x"), 422, "invalid"),
        (Method::DELETE, "/v1/owners".to_owned(), 405, "method-not-allowed"),
        (Method::GET, "/v1/explain/x".to_owned(), 422, "invalid"),
        (Method::GET, "/v1/explain/ntc_00000000000000000000000001".to_owned(), 404, "not-found"),
    ] {
        let answer = world.send(&world.root, method.clone(), &path, &[], "").await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, problem), "{method} {path}: {}", answer.text);
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = world.send(&world.root, Method::POST, "/v1/owners", &form, "a=b").await.ok(415);
    assert_eq!(answer.problem(), "unsupported-media");
}

fn again(answer: &Answer) -> bool {
    answer.headers.contains_key("idempotency-replayed")
}

async fn a_repeat_with_the_same_key_and_body_gets_the_first_answer_and_happens_once(world: World) {
    let new = json!({"profile": {"name": "Ann Lee"}, "points": [{"label": "mobile", "value": number(1)}]}).to_string();
    let key = [("idempotency-key", "abc")];
    let first = world.send(&world.root, Method::POST, "/v1/owners", &key, new.clone()).await.ok(201);
    let second = world.send(&world.root, Method::POST, "/v1/owners", &key, new.clone()).await.ok(201);
    assert_eq!((&first.text, again(&first), again(&second)), (&second.text, false, true));
    assert_eq!(world.get("/v1/owners").await.body["items"].as_array().unwrap().len(), 1);
    let other = new.replace("Ann", "Bob");
    let reused = world.send(&world.root, Method::POST, "/v1/owners", &key, other.clone()).await.ok(422);
    assert_eq!(reused.problem(), "key-reused");
    // Another path, another caller, another key: another request.
    let ann = format!("/v1/owners/{}", first.body["owner"]["id"].as_str().unwrap());
    let book = world.send(&world.root, Method::POST, &format!("{ann}/books"), &key, r#"{"name": "x"}"#).await.ok(201);
    assert!(!again(&book));
    let colleague = world.key(&World::all(), None).await;
    let unpointed = json!({"profile": {"name": "Bob Ray"}}).to_string();
    assert!(!again(&world.send(&colleague, Method::POST, "/v1/owners", &key, unpointed).await.ok(201)));
    for bad in ["", &"x".repeat(256)] {
        let answer =
            world.send(&world.root, Method::POST, "/v1/owners", &[("idempotency-key", bad)], other.clone()).await;
        assert_eq!(answer.ok(400).problem(), "malformed");
    }
}

async fn a_refused_request_does_not_use_its_key_up(world: World) {
    let ann = world.owner("Ann Lee", &[]).await;
    let key = [("idempotency-key", "abc")];
    let books = format!("{ann}/books");
    world.send(&world.root, Method::POST, &books, &key, r#"{"name": ""}"#).await.ok(422);
    world.send(&world.root, Method::POST, &books, &key, r#"{"name": "x"}"#).await.ok(201);
}

async fn repeats_at_the_same_time_happen_once(world: World) {
    let ann = world.owner("Ann Lee", &[]).await;
    let books = format!("{ann}/books");
    let key = [("idempotency-key", "abc")];
    let all = (0..16).map(|_| world.send(&world.root, Method::POST, &books, &key, r#"{"name": "x"}"#));
    let answers = futures_util::future::join_all(all).await;
    let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.iter().filter(|answer| !again(answer)).count(), 1);
    assert!(made.iter().all(|answer| answer.text == made[0].text));
    assert!(answers.iter().all(|answer| answer.status == 201 || answer.problem() == "conflict"));
    assert_eq!(world.get(&books).await.body["items"].as_array().unwrap().len(), 1);
}

async fn a_named_version_must_be_the_present_one(world: World) {
    let ann = world.owner("Ann Lee", &[]).await;
    let read = world.get(&ann).await.ok(200);
    assert_eq!(read.etag(), format!("\"{}\"", read.body["version"]));
    let patch = |tag: String, title: &'static str| {
        let (world, ann) = (&world, &ann);
        async move {
            let body = json!({"profile": {"title": title}}).to_string();
            world.send(&world.root, Method::PATCH, ann, &[("if-match", tag.as_str())], body).await
        }
    };
    let first = patch(read.etag(), "Dr").await.ok(200);
    let stale = patch(read.etag(), "Prof").await.ok(412);
    assert_eq!(stale.problem(), "stale");
    assert_eq!(world.get(&ann).await.body["profile"]["title"], "Dr");
    assert_eq!(first.etag(), world.get(&ann).await.etag(), "an answer's tag is good for the next change");
    patch(first.etag(), "Prof").await.ok(200);
    patch("*".to_owned(), "").await.ok(200);
    assert_eq!(patch("12".to_owned(), "x").await.ok(400).problem(), "malformed");
}

async fn writes_at_the_same_time_all_happen_unless_they_name_a_version(world: World) {
    let ann = world.owner("Ann Lee", &[]).await;
    let books = format!("{ann}/books");
    let names: Vec<Value> = (0..12).map(|n| json!({"name": n.to_string()})).collect();
    let answers = futures_util::future::join_all(names.iter().map(|name| world.post(&books, name))).await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
    let tag = world.get(&ann).await.etag();
    let patch = |n: u32| {
        let (world, ann, tag) = (&world, &ann, tag.as_str());
        async move {
            let body = json!({"profile": {"title": n.to_string()}}).to_string();
            world.send(&world.root, Method::PATCH, ann, &[("if-match", tag)], body).await.status
        }
    };
    let mut statuses = futures_util::future::join_all((0..6).map(patch)).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412], "one of them was first");
}

async fn pages_lead_through_a_whole_list_without_gap_or_repeat(world: World) {
    let ann = world.owner("Ann Lee", &[("mobile", &number(0))]).await;
    let book = world.book(&ann, "all").await;
    let group = world.group(&ann, &book, &["mobile"], &[]).await;
    for n in 1..=7 {
        world.contact(&ann, &book, &format!("Bob {n}"), &number(n), &[&group]).await;
        world.change(&ann, "mobile", &number(n)).await;
    }
    for (path, many) in [
        (format!("{ann}/contacts?book={book}&limit=3"), 7),
        (format!("{ann}/groups/{group}/members?limit=3"), 7),
        (format!("{ann}/requests?limit=3"), 8),
        (format!("{ann}/changes?limit=3"), 8),
        (format!("{ann}/audit?limit=5"), 1 + 1 + 1 + 3 * 7),
        (format!("{ann}/audit?limit=24"), 24),
    ] {
        let (mut next, mut seen) = (Some(path.clone()), Vec::new());
        while let Some(page) = next {
            let answer = world.get(&page).await.ok(200);
            let items = answer.body["items"].as_array().unwrap().clone();
            assert!(!items.is_empty(), "{page}");
            seen.extend(items.iter().map(|item| item.get("id").or_else(|| item.get("revision")).unwrap().to_string()));
            next = answer.body["next"].as_str().map(str::to_owned);
        }
        let mut once = seen.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!((seen.len(), once.len()), (many, many), "{path}");
    }
    let owners = world.get("/v1/owners?limit=1").await.ok(200);
    assert_eq!((owners.body["items"].as_array().unwrap().len(), owners.body.get("next")), (1, None));
}
