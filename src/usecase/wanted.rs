//! What a caller wants changed, as the API, the command line and stored requests write it, and the [`Wish`] that it is.

use super::{
    Env,
    write::{Fault, Refused},
};
use crate::domain::{
    address::Address,
    change::{self, Impossible, PointWish, Snapshot, Wish},
    group::{Grant, Item},
    id::{GroupId, OwnerId, PointId},
    owner::{Field, Owner, Point},
    schedule,
};
use serde_json::{Map, Value};

/// Most points or grants in one request.
const MOST: usize = 100;

/// A wanted change. All of it happens, or nothing.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Wanted {
    /// Points and profile as they were at this revision; applied before the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore: Option<u64>,
    /// A language tag such as `en` or `zh-Hant`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// A time zone such as `Europe/Berlin`; empty for that of the owner's numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Fields that are to be different; `null` makes one absent, those not named stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::domain::owner::Profile>)]
    pub profile: Option<Map<String, Value>>,
    /// What becomes of points.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<WantedPoint>,
    /// Rights that groups get with it (rule C2).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<WantedGrants>,
    /// Passkeys that are added or removed. Only their ceremony writes them: see [`from_outside`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(ignore)]
    pub passkeys: Vec<WantedPasskey>,
    /// Forwarding and notices go on after a panic (rule C7).
    #[serde(skip_serializing_if = "is_not")]
    pub end_panic: bool,
    /// Everything of the owner goes for good; nothing else can be wanted with it (rule C7).
    #[serde(skip_serializing_if = "is_not")]
    pub erase: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_not(flag: &bool) -> bool {
    !flag
}

/// What becomes of one point. A point is named by its id, or by its label where only one has it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WantedPoint {
    /// A new one.
    Add(NewPoint),
    /// Another value.
    Replace(NewValue),
    /// It forwards nowhere from now on.
    Remove(String),
    /// Another label.
    Relabel(NewLabel),
}

/// A point that is to be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPoint {
    /// The owner's own word: `mobile`, `work` …
    pub label: String,
    /// A phone number with its country code, or an e-mail address.
    pub value: String,
}

/// A point's next value.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewValue {
    /// Which point.
    pub point: String,
    /// A phone number with its country code, or an e-mail address.
    pub value: String,
}

/// A point's next label.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLabel {
    /// Which point.
    pub point: String,
    /// The owner's own word.
    pub label: String,
}

/// What becomes of one passkey.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WantedPasskey {
    /// A new one.
    Add(NewPasskey),
    /// It proves nothing any more; by its id.
    Remove(String),
}

/// A new passkey, read and checked.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    /// The credential's id, as base64url.
    pub id: String,
    /// COSE's number of the algorithm.
    pub algorithm: i64,
    /// The public key, as base64url.
    pub public: String,
    /// The authenticator's counter.
    pub count: u32,
    /// The owner's own word for it.
    pub label: String,
}

/// Rights that one group gets in addition to those that it has, and those that it loses.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedGrants {
    /// Which group.
    #[schema(value_type = String)]
    pub group: GroupId,
    /// Points whose value its members may learn; being connected is part of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reveal: Vec<String>,
    /// Points to which they may be connected without learning the value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forward: Vec<String>,
    /// Points whose value they may learn no longer; that they are connected stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conceal: Vec<String>,
    /// Fields of the profile that they may learn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

/// What a caller has written, where callers may write it: a passkey without its ceremony would be a key that nobody has
/// shown to have (rule C3).
pub fn from_outside(wanted: Wanted) -> Result<Wanted, Refused> {
    if wanted.passkeys.is_empty() {
        return Ok(wanted);
    }
    Err(Refused::invalid(
        "/passkeys",
        "a passkey is added and removed by …/passkeys, where its browser answers a challenge",
    ))
}

/// Reads what is wanted against the owner as it is. Every value that cannot be used is named.
pub async fn wish(env: &Env, owner: &Owner, wanted: &Wanted) -> Result<Wish, Refused> {
    let restore = match wanted.restore {
        Some(revision) => Some(snapshot(env, owner.id, revision).await?),
        None => None,
    };
    let now = env.clock.now();
    let mut faults = Vec::new();
    if wanted.points.len() > MOST || wanted.grants.len() > MOST {
        faults.push(Fault::at("", format!("at most {MOST} points and {MOST} groups in one request")));
        return Err(Refused::Invalid(faults));
    }
    let language = wanted.language.as_deref().and_then(|tag| language(tag, &mut faults));
    let zone = wanted.zone.as_deref().and_then(|name| zone(name, &mut faults));
    let base = restore.as_ref().map_or(&owner.profile, |snapshot: &Snapshot| &snapshot.profile);
    let profile = wanted.profile.as_ref().and_then(|patch| {
        let bad = match change::patched(base, patch) {
            Ok(profile) => return Some(profile),
            Err(bad) => bad,
        };
        faults.extend(bad.into_iter().map(|bad| Fault::at(format!("/profile/{}", bad.field), bad.detail)));
        None
    });
    let mut points = Vec::new();
    for (at, point) in wanted.points.iter().enumerate() {
        let fresh = || PointId::fresh(now, &*env.random);
        match read_point(env, owner, point, &format!("/points/{at}"), fresh) {
            Ok(wish) => points.push(wish),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        Ok(Wish { restore, language, zone, profile, points })
    } else {
        Err(Refused::Invalid(faults))
    }
}

async fn snapshot(env: &Env, owner: OwnerId, revision: u64) -> Result<Snapshot, Refused> {
    let page = env.store.changes(owner, revision.saturating_sub(1), 1).await?;
    let found = page.items.into_iter().find(|change| change.revision == revision && revision > 0);
    let change = found.ok_or_else(|| Refused::invalid("/restore", "there is no such revision"))?;
    serde_json::from_str(&change.snapshot)
        .map_err(|error| crate::store::StoreError::Damaged(format!("a change's snapshot: {error}").into()).into())
}

/// A tag of letters, digits and hyphens, as BCP 47 writes them.
fn language(tag: &str, faults: &mut Vec<Fault>) -> Option<Box<str>> {
    let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    if tag.len() <= 35 && tag.split('-').all(part) {
        return Some(tag.into());
    }
    faults.push(Fault::at("/language", "a language tag such as en or zh-Hant is needed"));
    None
}

/// A name of the tz database, or none of them for the zone of the numbers.
fn zone(name: &str, faults: &mut Vec<Fault>) -> Option<Box<str>> {
    if name.is_empty() || (name.len() <= 64 && schedule::zone(name).is_some()) {
        return Some(name.into());
    }
    faults.push(Fault::at("/zone", "a time zone such as Europe/Berlin is needed"));
    None
}

fn read_point(
    env: &Env,
    owner: &Owner,
    wanted: &WantedPoint,
    pointer: &str,
    fresh: impl FnOnce() -> PointId,
) -> Result<PointWish, Fault> {
    let address = |text: &str, way: &str| {
        Address::parse(text, env.rules().region).map_err(|why| Fault::address(format!("{pointer}/{way}/value"), &why))
    };
    let named = |text: &str, place: &str| {
        find_point(&owner.points, text).map_err(|why| Fault::at(format!("{pointer}/{place}"), why))
    };
    Ok(match wanted {
        WantedPoint::Add(new) => {
            PointWish::Add { id: fresh(), label: new.label.trim().into(), address: address(&new.value, "add")? }
        }
        WantedPoint::Replace(new) => {
            PointWish::Replace { point: named(&new.point, "replace/point")?, address: address(&new.value, "replace")? }
        }
        WantedPoint::Remove(point) => PointWish::Remove { point: named(point, "remove")? },
        WantedPoint::Relabel(new) => {
            PointWish::Relabel { point: named(&new.point, "relabel/point")?, label: new.label.trim().into() }
        }
    })
}

/// The point that `text` names: by id, or by label where one present point has it.
pub fn find_point(points: &[Point], text: &str) -> Result<PointId, &'static str> {
    let mut present = points.iter().filter(|point| point.removed.is_none());
    if let Ok(id) = text.parse::<PointId>() {
        return present.find(|point| point.id == id).map(|point| point.id).ok_or("the owner has no such point");
    }
    let mut labelled = present.filter(|point| *point.label == *text.trim());
    match (labelled.next(), labelled.next()) {
        (Some(point), None) => Ok(point.id),
        (Some(_), Some(_)) => Err("several points have this label; name it by its id"),
        (None, _) => Err("the owner has no point with this id or label"),
    }
}

/// The same with points named by their ids, as a request is kept: by the time that it is carried out a label may be another
/// point's, and a label changes without a proof.
pub(super) fn pinned(owner: &Owner, wanted: &Wanted) -> Wanted {
    let mut pinned = wanted.clone();
    for one in &mut pinned.points {
        let named = match one {
            WantedPoint::Replace(new) => &mut new.point,
            WantedPoint::Relabel(new) => &mut new.point,
            WantedPoint::Remove(point) => point,
            WantedPoint::Add(_) => continue,
        };
        // What names none is refused when it is read.
        if let Ok(id) = find_point(&owner.points, named) {
            *named = id.to_string();
        }
    }
    pinned
}

/// Rights as grants, in one order and without repeats; `points` are those of the owner once the request is accepted.
pub fn grants(
    points: &[Point],
    reveal: &[String],
    forward: &[String],
    fields: &[Field],
    pointer: &str,
) -> Result<Vec<Grant>, Vec<Fault>> {
    let (mut grants, mut faults) = (Vec::new(), Vec::new());
    let mut each = |texts: &[String], list: &str, grant: fn(PointId) -> Grant| {
        for (at, text) in texts.iter().enumerate() {
            match find_point(points, text) {
                Ok(id) => grants.push(grant(id)),
                Err(why) => faults.push(Fault::at(format!("{pointer}/{list}/{at}"), why)),
            }
        }
    };
    each(reveal, "reveal", |id| Grant::Reveal(Item::Point(id)));
    each(forward, "forward", Grant::Forward);
    grants.extend(fields.iter().map(|field| Grant::Reveal(Item::Field(*field))));
    grants.sort_unstable();
    grants.dedup();
    if faults.is_empty() { Ok(grants) } else { Err(faults) }
}

/// The place in [`Wanted`] of what cannot be, and why.
pub fn impossible(wanted: &Wanted, why: &Impossible) -> Refused {
    let at = match *why {
        Impossible::UnknownPoint { at }
        | Impossible::KindDiffers { at }
        | Impossible::TooManyPoints { at }
        | Impossible::BadLabel { at } => Some(at),
        Impossible::TwoPoints { at } => at,
    };
    let Some(at) = at else { return Refused::invalid("/restore", why.to_string()) };
    let place = match (wanted.points.get(at), why) {
        (Some(WantedPoint::Add(_)), Impossible::BadLabel { .. }) => "/add/label",
        (Some(WantedPoint::Add(_)), _) => "/add/value",
        (Some(WantedPoint::Replace(_)), Impossible::UnknownPoint { .. }) => "/replace/point",
        (Some(WantedPoint::Replace(_)), _) => "/replace/value",
        (Some(WantedPoint::Remove(_)), _) => "/remove",
        (Some(WantedPoint::Relabel(_)), Impossible::BadLabel { .. }) => "/relabel/label",
        (Some(WantedPoint::Relabel(_)), _) => "/relabel/point",
        (None, _) => "",
    };
    Refused::invalid(format!("/points/{at}{place}"), why.to_string())
}
