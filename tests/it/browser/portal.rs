//! The owner's portal in Chromium: from the first visit to 'all told'.

use super::Journey;
use crate::portal::Portal;
use serde_json::{Value, json};
use std::time::Duration;

impl Portal {
    /// Lets somebody take this journey; nobody where there is no Chromium.
    async fn walked(&self, script: &'static str, given: Value) {
        self.walked_at(&self.running.base, script, given).await;
    }

    /// Answers what a journey at this address asks until it ends.
    async fn walked_at(&self, base: &str, script: &'static str, given: Value) {
        let Some(mut journey) = Journey::begin(script, base, given).await else { return };
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
        portal.walked("portal_first_change.js", given).await;
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
        portal.walked("portal_exchange.js", given).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c3_a_passkey_signs_in_shortens_a_wait_and_ends_a_panic() {
    let portal = Portal::new().await;
    let given = json!({ "old": "+14155550100", "fresh": "+14155550123" });
    portal.walked_at(&portal.by_name(), "portal_passkey.js", given).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn details_languages_and_groups() {
    let portal = Portal::new().await;
    let people = [["Bob Roy", "+14155550150"], ["Cy Dee", "cy@example.org"]];
    let given = json!({ "own": "+14155550100", "people": people });
    portal.walked("portal_details.js", given).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c3_without_a_script_and_from_right_to_left_a_link_stops_a_held_change() {
    let portal = Portal::new().await;
    let given = json!({ "own": "ann@example.com", "fresh": "+14155550123" });
    portal.walked("portal_keep.js", given).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_in_every_look() {
    let friends = |name: &str| json!([[name, "+14155550150"], ["Cy Dee", "cy@example.org"]]);
    let all = json!([[390, "light"], [390, "dark"], [1280, "light"], [1280, "dark"]]);
    // Long words, and from right to left.
    let two = json!([[390, "light"], [1280, "dark"]]);
    for (locale, name, friend, looks) in [
        ("en", "Ann Lee", "Bob Roy", all),
        ("de", "Annegret Lichtenstein-Hohenfels", "Bartholomäus Röthlisberger", two.clone()),
        ("ar", "آن لي", "بوب روي", two),
    ] {
        let portal = Portal::new().await;
        let given = json!({
            "locale": locale, "looks": looks, "ann": "+14155550100", "bob": "+14155550180", "mail": "ann@example.com",
            "fresh": "+14155550123", "name": name, "friends": friends(friend),
        });
        portal.walked("portal_pages.js", given).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_with_nothing_but_a_keyboard() {
    for width in [390, 1280] {
        let portal = Portal::new().await;
        let given = json!({ "own": "+14155550100", "fresh": "+14155550123", "width": width });
        portal.walked("portal_keyboard.js", given).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c7_an_owner_takes_everything_along_and_goes_for_good() {
    for (width, dark) in [(390, true), (1280, false)] {
        let portal = Portal::new().await;
        let given = json!({
            "own": "+14155550100", "mail": "ann@example.com", "friend": "+14155550150", "width": width, "dark": dark,
        });
        portal.walked("portal_erase.js", given).await;
    }
}

/// Forms that only a script can fill in: a browser answers a challenge in them, or they are about what it answered.
const BY_SCRIPT: [&str; 4] = ["{{ action }}", "/me/keys/add", "/me/keys/remove", "/me/sign-in/passkey"];

/// Where the forms of the pages lead, as expressions; those that lead to their own page have a name of their own.
fn forms() -> Vec<String> {
    let of = |folder: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/pages").join(folder);
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        files.filter(|file| file.extension().is_some_and(|kind| kind == "html")).collect::<Vec<_>>()
    };
    let hole = regex::Regex::new(r#"\{\{ "unblock" if blocked else "block" \}\}"#).unwrap();
    let filled = regex::Regex::new(r"\{\{[^}]*\}\}").unwrap();
    let action = regex::Regex::new("(?:form)?action=\"((?:[^\"{]|\\{\\{[^}]*\\}\\})*)\"").unwrap();
    let mut found: Vec<String> = Vec::new();
    for file in [of(""), of("portal")].concat() {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_stem().unwrap().to_str().unwrap();
        let text = hole.replace_all(&text, "UNBLOCK");
        let actions = action.captures_iter(&text).map(|one| one[1].to_owned());
        let led = actions.filter(|led| !BY_SCRIPT.contains(&&**led)).flat_map(|led| {
            let each = if led.contains("UNBLOCK") { vec!["unblock", "block"] } else { vec![""] };
            each.into_iter().map(move |word| led.replace("UNBLOCK", word)).collect::<Vec<_>>()
        });
        found.extend(led.map(|led| filled.replace_all(&led, "[^/]+").into_owned()));
        found.extend(text.contains("<form method=\"post\">").then(|| match name {
            "card" => "card".to_owned(),
            "stop" => "/c/[^/]+/stop".to_owned(),
            "keep" => "/keep/[^/]+".to_owned(),
            other => panic!("a form of {other} leads to its own page: say where that is"),
        }));
    }
    found.sort();
    found.dedup();
    assert!(found.len() > 35, "{found:?}");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_without_a_script() {
    let portal = Portal::new().await;
    let given = json!({
        "forms": forms(), "ann": "+14155550100", "fresh": "+14155550123", "mail": "ann@example.com",
        "senders": ["+14155550150", "+14155550151", "+14155550152"],
    });
    portal.walked("portal_forms.js", given).await;
}
