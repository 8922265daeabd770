//! The card: what one viewer may see of an owner.

use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind, mask},
        group::{Item, Rights},
        id::{OwnerId, PointId},
        owner::{Field, Owner, Point, Profile, Proof},
    },
};

/// What one viewer may see of an owner. Fields that the viewer may not see are absent, and nothing in it tells that
/// they exist: no group, no count, no revision.
///
/// As JSON it is what the ledger keeps of the card last shown, from which the next difference is computed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Card {
    /// Whose. The vCard's UID is made from it.
    pub owner: OwnerId,
    /// The shown name, and the fields that are revealed; all others are empty.
    pub fields: Profile,
    /// The points that are revealed and have a value, in the owner's order.
    pub points: Vec<CardPoint>,
    /// Since when the points have been as they are here (REV); not a part of what is shown.
    pub since: Time,
}

/// A point as a viewer sees it. `Debug` is masked.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CardPoint {
    /// Never changes, whatever the value.
    pub id: PointId,
    /// TEL or EMAIL.
    pub kind: Kind,
    /// The owner's own word.
    pub label: String,
    /// The value as it is sent.
    pub value: String,
    /// The value as it is compared.
    pub key: String,
}

impl CardPoint {
    /// The value as an address.
    pub fn address(&self) -> Address {
        Address::stored(self.key.as_str(), self.value.as_str())
    }
}

impl std::fmt::Debug for CardPoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CardPoint({}, {:?}, {})", self.id, self.kind, mask(&self.value))
    }
}

/// What a viewer with these rights may see. Only values that somebody has shown or stated to be the owner's are visible.
/// The shown name goes with any right; without any the card is empty.
pub fn project(owner: &Owner, rights: &Rights) -> Card {
    let any = !rights.forward.is_empty() || !rights.reveal.is_empty();
    let shown = |point: &&Point| any && rights.reveals(Item::Point(point.id));
    let point = |point: &Point| {
        let held = point.current().filter(|held| held.proof != Proof::None)?;
        let (value, key) = (held.address.wire().to_owned(), held.address.key().to_owned());
        Some((CardPoint { id: point.id, kind: point.kind, label: point.label.to_string(), value, key }, held.from))
    };
    let (points, times): (Vec<_>, Vec<_>) = owner.points.iter().filter(shown).filter_map(point).unzip();
    Card {
        owner: owner.id,
        fields: if any { fields(&owner.profile, rights) } else { Profile::default() },
        points,
        since: times.into_iter().fold(owner.created, Time::max),
    }
}

fn fields(all: &Profile, rights: &Rights) -> Profile {
    let mut seen = Profile { name: all.name.clone(), ..Profile::default() };
    for field in Field::ALL.into_iter().filter(|&field| rights.reveals(Item::Field(field))) {
        match field {
            Field::Name => {
                seen.given.clone_from(&all.given);
                seen.family.clone_from(&all.family);
                seen.additional.clone_from(&all.additional);
                seen.prefix.clone_from(&all.prefix);
                seen.suffix.clone_from(&all.suffix);
            }
            Field::Nickname => seen.nicknames.clone_from(&all.nicknames),
            Field::Organisation => seen.organisation.clone_from(&all.organisation),
            Field::Title => seen.title.clone_from(&all.title),
            Field::Role => seen.role.clone_from(&all.role),
            Field::Birthday => seen.birthday.clone_from(&all.birthday),
            Field::Url => seen.urls.clone_from(&all.urls),
            Field::Impp => seen.impp.clone_from(&all.impp),
            Field::Postal => seen.postal.clone_from(&all.postal),
            Field::Note => seen.note.clone_from(&all.note),
            Field::Photo => seen.photo.clone_from(&all.photo),
        }
    }
    seen
}

impl Card {
    /// Whether there is nothing to see, not even a name.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty() && self.fields == Profile::default()
    }

    /// As the ledger keeps it. A card has only texts, lists and ids, so this does not fail.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From what the ledger kept; `None` where it is not a card.
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// A card for an entry of a file: it stands for no owner yet.
    pub(crate) fn stray(fields: Profile, points: Vec<CardPoint>) -> Self {
        Self { owner: OwnerId(0), fields, points, since: Time(0) }
    }
}
