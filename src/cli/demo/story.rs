//! The story: three owners, their groups and contacts, one changed number, and what follows.

use super::{provider::Demo, request::Api};
use crate::{
    app::App,
    cli::{Failure, say::say},
    config::Config,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

/// Area codes whose numbers 555-0100 to 555-0199 belong to nobody.
const AREAS: [u16; 16] = [201, 212, 213, 303, 312, 404, 415, 503, 512, 602, 617, 702, 713, 808, 917, 919];

/// An owner that was made.
struct Made {
    id: String,
    name: &'static str,
    number: String,
}

pub(super) async fn tell(api: &Api, app: &App, config: &Config, wait: Duration) -> Result<(), Failure> {
    say("\n1. Owners, each with a number, a book, groups and contacts")?;
    let ann = owner(api, app, "Ann Lee").await?;
    let bob = owner(api, app, "Bob Ray").await?;
    let eve = owner(api, app, "Eve Stone").await?;
    let carl = number(app);
    let dora = number(app);
    let mallory = number(app);
    let book = made(api, &ann, "books", json!({"name": "personal"})).await?;
    let friends = json!({"book": book, "name": "Friends", "told": "at_once", "reveal": ["mobile"]});
    let friends = made(api, &ann, "groups", friends).await?;
    let callers = json!({"book": book, "name": "Anybody who calls", "told": "on_query", "forward": ["mobile"]});
    let callers = made(api, &ann, "groups", callers).await?;
    let contact = async |name: &str, addresses: Value| {
        made(api, &ann, "contacts", json!({"book": book, "name": name, "addresses": addresses})).await
    };
    let carl_id = contact("Carl Dee", json!([carl])).await?;
    let dora_id = contact("Dora Kim", json!([dora, "dora@example.com"])).await?;
    let dora_mail = contact("Emil Fox", json!(["emil@example.com"])).await?;
    contact("Mallory", json!([mallory])).await?;
    for (group, member) in
        [(&friends, &*carl_id), (&friends, &*dora_id), (&friends, &*dora_mail), (&callers, "everyone")]
    {
        api.must("PUT", &format!("/v1/owners/{}/groups/{group}/members/{member}", ann.id), None).await?;
    }
    say("   Friends may know Ann's mobile: Carl, Dora, Emil. Everybody may be connected. Mallory is in no group.")?;

    say("\n2. Ann changes her number")?;
    let new = change(api, app, &ann).await?;
    say(format_args!("   {} becomes {new}", ann.number))?;
    say(format_args!("   Bob and Eve ({}, {}) stay as they are.", bob.number, eve.number))?;

    let demo = Demo::find(config)?;
    match &demo {
        Some(demo) => {
            provider(api, app, demo, &ann, &carl, &bob.number).await?;
            if let Some(stand_in) = &config.stand_in {
                let folder = stand_in.path.display();
                say(format_args!("   and the provider got the new number: see message-*.sms in {folder}"))?;
            }
        }
        None => say(
            "\n3. and 4. are left out: they need the account `demo` and the stand-in of the config.toml that comes with Redial",
        )?,
    }

    say("\n5. Who is told")?;
    let notices = settled(api, &ann, wait).await?;
    for notice in &notices {
        say(format_args!(
            "   {} {}",
            notice["state"].as_str().unwrap_or_default(),
            notice["id"].as_str().unwrap_or_default()
        ))?;
    }
    say(format_args!("   {}; there is none for Mallory.", messages(config)))?;

    say("\nTry next:")?;
    say(format_args!("   redial resolve {} --name \"{}\" --as {carl}", ann.number, ann.name))?;
    say(format_args!("   redial resolve {} --name \"{}\" --as {mallory}", ann.number, ann.name))?;
    if let Some(notice) = notices.first() {
        say(format_args!("   redial explain {}", notice["id"].as_str().unwrap_or_default()))?;
    }
    if let Some(query) = last_query(api, &ann).await? {
        say(format_args!("   redial explain {query}"))?;
    }
    Ok(())
}

async fn provider(api: &Api, app: &App, demo: &Demo, ann: &Made, carl: &str, other: &str) -> Result<(), Failure> {
    say("\n3. A call for the old number: the provider asks what to do (Twilio's webhook), and is answered")?;
    let sid = || format!("CA{:032x}", app.env.random.bits());
    say(format_args!("   {}", demo.call(api, &sid(), carl, &ann.number).await?))?;
    say(format_args!("   and a call for {other}, which never moved:"))?;
    say(format_args!("   {}", demo.call(api, &sid(), carl, other).await?))?;
    say("\n4. A message to the old number through the drop-in endpoint; the sender's SDK reads")?;
    say(format_args!("   {}", demo.message(api, carl, &ann.number, "Dinner at eight?").await?))?;
    Ok(())
}

/// Where this configuration puts the messages.
fn messages(config: &Config) -> String {
    let folders = config.accounts.values().filter(|account| account.kind.get_ref() == "folder");
    let paths: BTreeSet<_> = folders.filter_map(|account| account.path.as_ref()).collect();
    if paths.is_empty() {
        return "The messages left by the accounts of the configuration".into();
    }
    let paths: Vec<_> = paths.into_iter().map(|path| path.display().to_string()).collect();
    format!("The messages lie in {}, named after the notices", paths.join(", "))
}

/// A number that belongs to nobody.
fn number(app: &App) -> String {
    let bits = app.env.random.bits();
    let area = AREAS[usize::try_from(bits % 16).unwrap_or(0)];
    format!("+1{area}55501{:02}", (bits >> 8) % 100)
}

/// Registers an owner with the first number that is free.
async fn owner(api: &Api, app: &App, name: &'static str) -> Result<Made, Failure> {
    for _ in 0..50 {
        let number = number(app);
        let body = json!({"profile": {"name": name}, "points": [{"label": "mobile", "value": number}]});
        if let Some(answer) = api.call("POST", "/v1/owners", Some(body)).await? {
            let id = text(&answer["owner"]["id"])?;
            say(format_args!("   {name}, {number}, {id}"))?;
            return Ok(Made { id, name, number });
        }
    }
    Err("no number of the demonstration is free any more: remove the database, or name another with store.path".into())
}

async fn change(api: &Api, app: &App, owner: &Made) -> Result<String, Failure> {
    for _ in 0..50 {
        let new = number(app);
        let body = json!({"points": [{"replace": {"point": "mobile", "value": new}}]});
        if api.call("POST", &format!("/v1/owners/{}/requests", owner.id), Some(body)).await?.is_some() {
            return Ok(new);
        }
    }
    Err("no number of the demonstration is free any more: remove the database, or name another with store.path".into())
}

/// Makes something of an owner's; its id.
async fn made(api: &Api, owner: &Made, what: &str, body: Value) -> Result<String, Failure> {
    let answer = api.must("POST", &format!("/v1/owners/{}/{what}", owner.id), Some(body)).await?;
    text(&answer["id"])
}

fn text(value: &Value) -> Result<String, Failure> {
    Ok(value.as_str().ok_or("an answer without the id that it should have")?.to_owned())
}

/// The owner's notices, when none is open any more.
async fn settled(api: &Api, owner: &Made, wait: Duration) -> Result<Vec<Value>, Failure> {
    const LOOK: Duration = Duration::from_millis(250);
    let looks = wait.as_millis() / LOOK.as_millis();
    let bar = ProgressBar::new(u64::try_from(looks).unwrap_or(u64::MAX))
        .with_message("changes are gathered before they are told");
    bar.set_style(
        ProgressStyle::with_template("   {msg} {wide_bar} {elapsed}").unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    for _ in 0..looks {
        let answer = api.must("GET", &format!("/v1/owners/{}/notices", owner.id), None).await?;
        let items = answer["items"].as_array().cloned().unwrap_or_default();
        if !items.is_empty() && items.iter().all(|notice| notice["state"] != "open") {
            bar.finish_and_clear();
            return Ok(items);
        }
        bar.inc(1);
        tokio::time::sleep(LOOK).await;
    }
    bar.abandon();
    Err("the notices were not sent in time: the log of the gateway says why".into())
}

async fn last_query(api: &Api, owner: &Made) -> Result<Option<String>, Failure> {
    let answer = api.must("GET", &format!("/v1/owners/{}/queries", owner.id), None).await?;
    Ok(answer["items"][0]["id"].as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_lie_where_the_configuration_says() {
        let of = |text: &str| messages(&Config::parse(text, "test").unwrap());
        let outbox = "[accounts.a]\nkind = \"folder\"\npath = \"elsewhere/out\"\n";
        assert_eq!(of(outbox), "The messages lie in elsewhere/out, named after the notices");
        assert_eq!(of(""), "The messages left by the accounts of the configuration");
    }
}
