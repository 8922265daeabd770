//! The operator's page in Chromium.

use super::Journey;
use crate::console::{OLD, PASSWORD, World, operators, world};
use redial::{
    domain::notice::AttemptOutcome,
    telemetry::metrics::{Asked, Kind, OnAccount},
};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_gets_in_and_out() {
    let world = world(operators()).await;
    let given = json!({ "password": PASSWORD });
    let Some(journey) = Journey::begin("console_sign_in.js", &world.running.base, given).await else { return };
    journey.end().await;
}

/// An hour of figures, so that there is something to draw.
async fn an_hour(world: &World) {
    let on = |kind| OnAccount { account: "main".to_owned(), kind };
    for minute in 0..50_u64 {
        let asked = |verdict| Asked { way: "hook", verdict, account: "main".to_owned() };
        let metrics = &world.metrics;
        metrics.queries.get_or_create(&asked("no_result")).inc_by(400 + minute * 7 % 90);
        metrics.queries.get_or_create(&asked("moved")).inc_by(minute * 13 % 11);
        metrics.substitutions.get_or_create(&on("message")).inc_by(minute * 5 % 9);
        metrics.notices.get_or_create(&Kind { kind: "sent" }).inc_by(if minute % 10 < 3 { 40 } else { 2 });
        world.attempts(AttemptOutcome::Sent, u32::try_from(minute % 5).unwrap());
        world.console.take_down().await.unwrap();
        world.running.clock.advance(Duration::from_mins(1));
        world.console.take_down().await.unwrap();
    }
}

/// What an operator is woken for.
async fn trouble(world: &World) -> String {
    let (_, notice) = world.dead().await;
    world.attempts(AttemptOutcome::TryAgain, 40);
    world.metrics.failed_open.get_or_create(&OnAccount { account: "main".to_owned(), kind: "deadline" }).inc_by(3);
    world.console.reloaded(false, "config.toml:12:1: unknown field `litsen`, expected one of `listen`").await;
    notice.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_what_happens_and_mends_it() {
    let world = world(operators()).await;
    an_hour(&world).await;
    let given = json!({ "password": PASSWORD, "number": OLD });
    let Some(mut journey) = Journey::begin("console_mends.js", &world.running.base, given).await else { return };
    let mut calls = 0;
    while let Some((what, _)) = journey.asks().await {
        let answer = match what.as_str() {
            "call" => {
                calls += 1;
                world.call(&format!("CA{calls}"), OLD).await;
                json!(null)
            }
            "trouble" => json!(trouble(&world).await),
            other => panic!("{other} is not known here"),
        };
        journey.say(&answer).await;
    }
}
