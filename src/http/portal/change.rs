//! A change from its proofs to its end: codes and passkeys, the wait, and how the messages go out (rules C1 to C3). What it
//! begins with is in `draft`, who may learn it in `who`.

use super::{Answered, Desk, Signed, draft, facts, keys, redirect, sentence, who};
use crate::{
    domain::{
        address::Address,
        change::{
            Request, RequestState,
            hold::{By, Verdict},
        },
        id::{PointId, RequestId},
        notice::{Notice, NoticeState},
        owner::Proof,
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
                (false, []) => page(desk, me, id, Value::Null).await,
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

/// Where the request stands. `code`: one that was just asked for.
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
    let mut facts = json!({
        "request": facts::request(&request, &me.owner, &desk.env.rules().holds, now), "code": code, "passkey": passkey(desk, me, &request).await?,
        "proofs": if open { proofs(me, &request, &wanted, new) } else { Vec::new() },
        "chooses": request.course.choosing, "outlook": facts::outlook(outlook),
    });
    if request.state == RequestState::Accepted {
        facts["told"] = told(desk, me, &request).await?;
    }
    let status = if facts["code"]["wrong"].is_null() { StatusCode::OK } else { StatusCode::FORBIDDEN };
    Ok(desk.page(Some(me), status, "home_request", facts))
}

/// Where a code can be sent for it: the new values first, those of a restored state included, then those that they replace,
/// then what else the owner has.
fn proofs(me: &Signed, request: &Request, wanted: &Wanted, new: Vec<Address>) -> Vec<Value> {
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
        json!({ "to": address.wire(), "kind": facts::kind(address.kind()), "role": role, "shown": shown })
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

async fn code(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Answered {
    let to = desk.asked.text("to");
    let address = Address::parse(&to, desk.env.rules().region).map_err(|_| Refused::NotFound("address"))?;
    let who = desk.asked.requester();
    let requester = Requester { who: &who, language: Some(&me.owner.language) };
    let shown = match course::code(desk.env, me.owner.id, id, &address, requester).await {
        Ok(issued) => json!({ "to": to, "challenge": issued.challenge, "wrong": null }),
        Err(Refused::TooMany) => json!({ "to": to, "challenge": null, "wrong": "err_many" }),
        Err(other) => return Err(other),
    };
    page(desk, me, id, shown).await
}

async fn answer(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Answered {
    let (to, challenge) = (desk.asked.text("to"), desk.asked.text("challenge"));
    let wrong = |why: &Refused| json!({ "to": to, "challenge": challenge, "wrong": sentence(why).1 });
    let Ok(asked) = challenge.parse() else { return page(desk, me, id, wrong(&Refused::WrongCode)).await };
    let code = match course::answered(desk.env, me.owner.id, id, asked, &desk.asked.text("code")).await {
        Ok(code) => code,
        Err(Refused::Store(error)) => return Err(Refused::Store(error)),
        Err(why) => return page(desk, me, id, wrong(&why)).await,
    };
    let actor = me.actor();
    let at = desk.env.store.now().await?;
    let (shown, used) = course::shown_by(&code, at);
    carry_out(desk.env, || course::prove(desk.env, &actor, me.owner.id, id, shown.clone(), Some(used.clone()))).await?;
    stronger(desk, me, id, shown.by).await
}

/// Back to the request, with a new token in the cookie: each proof makes the session worth more.
async fn stronger(desk: &Desk<'_>, me: &Signed, id: RequestId, by: By) -> Answered {
    let (_, token) = sessions::strengthened(desk.env, &me.session, by).await?;
    Ok(desk.cookie.given(redirect(&format!("/me/change/{id}")), token.reveal()))
}

async fn by_passkey(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Answered {
    let (actor, assertion) = (me.actor(), keys::assertion(desk.asked));
    let proved = match assertion {
        Ok(assertion) => passkeys::prove(desk.env, &actor, me.owner.id, id, &assertion).await,
        Err(why) => Err(why),
    };
    match proved {
        Ok(_) => stronger(desk, me, id, By::Passkey).await,
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
    let each = changes.items.iter().rev().map(|change| {
        let snapshot: Value = serde_json::from_str(&change.snapshot).unwrap_or_default();
        // Key and wire form.
        let values = snapshot["points"].as_array().into_iter().flatten().map(|point| &point["value"][1]);
        let values: Vec<&Value> = values.filter(|wire| wire.is_string()).collect();
        json!({
            "revision": change.revision, "at": facts::when(change.at), "held": values,
            "present": change.revision == me.owner.revision,
        })
    });
    let changes: Vec<Value> = each.collect();
    Ok(desk.page(Some(me), StatusCode::OK, "home_history", json!({ "silenced": false, "changes": changes })))
}
