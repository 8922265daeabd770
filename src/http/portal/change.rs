//! Changing a number, step by step: the new value, who may learn it, what they will read, the codes, the wait, and how the
//! messages go out (rules C1 to C3, E2).

use super::{Answered, Desk, Signed, facts, keys, redirect, sentence};
use crate::{
    domain::{
        address::Address,
        change::{Request, RequestState, hold::By},
        group::{Grant, Item},
        id::{GroupId, PointId, RequestId},
        notice::{Notice, NoticeState},
        owner::{Channel, Group, Point, Proof},
    },
    usecase::{
        codes::Requester,
        course, passkeys,
        preview::{Preview, preview},
        requests,
        wanted::{NewPoint, NewValue, Wanted, WantedGrants, WantedPoint},
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
        (false, []) => new_page(desk, me, None).await,
        (true, []) => confirm(desk, me).await,
        (true, ["preview"]) => look(desk, me).await,
        (true, ["remove"]) => remove(desk, me).await,
        (true, ["restore"]) => restore(desk, me).await,
        (false, ["history"]) => history(desk, me).await,
        (_, [id, rest @ ..]) => {
            let id: RequestId = id.parse().map_err(|_| Refused::NotFound("request"))?;
            match (post, rest) {
                (false, []) => page(desk, me, id, Value::Null).await,
                (true, ["code"]) => code(desk, me, id).await,
                (true, ["answer"]) => answer(desk, me, id).await,
                (true, ["passkey"]) => by_passkey(desk, me, id).await,
                (true, ["stop"]) => stop(desk, me, id).await,
                _ => Err(Refused::NotFound("page")),
            }
        }
    }
}

/// What the form says so far.
struct Draft {
    /// The point that gets another value; none for a new one.
    point: Option<PointId>,
    label: String,
    value: String,
    /// Groups that may learn it from now on, beside those that may already.
    groups: Vec<GroupId>,
}

impl Draft {
    fn read(desk: &Desk<'_>) -> Self {
        let asked = |name: &str| match desk.asked.field(name) {
            Some(_) => desk.asked.text(name),
            None => desk.asked.query(name).unwrap_or_default(),
        };
        Self {
            point: asked("point").parse().ok(),
            label: asked("label"),
            value: asked("value"),
            groups: desk.asked.fields("group").iter().filter_map(|id| id.parse().ok()).collect(),
        }
    }

    fn found<'a>(&self, me: &'a Signed) -> Option<&'a Point> {
        me.owner.points.iter().find(|point| Some(point.id) == self.point && point.removed.is_none())
    }

    fn wanted(&self, me: &Signed, groups: &[Group]) -> Wanted {
        let (point, name) = if let Some(point) = self.found(me) {
            let id = point.id.to_string();
            (WantedPoint::Replace(NewValue { point: id.clone(), value: self.value.clone() }), id)
        } else {
            let label = self.label.clone();
            (WantedPoint::Add(NewPoint { label: label.clone(), value: self.value.clone() }), label)
        };
        let new = self.groups.iter().filter(|id| groups.iter().any(|group| group.id == **id));
        let new = new.filter(|id| !groups.iter().any(|group| group.id == **id && learns(group, self.point)));
        let grant = |group: &GroupId| WantedGrants {
            group: *group,
            reveal: vec![name.clone()],
            forward: Vec::new(),
            fields: Vec::new(),
        };
        Wanted { points: vec![point], grants: new.map(grant).collect(), ..Wanted::default() }
    }

    fn facts(&self, me: &Signed, groups: &[Group]) -> Value {
        let each = |group: &Group| {
            let already = learns(group, self.point);
            json!({
                "id": group.id, "name": group.name, "already": already,
                "ticked": already || self.groups.contains(&group.id),
            })
        };
        json!({
            "point": self.found(me).map(facts::point), "label": self.label, "value": self.value,
            "groups": groups.iter().map(each).collect::<Vec<_>>(),
        })
    }
}

fn learns(group: &Group, point: Option<PointId>) -> bool {
    point.is_some_and(|point| group.grants.contains(&Grant::Reveal(Item::Point(point))))
}

/// The first step.
async fn new_page(desk: &Desk<'_>, me: &Signed, wrong: Option<&str>) -> Answered {
    let draft = Draft::read(desk);
    let groups = desk.env.store.groups(me.owner.id).await?;
    let mut facts = draft.facts(me, &groups);
    facts["wrong"] = wrong.into();
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(desk.page(Some(me), status, "home_change", facts))
}

/// The second: who would be told, and in which words.
async fn look(desk: &Desk<'_>, me: &Signed) -> Answered {
    let draft = Draft::read(desk);
    if Address::parse(&draft.value, desk.env.rules().region).is_err() {
        return new_page(desk, me, Some("err_address")).await;
    }
    if draft.point.is_none() && draft.label.is_empty() {
        return new_page(desk, me, Some("err_label")).await;
    }
    let groups = desk.env.store.groups(me.owner.id).await?;
    let found = match preview(desk.env, &desk.post, me.owner.id, &draft.wanted(me, &groups)).await {
        Ok(found) => found,
        Err(Refused::Store(error)) => return Err(Refused::Store(error)),
        Err(why) => return new_page(desk, me, Some(sentence(&why).1)).await,
    };
    let mut facts = draft.facts(me, &groups);
    facts["preview"] = shown(&found);
    Ok(desk.page(Some(me), StatusCode::OK, "home_preview", facts))
}

fn shown(preview: &Preview) -> Value {
    let by = |(channel, count): &(Channel, usize)| json!({ "channel": channel, "count": count });
    json!({
        "people": preview.people, "more": preview.more, "by": preview.by.iter().map(by).collect::<Vec<_>>(),
        "nowhere": preview.nowhere, "sms": preview.sms, "email": preview.email,
    })
}

/// The third: it is wanted now.
async fn confirm(desk: &Desk<'_>, me: &Signed) -> Answered {
    let draft = Draft::read(desk);
    let groups = desk.env.store.groups(me.owner.id).await?;
    want(desk, me, &draft.wanted(me, &groups)).await
}

async fn want(desk: &Desk<'_>, me: &Signed, wanted: &Wanted) -> Answered {
    let actor = me.actor();
    let decided = carry_out(desk.env, || requests::make(desk.env, &actor, me.owner.id, None, wanted)).await?;
    Ok(redirect(&format!("/me/change/{}", decided.request.id)))
}

async fn remove(desk: &Desk<'_>, me: &Signed) -> Answered {
    let point = desk.asked.text("point");
    want(desk, me, &Wanted { points: vec![WantedPoint::Remove(point)], ..Wanted::default() }).await
}

async fn restore(desk: &Desk<'_>, me: &Signed) -> Answered {
    let revision = desk.asked.text("revision").parse().map_err(|_| Refused::NotFound("revision"))?;
    want(desk, me, &Wanted { restore: Some(revision), ..Wanted::default() }).await
}

async fn read(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Result<Request, Refused> {
    desk.env.store.request(me.owner.id, id).await?.ok_or(Refused::NotFound("request"))
}

/// Where the request stands. `code`: one that was just asked for.
async fn page(desk: &Desk<'_>, me: &Signed, id: RequestId, code: Value) -> Answered {
    let request = read(desk, me, id).await?;
    let now = desk.env.store.now().await?;
    let mut facts = json!({
        "request": facts::request(&request, &me.owner, now), "code": code,
        "proofs": if request.state.is_open() { proofs(desk, me, &request) } else { Vec::new() },
        "passkey": passkey(desk, me, &request).await?,
    });
    if request.state == RequestState::Accepted {
        facts["told"] = told(desk, me, &request).await?;
    }
    let status = if facts["code"]["wrong"].is_null() { StatusCode::OK } else { StatusCode::FORBIDDEN };
    Ok(desk.page(Some(me), status, "home_request", facts))
}

/// Where a code can be sent for it: the new values first, then what the owner has.
fn proofs(desk: &Desk<'_>, me: &Signed, request: &Request) -> Vec<Value> {
    let wanted: Wanted = serde_json::from_str(&request.wanted).unwrap_or_default();
    let mut all: Vec<(Address, bool)> = Vec::new();
    let values = wanted.points.iter().filter_map(|one| match one {
        WantedPoint::Add(new) => Some(&new.value),
        WantedPoint::Replace(new) => Some(&new.value),
        WantedPoint::Remove(_) | WantedPoint::Relabel(_) => None,
    });
    let region = desk.env.rules().region;
    all.extend(values.filter_map(|value| Address::parse(value, region).ok()).map(|address| (address, true)));
    let held = me.owner.points.iter().filter_map(Point::current).filter(|held| held.proof != Proof::None);
    for held in held {
        if !all.iter().any(|(known, _)| known.key() == held.address.key()) {
            all.push((held.address.clone(), false));
        }
    }
    let one = |(address, new): (Address, bool)| {
        let shown = request.course.shown(address.key()).is_some();
        let kind = facts::kind(address.kind());
        json!({ "to": address.wire(), "kind": kind, "new": new, "shown": shown })
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
    Ok(redirect(&format!("/me/change/{id}")))
}

async fn by_passkey(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Answered {
    let (actor, assertion) = (me.actor(), keys::assertion(desk.asked));
    let proved = match assertion {
        Ok(assertion) => passkeys::prove(desk.env, &actor, me.owner.id, id, &assertion).await,
        Err(why) => Err(why),
    };
    match proved {
        Ok(_) => Ok(redirect(&format!("/me/change/{id}"))),
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
    let start = me.owner.revision.saturating_sub(PAGE);
    let changes = desk.env.store.changes(me.owner.id, start, 50).await?;
    let each = changes.items.iter().rev().map(|change| {
        let snapshot: Value = serde_json::from_str(&change.snapshot).unwrap_or_default();
        let values = snapshot["points"].as_array().into_iter().flatten();
        let values: Vec<Value> = values.filter(|one| one["value"].is_string()).cloned().collect();
        json!({
            "revision": change.revision, "at": facts::when(change.at), "held": values,
            "present": change.revision == me.owner.revision,
        })
    });
    let changes: Vec<Value> = each.collect();
    Ok(desk.page(Some(me), StatusCode::OK, "home_history", json!({ "changes": changes })))
}
