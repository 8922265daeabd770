//! Owners and their points, as tests write them down.

use redial::{
    clock::Time,
    domain::{
        address::Kind,
        id::{OwnerId, PointId},
        owner::{Held, Owner, Point, Profile},
    },
};

/// Somebody who is registered and writes English; of version and revision 1.
pub(crate) fn owner(id: OwnerId, name: &str, points: Vec<Point>, created: Time) -> Owner {
    Owner {
        id,
        version: 1,
        revision: 1,
        claimed: true,
        silenced: false,
        language: "en".into(),
        zone: None,
        profile: Profile { name: name.into(), ..Profile::default() },
        points,
        created,
    }
}

/// A point with these values, the oldest first; a phone where there are none.
pub(crate) fn point(id: PointId, label: &str, values: Vec<Held>) -> Point {
    let kind = values.first().map_or(Kind::Phone, |held| held.address.kind());
    Point { id, kind, label: label.into(), removed: None, values }
}
