//! A change from its proofs to its end: codes and passkeys, the wait, and how the messages go out (rules C1 to C3). What it
//! begins with is in `draft`, who may learn it in `who`.

use super::{Answered, Desk, Signed, draft, facts, keys, redirect, sign_in::of_code, who};
use crate::{
    domain::{
        address::Address,
        change::{
            Request, RequestState,
            hold::{By, Verdict},
        },
        id::{CodeId, PointId, RequestId},
        notice::{Notice, NoticeState},
        owner::{Change, Proof},
    },
    usecase::{
        codes::Requester,
        course, passkeys, requests, sessions,
        wanted::{Wanted, WantedPoint, find_point},
        write::{Refused, carry_out},
    },
};
use http::StatusCode;
use serde_json::{Value, json};
use warp::reply::Response;

/// So many messages are counted on the page of a change.
const NOTICES_MOST: usize = 1_000;

pub(super) async fn route(desk: &Desk<'_>, me: &Signed, post: bool, rest: &[&str]) -> Answered {
    match (post, rest) {
        (false, []) => Ok(draft::page(desk, me)),
        (true, []) => draft::begin(desk, me).await,
        (true, ["restore"]) => restore(desk, me).await,
        (false, ["history"]) => history(desk, me).await,
        (_, ["who", id]) => who::point(desk, me, post, id.parse().map_err(|_| Refused::NotFound("point"))?).await,
        (_, [id, rest @ ..]) => {
            let id: RequestId = id.parse().map_err(|_| Refused::NotFound("request"))?;
            match (post, rest) {
                (false, []) => page(desk, me, id, asked(desk, me, id).await?).await,
                (true, ["code"]) => code(desk, me, id).await,
                (true, ["answer"]) => answer(desk, me, id).await,
                (true, ["passkey"]) => by_passkey(desk, me, id).await,
                (false, ["who"]) => who::page(desk, me, id).await,
                (true, ["who"]) => who::choose(desk, me, id).await,
                (false, ["preview"]) => who::look(desk, me, id).await,
                (true, ["go"]) => who::go(desk, me, id).await,
                (true, ["stop"]) => stop(desk, me, id).await,
                _ => Err(Refused::NotFound("page")),
            }
        }
    }
}

async fn want(desk: &Desk<'_>, me: &Signed, wanted: &Wanted) -> Answered {
    let actor = me.actor();
    let decided = carry_out(desk.env, || requests::make(desk.env, &actor, me.owner.id, None, wanted)).await?;
    Ok(redirect(&format!("/me/change/{}", decided.request.id)))
}

async fn restore(desk: &Desk<'_>, me: &Signed) -> Answered {
    let revision = desk.asked.text("revision").parse().map_err(|_| Refused::NotFound("revision"))?;
    want(desk, me, &Wanted { restore: Some(revision), ..Wanted::default() }).await
}

pub(super) async fn read(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Result<Request, Refused> {
    let history = crate::usecase::history::of(desk.env, &me.owner).await?;
    let found = desk.env.store.request(me.owner.id, id).await?.filter(|request| history.shows(request));
    found.ok_or(Refused::NotFound("request"))
}

/// The code that is asked for on the page: its challenge is in the address, so that the page can be loaded again.
async fn asked(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Result<Value, Refused> {
    let Some(challenge) = desk.asked.query("code").and_then(|text| text.parse::<CodeId>().ok()) else {
        return Ok(Value::Null);
    };
    let to = course::asked(desk.env, me.owner.id, id, challenge).await?;
    Ok(to.map_or(Value::Null, |to| json!({ "to": to.wire(), "challenge": challenge, "wrong": null })))
}

/// Where the request stands. `code`: one that is asked for.
async fn page(desk: &Desk<'_>, me: &Signed, id: RequestId, code: Value) -> Answered {
    let request = read(desk, me, id).await?;
    let now = desk.env.store.now().await?;
    let wanted: Wanted = serde_json::from_str(&request.wanted).unwrap_or_default();
    let open = request.state.is_open();
    let outlook = match request.state {
        RequestState::AwaitingProof => course::outlook(desk.env, &me.owner, &request).await?,
        _ => Verdict::Waits,
    };
    let new = if open { course::introduced(desk.env, &me.owner, &request).await? } else { Vec::new() };
    let shorter = match course::shortens(desk.env, &me.owner, &request).await {
        Err(Refused::Store(error)) => return Err(Refused::Store(error)),
        Ok(shorter) if open => shorter,
        // What cannot be carried out any more has nothing that would.
        Ok(_) | Err(_) => Vec::new(),
    };
    let mut facts = json!({
        "request": facts::request(&request, &me.owner, &desk.env.rules().holds, now), "code": code, "passkey": passkey(desk, me, &request).await?,
        "proofs": if open { proofs(me, &request, &wanted, new, &shorter) } else { Vec::new() },
        "shorter": !shorter.is_empty(), "passkey_shortens": shorter.contains(&By::Passkey),
        "chooses": request.course.choosing, "outlook": facts::outlook(outlook),
    });
    if let Some(revision) = wanted.restore {
        facts["restores"] = values(desk, me, revision).await?;
    }
    if request.state == RequestState::Accepted {
        facts["told"] = told(desk, me, &request).await?;
    }
    let status = if facts["code"]["wrong"].is_null() { StatusCode::OK } else { StatusCode::FORBIDDEN };
    Ok(desk.page(Some(me), status, "home_request", facts))
}

/// The values that a revision had.
async fn values(desk: &Desk<'_>, me: &Signed, revision: u64) -> Result<Value, Refused> {
    let found = desk.env.store.changes(me.owner.id, revision.saturating_sub(1), 1).await?;
    let found = found.items.into_iter().find(|change| change.revision == revision);
    Ok(found.map(|change| json!(held(&change))).unwrap_or_default())
}

/// What stood on a change: the values of its points, as they are written.
fn held(change: &Change) -> Vec<Value> {
    let snapshot: Value = serde_json::from_str(&change.snapshot).unwrap_or_default();
    // Key and wire form.
    let values = snapshot["points"].as_array().into_iter().flatten().map(|point| point["value"][1].clone());
    values.filter(Value::is_string).collect()
}

/// Where a code can be sent for it: the new values first, those of a restored state included, then those that they replace,
/// then what else the owner has.
fn proofs(me: &Signed, request: &Request, wanted: &Wanted, new: Vec<Address>, shorter: &[By]) -> Vec<Value> {
    let mut all: Vec<(Address, &str)> = new.into_iter().map(|address| (address, "new")).collect();
    let mut left: Vec<PointId> = Vec::new();
    for one in &wanted.points {
        let point = match one {
            WantedPoint::Replace(new) => Some(&new.point),
            WantedPoint::Remove(point) => Some(point),
            WantedPoint::Add(_) | WantedPoint::Relabel(_) => None,
        };
        left.extend(point.and_then(|point| find_point(&me.owner.points, point).ok()));
    }
    for point in &me.owner.points {
        let Some(held) = point.current().filter(|held| held.proof != Proof::None) else { continue };
        if !all.iter().any(|(known, _)| known.key() == held.address.key()) {
            all.push((held.address.clone(), if left.contains(&point.id) { "old" } else { "other" }));
        }
    }
    let one = |(address, role): (Address, &str)| {
        let shown = request.course.shown(address.key()).is_some();
        let shortens = shorter.contains(&By::Code(address.key().into()));
        json!({
            "to": address.wire(), "kind": facts::kind(address.kind()), "role": role, "shown": shown, "shortens": shortens,
        })
    };
    all.into_iter().map(one).collect()
}

/// Whether a passkey can be shown for it: `ask`, `shown`, or not at all.
async fn passkey(desk: &Desk<'_>, me: &Signed, request: &Request) -> Result<Option<&'static str>, Refused> {
    if request.course.evidence.iter().any(|shown| shown.by == By::Passkey) {
        return Ok(Some("shown"));
    }
    let has = keys::possible(desk) && !passkeys::list(desk.env, me.owner.id).await?.is_empty();
    Ok((has && request.state.is_open()).then_some("ask"))
}

/// How the messages about it go out.
async fn told(desk: &Desk<'_>, me: &Signed, request: &Request) -> Result<Value, Refused> {
    let since = request.decided.unwrap_or(request.created);
    let (mut last, mut all) = (None, Vec::<Notice>::new());
    while all.len() < NOTICES_MOST {
        let page = desk.env.store.notices(me.owner.id, last, 200).await?;
        last = page.items.last().map(|notice| notice.id);
        let older = page.items.iter().any(|notice| notice.first < since);
        all.extend(page.items.into_iter().filter(|notice| notice.first >= since));
        if older || !page.more {
            break;
        }
    }
    let count = |states: &[NoticeState]| all.iter().filter(|notice| states.contains(&notice.state)).count();
    let (sent, waits) = (count(&[NoticeState::Sent]), count(&[NoticeState::Open]));
    let (unknown, dead) = (count(&[NoticeState::Unknown]), count(&[NoticeState::Dead]));
    let now = desk.env.store.now().await?;
    // What is to be told is found out a moment after the change.
    let gathering = now.since(since) < desk.env.rules().debounce + std::time::Duration::from_secs(30);
    Ok(json!({
        "sent": sent, "waits": waits, "unknown": unknown, "dead": dead, "all": sent + waits + unknown + dead,
        "going": waits > 0 || gathering,
    }))
}

/// Sends a code, and goes where it is asked for.
async fn code(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Answered {
    let to = desk.asked.text("to");
    let address = Address::parse(&to, desk.env.rules().region).map_err(|_| Refused::NotFound("address"))?;
    match send(desk, me, id, &address).await {
        Ok(to) => Ok(redirect(&to)),
        Err(Refused::TooMany) => {
            // The one that was sent before still counts.
            let before = Some(desk.asked.text("challenge")).filter(|before| !before.is_empty());
            page(desk, me, id, json!({ "to": to, "challenge": before, "wrong": "err_codes" })).await
        }
        Err(other) => Err(other),
    }
}

/// Sends a code; the page that asks for it.
async fn send(desk: &Desk<'_>, me: &Signed, id: RequestId, to: &Address) -> Result<String, Refused> {
    let who = desk.asked.requester();
    let requester = Requester { who: &who, language: Some(&me.owner.language) };
    let issued = course::code(desk.env, me.owner.id, id, to, requester).await?;
    Ok(format!("/me/change/{id}?code={}", issued.challenge))
}

async fn answer(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Answered {
    let (to, challenge, typed) = (desk.asked.text("to"), desk.asked.text("challenge"), desk.asked.text("code"));
    let wrong = |why: &Refused| json!({ "to": to, "challenge": challenge, "typed": typed, "wrong": of_code(why) });
    let Ok(asked) = challenge.parse() else { return page(desk, me, id, wrong(&Refused::WrongCode)).await };
    let code = match course::answered(desk.env, me.owner.id, id, asked, &typed).await {
        Ok(code) => code,
        Err(Refused::Store(error)) => return Err(Refused::Store(error)),
        Err(why) => return page(desk, me, id, wrong(&why)).await,
    };
    let actor = me.actor();
    let at = desk.env.store.now().await?;
    let (shown, used) = course::shown_by(&code, at);
    carry_out(desk.env, || course::prove(desk.env, &actor, me.owner.id, id, shown.clone(), Some(used.clone()))).await?;
    let next = onward(desk, me, id).await?;
    stronger(desk, me, shown.by, &next).await
}

/// Where its owner goes on: to the code of the next new value, which is sent; to the choice of who may learn it; or to the page
/// that says what is missing, or what would make the wait shorter.
pub(super) async fn onward(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Result<String, Refused> {
    let request = read(desk, me, id).await?;
    let here = format!("/me/change/{id}");
    if !request.course.choosing || !request.state.is_open() {
        return Ok(here);
    }
    let new = course::introduced(desk.env, &me.owner, &request).await?;
    if let Some(next) = new.iter().find(|value| request.course.shown(value.key()).is_none()) {
        return match send(desk, me, id, next).await {
            Err(Refused::TooMany) => Ok(here),
            other => other,
        };
    }
    let stays = course::outlook(desk.env, &me.owner, &request).await? == Verdict::Waits
        || !course::shortens(desk.env, &me.owner, &request).await?.is_empty();
    Ok(if stays { here } else { format!("{here}/who") })
}

/// Onward with a new token in the cookie: each proof makes the session worth more.
async fn stronger(desk: &Desk<'_>, me: &Signed, by: By, next: &str) -> Answered {
    let (_, token) = sessions::strengthened(desk.env, &me.session, by).await?;
    Ok(desk.cookie.given(redirect(next), token.reveal()))
}

async fn by_passkey(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Answered {
    let (actor, assertion) = (me.actor(), keys::assertion(desk.asked));
    let proved = match assertion {
        Ok(assertion) => passkeys::prove(desk.env, &actor, me.owner.id, id, &assertion).await,
        Err(why) => Err(why),
    };
    match proved {
        Ok(_) => stronger(desk, me, By::Passkey, &onward(desk, me, id).await?).await,
        Err(Refused::WrongCode) => {
            page(desk, me, id, json!({ "to": null, "challenge": null, "wrong": "err_passkey" })).await
        }
        Err(other) => Err(other),
    }
}

async fn stop(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Answered {
    let actor = me.actor();
    let decided = carry_out(desk.env, || requests::cancel(desk.env, &actor, me.owner.id, id)).await?;
    let done = if decided.request.state.is_open() { "done_delayed" } else { "done_stopped" };
    Ok(redirect(&format!("/me/change/{id}?done={done}")))
}

/// Earlier revisions, each of which can be had again by a new request.
async fn history(desk: &Desk<'_>, me: &Signed) -> Result<Response, Refused> {
    const PAGE: u64 = 50;
    if me.owner.silenced {
        return Ok(desk.page(Some(me), StatusCode::OK, "home_history", json!({ "silenced": true, "changes": [] })));
    }
    let start = me.owner.revision.saturating_sub(PAGE);
    let changes = desk.env.store.changes(me.owner.id, start, 50).await?;
    // Somebody who has just begun had nothing, which nobody wants again.
    let each = changes.items.iter().rev().map(|change| (change, held(change))).filter(|(_, held)| !held.is_empty());
    let each = each.map(|(change, held)| {
        json!({
            "revision": change.revision, "at": facts::when(change.at), "held": held,
            "present": change.revision == me.owner.revision,
        })
    });
    let changes: Vec<Value> = each.collect();
    Ok(desk.page(Some(me), StatusCode::OK, "home_history", json!({ "silenced": false, "changes": changes })))
}
