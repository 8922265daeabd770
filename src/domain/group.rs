//! Who may learn or use what: identities, grants, blocks, rights (vocabulary of the design, rule Q2's last part).

use super::{
    address::Address,
    id::{AppId, ContactId, GroupId, OwnerId, PointId},
    owner::Field,
};
use std::collections::BTreeSet;

/// One way in which a viewer can be known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Identity {
    /// A phone number or e-mail address, by its key.
    Address(Address),
    /// A registered owner.
    Owner(OwnerId),
    /// An API key or a provider account.
    Application(AppId),
}

impl Identity {
    /// The identity in the one key space in which members and viewers are compared: `+1…`, `a@b`, `own_…`, `app_…`.
    pub fn key(&self) -> String {
        match self {
            Identity::Address(address) => address.key().to_owned(),
            Identity::Owner(id) => id.to_string(),
            Identity::Application(id) => id.to_string(),
        }
    }
}

/// The key under which a group holds everybody.
pub const EVERYONE: &str = "*";

/// Somebody who asks: what they have proved to be, and what they only say (rule Q11).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Viewer {
    /// Identities that count for everything.
    pub proved: Vec<Identity>,
    /// The From of a webhook, or `from` of a key without `assert_sender`: can lead to a connection, never to a value.
    pub claimed: Option<Identity>,
}

impl Viewer {
    /// A viewer who has proved one identity and claims none.
    pub fn proved(identity: Identity) -> Self {
        Self { proved: vec![identity], claimed: None }
    }
}

/// Something of an owner that can be revealed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Item {
    /// A phone number or e-mail address.
    Point(PointId),
    /// A field of the profile.
    Field(Field),
}

/// A group's right. `forward` on a profile field cannot be written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Grant {
    /// Be connected to the point without learning its value.
    Forward(PointId),
    /// Learn the value; implies `Forward` for a point.
    Reveal(Item),
}

/// What a viewer may do with an owner's details.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Rights {
    /// Points to which the viewer may be connected.
    pub forward: BTreeSet<PointId>,
    /// What the viewer may learn.
    pub reveal: BTreeSet<Item>,
}

impl Rights {
    /// Whether the viewer may be connected to `point`.
    pub fn forwards(&self, point: PointId) -> bool {
        self.forward.contains(&point)
    }

    /// Whether the viewer may learn `item`.
    pub fn reveals(&self, item: Item) -> bool {
        self.reveal.contains(&item)
    }
}

/// The union of what the groups grant that the viewer is in; a block leaves nothing.
///
/// The same function serves queries, notices and cards.
pub fn rights<'a>(
    granted: impl IntoIterator<Item = &'a (GroupId, Grant)>,
    member_of: &BTreeSet<GroupId>,
    blocked: bool,
) -> Rights {
    let mut rights = Rights::default();
    if blocked {
        return rights;
    }
    for (_, grant) in granted.into_iter().filter(|(group, _)| member_of.contains(group)) {
        match *grant {
            Grant::Forward(point) => {
                rights.forward.insert(point);
            }
            Grant::Reveal(item) => {
                if let Item::Point(point) = item {
                    rights.forward.insert(point);
                }
                rights.reveal.insert(item);
            }
        }
    }
    rights
}

/// A group's rights after a request (rule C2): those that it gets beside those that it has, and none to learn the value of a
/// point that is to be connected only. `reveal` of a point stands for its `forward` too.
pub fn changed(grants: &[Grant], given: &[Grant], concealed: &[Grant]) -> Vec<Grant> {
    let kept = |grant: &Grant| match grant {
        Grant::Reveal(Item::Point(point)) if concealed.contains(&Grant::Forward(*point)) => Grant::Forward(*point),
        other => *other,
    };
    let mut all: BTreeSet<Grant> = grants.iter().map(kept).chain(given.iter().copied()).collect();
    let revealed = all.clone();
    all.retain(|grant| match grant {
        Grant::Forward(point) => !revealed.contains(&Grant::Reveal(Item::Point(*point))),
        Grant::Reveal(_) => true,
    });
    all.into_iter().collect()
}

/// Who is in a group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Member {
    /// An entry of the group's book.
    Contact(ContactId),
    /// An API key or provider account.
    Application(AppId),
    /// Anybody at all.
    Everyone,
}

/// How a group is told of a change (rule N1).
#[derive(Clone, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// As soon as the debounce has passed.
    AtOnce,
    /// At the times of a five-field cron expression, in UTC where the recipient's zone is not known.
    Digest(String),
    /// Only when they ask.
    #[default]
    OnQuery,
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORWARD: fn(u128) -> Grant = |point| Grant::Forward(PointId(point));
    const REVEAL: fn(u128) -> Grant = |point| Grant::Reveal(Item::Point(PointId(point)));

    #[test]
    fn c2_what_a_request_makes_of_a_groups_rights() {
        for (rule, had, given, concealed, has) in [
            ("a right more", vec![REVEAL(1)], vec![REVEAL(2)], vec![], vec![REVEAL(1), REVEAL(2)]),
            ("given twice it is one", vec![REVEAL(1)], vec![REVEAL(1)], vec![], vec![REVEAL(1)]),
            ("who may learn a value is connected to it", vec![FORWARD(1)], vec![REVEAL(1)], vec![], vec![REVEAL(1)]),
            ("and who may be connected learns nothing", vec![], vec![FORWARD(1)], vec![], vec![FORWARD(1)]),
            ("concealed, and connected as before", vec![REVEAL(1)], vec![], vec![FORWARD(1)], vec![FORWARD(1)]),
            ("what was never revealed cannot be concealed", vec![], vec![], vec![FORWARD(1)], vec![]),
            (
                "both wanted at once: it is revealed",
                vec![REVEAL(1)],
                vec![REVEAL(1)],
                vec![FORWARD(1)],
                vec![REVEAL(1)],
            ),
        ] {
            assert_eq!(changed(&had, &given, &concealed), has, "{rule}");
        }
    }

    #[test]
    fn the_rights_of_several_groups_are_one_and_a_block_leaves_none() {
        let granted = [(GroupId(1), FORWARD(1)), (GroupId(2), REVEAL(2)), (GroupId(3), REVEAL(3))];
        for (rule, groups, blocked, forward, reveal) in [
            ("in no group", vec![], false, vec![], vec![]),
            ("connected, and told nothing", vec![1], false, vec![1], vec![]),
            ("told, and so connected", vec![2], false, vec![2], vec![2]),
            ("in several", vec![1, 2, 3], false, vec![1, 2, 3], vec![2, 3]),
            ("a block beats every grant", vec![1, 2, 3], true, vec![], vec![]),
        ] {
            let found = rights(&granted, &groups.into_iter().map(GroupId).collect(), blocked);
            assert_eq!(found.forward, forward.into_iter().map(PointId).collect(), "{rule}");
            let points = reveal.into_iter().map(|point| Item::Point(PointId(point)));
            assert_eq!(found.reveal, points.collect(), "{rule}");
        }
    }
}
