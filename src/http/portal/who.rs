//! Who may learn what a change brings, and what they will read and see (rules C2, E2); and who sees a point as it is.

use super::{Answered, Desk, Signed, change, facts, groups::all, redirect, sentence};
use crate::{
    domain::{
        change::{Request, hold::Verdict},
        group::{Grant, Item},
        id::{GroupId, PointId, RequestId},
        owner::{Channel, Group},
    },
    usecase::{
        course, groups,
        groups::GroupPatch,
        preview::{Preview, Sight, Words, preview},
        wanted::{Wanted, WantedGrants, WantedPoint},
        write::{Refused, carry_out},
    },
};
use http::StatusCode;
use serde_json::{Value, json};
use warp::reply::Response;

/// A point of a request that somebody may learn: as grants name it, and as it is now.
struct Brought<'a> {
    name: &'a str,
    point: Option<PointId>,
}

fn brought(wanted: &Wanted) -> Vec<Brought<'_>> {
    let mut all = Vec::new();
    for one in &wanted.points {
        match one {
            WantedPoint::Add(new) => all.push(Brought { name: &new.label, point: None }),
            WantedPoint::Replace(new) => all.push(Brought { name: &new.point, point: new.point.parse().ok() }),
            WantedPoint::Remove(_) | WantedPoint::Relabel(_) => {}
        }
    }
    all
}

fn learns(group: &Group, point: Option<PointId>) -> bool {
    point.is_some_and(|point| group.grants.contains(&Grant::Reveal(Item::Point(point))))
}

/// A draft that is proved; the others have nothing to choose.
async fn drafted(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Result<Option<(Request, Wanted)>, Refused> {
    let request = change::read(desk, me, id).await?;
    let wanted: Wanted = serde_json::from_str(&request.wanted).unwrap_or_default();
    let chooses = request.state.is_open() && request.course.choosing && facts::brings(&wanted);
    if !chooses || course::outlook(desk.env, &me.owner, &request).await? == Verdict::Waits {
        return Ok(None);
    }
    Ok(Some((request, wanted)))
}

fn back(id: RequestId) -> Response {
    redirect(&format!("/me/change/{id}"))
}

/// The groups, with those ticked that may learn it already, or were ticked before.
pub(super) async fn page(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Answered {
    let Some((request, wanted)) = drafted(desk, me, id).await? else { return Ok(back(id)) };
    let groups = all(desk, me).await?;
    let names = |list: &[String], name: &str| list.iter().any(|one| one == name);
    let point = |(at, one): (usize, Brought<'_>)| {
        let each = |group: &Group| {
            let before = learns(group, one.point);
            let chosen = wanted.grants.iter().find(|grants| grants.group == group.id);
            let ticked = chosen.map_or(before, |chosen| {
                names(&chosen.reveal, one.name) || (before && !names(&chosen.conceal, one.name))
            });
            json!({ "id": group.id, "name": group.name, "before": before, "ticked": ticked, "told": json!(group.told) })
        };
        json!({ "at": at, "groups": groups.iter().map(each).collect::<Vec<_>>() })
    };
    let now = desk.env.store.now().await?;
    let shown = facts::request(&request, &me.owner, &desk.env.rules().holds, now);
    let about: Vec<Value> =
        shown["about"].as_array().into_iter().flatten().filter(|line| !line["value"].is_null()).cloned().collect();
    let points: Vec<Value> = brought(&wanted).into_iter().enumerate().map(point).collect();
    let facts = json!({ "request": shown, "points": points, "about": about, "groups": groups.len() });
    Ok(desk.page(Some(me), StatusCode::OK, "home_who", facts))
}

/// Keeps the choice.
pub(super) async fn choose(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Answered {
    let Some((_, wanted)) = drafted(desk, me, id).await? else { return Ok(back(id)) };
    let mut grants = Vec::new();
    for group in desk.env.store.groups(me.owner.id).await? {
        let mut one = WantedGrants {
            group: group.id,
            reveal: Vec::new(),
            forward: Vec::new(),
            conceal: Vec::new(),
            fields: Vec::new(),
        };
        for (at, point) in brought(&wanted).into_iter().enumerate() {
            let ticked = desk.asked.fields(&format!("learn-{at}")).contains(&group.id.to_string());
            match (learns(&group, point.point), ticked) {
                (false, true) => one.reveal.push(point.name.to_owned()),
                (true, false) => one.conceal.push(point.name.to_owned()),
                (true, true) | (false, false) => {}
            }
        }
        if !(one.reveal.is_empty() && one.conceal.is_empty()) {
            grants.push(one);
        }
    }
    let actor = me.actor();
    carry_out(desk.env, || course::choose(desk.env, &actor, me.owner.id, id, grants.clone())).await?;
    Ok(redirect(&format!("/me/change/{id}/preview")))
}

/// How many people, by which channel, in which words, and what they will see.
pub(super) async fn look(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Answered {
    let Some((request, wanted)) = drafted(desk, me, id).await? else { return Ok(back(id)) };
    let found = preview(desk.env, &desk.post, me.owner.id, &wanted).await?;
    let groups = desk.env.store.groups(me.owner.id).await?;
    let outlook = course::outlook(desk.env, &me.owner, &request).await?;
    let now = desk.env.store.now().await?;
    let facts = json!({
        "request": facts::request(&request, &me.owner, &desk.env.rules().holds, now), "preview": shown(desk, &found, &groups),
        "outlook": facts::outlook(outlook),
    });
    Ok(desk.page(Some(me), StatusCode::OK, "home_preview", facts))
}

pub(super) fn shown(desk: &Desk<'_>, preview: &Preview, groups: &[Group]) -> Value {
    let by = |(channel, count): &(Channel, usize)| json!({ "channel": channel, "count": count });
    let text = |one: &Words| {
        let called = desk.post.templates.languages().find(|(tag, _)| *tag == one.language);
        json!({
            "language": one.language, "called": called.map_or(one.language.as_str(), |(_, name)| name),
            "people": one.people, "sms": one.sms, "email": one.email,
        })
    };
    let name = |id: &GroupId| groups.iter().find(|group| group.id == *id).map(|group| group.name.clone());
    let sight = |one: &Sight| {
        json!({
            "groups": one.groups.iter().filter_map(name).collect::<Vec<_>>(), "people": one.people,
            "card": facts::card(&one.card),
        })
    };
    json!({
        "people": preview.people, "more": preview.more, "by": preview.by.iter().map(by).collect::<Vec<_>>(),
        "nowhere": preview.nowhere, "cost": facts::cost(&preview.cost), "texts": preview.texts.iter().map(text).collect::<Vec<_>>(),
        "seen": preview.seen.iter().map(sight).collect::<Vec<_>>(),
    })
}

/// It is wanted now: the wait begins.
pub(super) async fn go(desk: &Desk<'_>, me: &Signed, id: RequestId) -> Answered {
    let actor = me.actor();
    carry_out(desk.env, || course::decide(desk.env, &actor, me.owner.id, id)).await?;
    Ok(back(id))
}

/// Who sees a point as it is.
pub(super) async fn point(desk: &Desk<'_>, me: &Signed, post: bool, id: PointId) -> Answered {
    let found = me.owner.points.iter().find(|point| point.id == id && point.removed.is_none());
    let found = found.ok_or(Refused::NotFound("point"))?;
    let groups = all(desk, me).await?;
    if !post {
        let each = |group: &Group| json!({ "id": group.id, "name": group.name, "right": right(group, id) });
        let facts = json!({ "point": facts::point(found), "groups": groups.iter().map(each).collect::<Vec<_>>() });
        return Ok(desk.page(Some(me), StatusCode::OK, "home_point", facts));
    }
    let actor = me.actor();
    for group in &groups {
        let wanted = desk.asked.text(&format!("right-{}", group.id));
        if wanted == right(group, id) || !["reveal", "forward", "none"].contains(&wanted.as_str()) {
            continue;
        }
        let patch = patched(me, group, id, &wanted);
        let changed =
            carry_out(desk.env, || groups::change(desk.env, &actor, me.owner.id, None, group.id, &patch)).await;
        if let Err(why) = changed {
            let (status, said) = sentence(&why);
            return Ok(desk.say(Some(me), status, said));
        }
    }
    Ok(redirect("/?done=done_saved"))
}

/// `reveal`, `forward` or `none`.
pub(super) fn right(group: &Group, point: PointId) -> &'static str {
    if group.grants.contains(&Grant::Reveal(Item::Point(point))) {
        "reveal"
    } else if group.grants.contains(&Grant::Forward(point)) {
        "forward"
    } else {
        "none"
    }
}

fn patched(me: &Signed, group: &Group, point: PointId, wanted: &str) -> GroupPatch {
    let there = |id: &PointId| me.owner.points.iter().any(|one| one.id == *id && one.removed.is_none());
    let with = |right: &str, of: fn(&Grant) -> Option<PointId>| {
        let others = group.grants.iter().filter_map(of).filter(|id| *id != point && there(id));
        others.chain((wanted == right).then_some(point)).map(|id| id.to_string()).collect()
    };
    let revealed = |grant: &Grant| match grant {
        Grant::Reveal(Item::Point(id)) => Some(*id),
        _ => None,
    };
    let forwarded = |grant: &Grant| match grant {
        Grant::Forward(id) => Some(*id),
        Grant::Reveal(_) => None,
    };
    GroupPatch {
        reveal: Some(with("reveal", revealed)),
        forward: Some(with("forward", forwarded)),
        ..GroupPatch::default()
    }
}
