//! Owners and points as the tables of rules write them down.

use super::{
    address::{Address, Kind},
    id::{OwnerId, PointId},
    owner::{Held, Owner, Point, Profile, Proof},
};
use crate::clock::Time;

/// Ann, of version and revision 1, who is there since the beginning.
pub(super) fn ann(points: Vec<Point>) -> Owner {
    Owner {
        id: OwnerId(1),
        version: 1,
        revision: 1,
        claimed: true,
        silenced: false,
        language: "en".into(),
        zone: None,
        profile: Profile { name: "Ann".into(), ..Profile::default() },
        points,
        created: Time(1),
    }
}

/// A point with these values, the oldest first; a phone where there are none.
pub(super) fn point(id: u128, label: &str, values: Vec<Held>) -> Point {
    let kind = values.first().map_or(Kind::Phone, |held| held.address.kind());
    Point { id: PointId(id), kind, label: label.into(), removed: None, values }
}

/// A present value since `from`, proved then.
pub(super) fn held(key: &str, from: Time, proof: Proof) -> Held {
    Held { address: Address::stored(key, key), from, until: None, proof, proved: from }
}
