//! `/openapi.json` says what the routes do, and no more.

use super::world::World;
use http::Method;
use redial::http::api::{TABLE, openapi};
use std::collections::BTreeSet;

/// `GET /v1/owners` and so on, of the document.
fn documented() -> BTreeSet<String> {
    let document = openapi::document();
    let mut all = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            all.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    all
}

#[test]
fn every_route_is_documented_and_every_documented_path_is_a_route() {
    let routes: BTreeSet<String> = TABLE.iter().map(|route| format!("{route:?}")).collect();
    assert_eq!(documented(), routes);
}

#[tokio::test]
async fn every_documented_method_answers_and_every_other_does_not() {
    let world = World::new().await;
    let documented = documented();
    let paths: BTreeSet<&str> = documented.iter().map(|line| line.split_once(' ').unwrap().1).collect();
    for path in paths {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            // Without a key a route answers 401; what is no route never asks for one.
            let answer = world.send("", method.clone(), &path.replace(['{', '}'], "x"), &[], "").await;
            let expected = if documented.contains(&format!("{method} {path}")) { 401 } else { 405 };
            assert_eq!(answer.status, expected, "{method} {path}");
        }
    }
    assert_eq!(world.send("", Method::GET, "/v1/nowhere", &[], "").await.ok(404).problem(), "not-found");
    let served = world.send("", Method::GET, "/openapi.json", &[], "").await.ok(200);
    assert_eq!(served.body, openapi::document());
}

#[test]
fn the_document_is_whole() {
    let document = openapi::document();
    let text = document.to_string();
    for (at, _) in text.match_indices("\"$ref\":\"#/components/schemas/") {
        let name = text[at + 29..].split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name} is referred to and not there");
    }
    let mut ids = BTreeSet::new();
    for route in TABLE {
        let operation = &document["paths"][route.path][&route.method.as_str().to_lowercase()];
        assert!(
            operation["summary"].is_string() || operation["description"].is_string(),
            "{route:?} says what it does"
        );
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{route:?} has an id of its own");
        assert_eq!(operation["security"][0]["key"][0], route.scope.as_str());
        for name in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            let there = operation["parameters"].as_array().unwrap().iter().any(|parameter| parameter["name"] == name);
            assert!(there, "{route:?} explains {name}");
        }
    }
}

#[test]
fn the_checked_in_document_is_the_present_one() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    let present = serde_json::to_string_pretty(&openapi::document()).unwrap() + "\n";
    if std::env::var_os("REDIAL_WRITE_DOCS").is_some() {
        std::fs::write(file, &present).unwrap();
    }
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    assert!(kept == present, "docs/openapi.json is not the present one: run this test with REDIAL_WRITE_DOCS=1");
}
