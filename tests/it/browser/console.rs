//! The operator's page in Chromium.

use super::Journey;
use crate::console::{PASSWORD, operators, world};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_gets_in_and_out() {
    let world = world(operators()).await;
    let given = json!({ "password": PASSWORD });
    let Some(journey) = Journey::begin("console_sign_in.js", &world.running.base, given).await else { return };
    journey.end().await;
}
