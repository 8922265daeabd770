//! A recipient's page in Chromium.

use super::{Journey, far::read_card};
use crate::notice::cards::Cards;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_saves_chooses_stops_and_starts_again() {
    let cards = Cards::new().await;
    let link = cards.first_link().await;
    let given = json!({ "link": link, "words": { "de": {
        "stop": "Keine Nachrichten mehr zu Ann Lee", "stopped": "Erledigt. Sie erhalten keine Nachrichten mehr zu Ann Lee.",
        "start": "Wieder Nachrichten erhalten",
    } } });
    let Some(mut journey) = Journey::begin("card.js", cards.base(), given).await else { return };
    while let Some((asked, of)) = journey.asks().await {
        let answer = match asked.as_str() {
            "kept" => cards.kept().await,
            "card" => read_card(of.as_str().unwrap()),
            "expired" => {
                cards.expires().await;
                json!(null)
            }
            other => panic!("{other} is asked"),
        };
        journey.say(&answer).await;
    }
}
