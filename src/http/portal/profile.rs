//! The owner's other details, and the language of their pages and messages.

use super::{Answered, Asked, Desk, Signed, facts, redirect, sentence, who};
use crate::{
    domain::{photo, schedule},
    template::picture,
    usecase::{
        preview::preview,
        requests,
        wanted::Wanted,
        write::{Fault, Refused, carry_out},
    },
};
use http::StatusCode;
use serde_json::{Map, Value, json};
use warp::reply::Response;

/// Fields of one line.
const LINES: [&str; 10] =
    ["name", "prefix", "given", "additional", "family", "suffix", "organisation", "title", "role", "birthday"];
/// Fields of which there can be several, one a line.
const LISTS: [&str; 4] = ["nicknames", "urls", "impp", "postal"];

pub(super) async fn route(desk: &Desk<'_>, me: &Signed, post: bool, rest: &[&str]) -> Answered {
    match (post, rest) {
        (false, []) => Ok(page(desk, me, &json!(me.owner.profile), &me.owner.language, json!({}))),
        (true, []) => save(desk, me).await,
        (true, ["preview"]) => look(desk, me).await,
        _ => Err(Refused::NotFound("page")),
    }
}

/// A picture of the form: made small by the script, or as its owner has it on the device. `Err` where that cannot be used.
fn picture_of(asked: &Asked) -> Result<Option<String>, ()> {
    if let Some(file) = asked.bytes("picture").filter(|file| !file.is_empty()) {
        return photo::embedded(&file).map(Some).ok_or(());
    }
    let made = Some(asked.text("photo")).filter(|made| !made.is_empty());
    Ok(made.or_else(|| (asked.text("no-photo") == "yes").then(String::new)))
}

/// What the form says, as far as it differs from what is there.
fn wanted(desk: &Desk<'_>, me: &Signed) -> Wanted {
    let before = json!(me.owner.profile);
    let mut said = Map::new();
    for name in LINES {
        said.insert(name.into(), desk.asked.text(name).into());
    }
    for name in LISTS {
        let text = desk.asked.text(name);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        said.insert(name.into(), lines.into());
    }
    said.insert("note".into(), desk.asked.text("note").replace("\r\n", "\n").into());
    if let Ok(Some(photo)) = picture_of(desk.asked) {
        said.insert("photo".into(), photo.into());
    }
    said.retain(|name, value| before[name.as_str()] != *value);
    let language = desk.asked.text("language");
    let present = desk.post.templates.told_in(&[&me.owner.language]);
    let language = (language != present && !language.is_empty()).then_some(language);
    let zone = desk.asked.field("zone").filter(|zone| *zone != *me.owner.zone.as_deref().unwrap_or_default());
    Wanted { profile: (!said.is_empty()).then_some(said), language, zone, ..Wanted::default() }
}

/// Time zones by region, for people to choose from.
fn zones() -> Vec<Value> {
    let regions = schedule::zone_names().chunk_by(|one, other| region(one) == region(other));
    let one = |name: &String| json!({ "name": name, "city": city(name) });
    regions
        .map(|names| json!({ "region": region(&names[0]), "all": names.iter().map(one).collect::<Vec<_>>() }))
        .collect()
}

/// What of a zone's name people read: `Los Angeles`, `Argentina/Ushuaia`.
fn city(name: &str) -> String {
    name.split_once('/').map_or(name, |(_, city)| city).replace('_', " ")
}

fn region(name: &str) -> &str {
    name.split('/').next().unwrap_or_default()
}

fn page(desk: &Desk<'_>, me: &Signed, profile: &Value, language: &str, more: Value) -> Response {
    let languages = desk.post.templates.languages().map(|(tag, name)| json!({ "tag": tag, "name": name }));
    let mut facts = json!({
        "profile": profile, "language_of": desk.post.templates.told_in(&[language]), "languages": languages.collect::<Vec<_>>(),
        "zone": me.owner.zone, "zones": zones(), "zone_usual": facts::zone_of_numbers(&me.owner, desk.env.clock.now()).map(|zone| city(&zone)),
        "size": photo::LARGEST >> 10,
        "photo": picture(profile["photo"].as_str().unwrap_or_default()), "wrong": null, "wrong_photo": false, "fields": [], "preview": null, "new_photo": "",
    });
    if let (Some(facts), Value::Object(more)) = (facts.as_object_mut(), more) {
        facts.extend(more);
    }
    let right = facts["wrong"].is_null() && facts["wrong_photo"] == false;
    let status = if right { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    desk.page(Some(me), status, "home_profile", facts)
}

/// The form as it was sent.
fn again(desk: &Desk<'_>, me: &Signed, wanted: &Wanted, mut more: Value) -> Response {
    // It was chosen, and a file is not chosen again by itself.
    more["new_photo"] =
        wanted.profile.as_ref().and_then(|said| said.get("photo").cloned()).unwrap_or_else(|| "".into());
    more["zone"] = json!(wanted.zone.as_deref().or(me.owner.zone.as_deref()));
    let mut profile = json!(me.owner.profile);
    for (name, value) in wanted.profile.iter().flatten() {
        profile[name] = value.clone();
    }
    page(desk, me, &profile, wanted.language.as_deref().unwrap_or(&me.owner.language), more)
}

fn refused(desk: &Desk<'_>, me: &Signed, wanted: &Wanted, why: Refused) -> Answered {
    match why {
        Refused::Store(error) => Err(Refused::Store(error)),
        Refused::Invalid(faults) => {
            let field = |fault: &Fault| fault.pointer.split('/').nth(2).map(str::to_owned);
            let fields: Vec<String> = faults.iter().filter_map(field).collect();
            Ok(again(desk, me, wanted, json!({ "wrong": "err_field", "fields": fields })))
        }
        other => Ok(again(desk, me, wanted, json!({ "wrong": sentence(&other).1 }))),
    }
}

async fn save(desk: &Desk<'_>, me: &Signed) -> Answered {
    let wanted = wanted(desk, me);
    if picture_of(desk.asked).is_err() {
        return Ok(again(desk, me, &wanted, json!({ "wrong_photo": true })));
    }
    if wanted == Wanted::default() {
        return Ok(redirect("/me/profile?done=done_saved"));
    }
    let actor = me.actor();
    match carry_out(desk.env, || requests::make(desk.env, &actor, me.owner.id, None, &wanted)).await {
        Ok(_) => Ok(redirect("/me/profile?done=done_saved")),
        Err(why) => refused(desk, me, &wanted, why),
    }
}

/// Who would be told of it, and in which words (rule E2).
async fn look(desk: &Desk<'_>, me: &Signed) -> Answered {
    let wanted = wanted(desk, me);
    if picture_of(desk.asked).is_err() {
        return Ok(again(desk, me, &wanted, json!({ "wrong_photo": true })));
    }
    match preview(desk.env, &desk.post, me.owner.id, &wanted).await {
        Ok(found) => {
            let groups = desk.env.store.groups(me.owner.id).await?;
            Ok(again(desk, me, &wanted, json!({ "preview": who::shown(desk, &found, &groups) })))
        }
        Err(why) => refused(desk, me, &wanted, why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::owner::Profile;

    #[test]
    fn every_field_of_a_profile_is_on_the_page() {
        let all = json!(Profile::default());
        let mut names: Vec<&str> = all.as_object().expect("an object").keys().map(String::as_str).collect();
        names.retain(|name| !LINES.contains(name) && !LISTS.contains(name));
        assert_eq!(names, ["note", "photo"]);
    }
}
