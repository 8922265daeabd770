//! The owner's portal in Chromium: from the first visit to 'all told'.

use super::Journey;
use crate::portal::Portal;
use serde_json::{Value, json};
use std::time::Duration;

impl Portal {
    /// Answers what a journey asks until it ends.
    async fn serve(&self, mut journey: Journey) {
        while let Some((asked, of)) = journey.asks().await {
            let answer = match asked.as_str() {
                "code" => json!(self.code(of.as_str().unwrap()).await),
                "link" => json!(self.link(of.as_str().unwrap()).await),
                "after" => {
                    self.idle().await;
                    self.running.clock.advance(Duration::from_secs(of.as_u64().unwrap()));
                    self.idle().await;
                    Value::Null
                }
                "change" => {
                    self.change(of.as_str().unwrap()).await;
                    Value::Null
                }
                "told" => json!(self.told().await.into_iter().map(|(to, _)| to).collect::<Vec<_>>()),
                other => panic!("{other} is asked"),
            };
            journey.say(&answer).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_visit_to_all_told() {
    for (width, dark) in [(390, false), (1280, true)] {
        let portal = Portal::new().await;
        let given = json!({
            "old": "+14155550100", "fresh": "+14155550123", "mail": "ann@example.com", "width": width, "dark": dark, "locale": "en",
            "people": [["Bob Roy", "+14155550150"], ["Cy Dee", "cy@example.org"]],
        });
        let begun = Journey::begin("portal_first_change.js", &portal.running.base, given).await;
        let Some(journey) = begun else { return };
        portal.serve(journey).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e1_to_e4_two_people_exchange_cards() {
    // On a wide screen, on a phone, and there without a script.
    for (width, dark, script) in [(1280, false, true), (390, true, true), (390, true, false)] {
        let portal = Portal::new().await;
        let given = json!({
            "ann": "+14155550100", "bob": "+14155550150", "fresh": "+14155550123", "width": width, "dark": dark,
            "locale": "en", "script": script,
        });
        let begun = Journey::begin("portal_exchange.js", &portal.running.base, given).await;
        let Some(journey) = begun else { return };
        portal.serve(journey).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c3_a_passkey_signs_in_shortens_a_wait_and_ends_a_panic() {
    let portal = Portal::new().await;
    let given = json!({ "old": "+14155550100", "fresh": "+14155550123" });
    let Some(journey) = Journey::begin("portal_passkey.js", &portal.by_name(), given).await else { return };
    portal.serve(journey).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn details_languages_and_groups() {
    let portal = Portal::new().await;
    let people = [["Bob Roy", "+14155550150"], ["Cy Dee", "cy@example.org"]];
    let given = json!({ "own": "+14155550100", "people": people });
    let Some(journey) = Journey::begin("portal_details.js", &portal.running.base, given).await else { return };
    portal.serve(journey).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c3_without_a_script_and_from_right_to_left_a_link_stops_a_held_change() {
    let portal = Portal::new().await;
    let given = json!({ "own": "ann@example.com", "fresh": "+14155550123" });
    let Some(journey) = Journey::begin("portal_keep.js", &portal.running.base, given).await else { return };
    portal.serve(journey).await;
}
