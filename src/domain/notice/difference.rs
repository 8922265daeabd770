//! The difference between the card last shown and the one that may be seen now (rules C4, C5, N2).

use crate::{
    clock::Time,
    domain::{
        address::Kind,
        group::{Item, Rights},
        owner::{Field, Owner, Point, Proof},
    },
};
use std::collections::BTreeMap;

/// What one recipient was shown, or may see: the lines of a card that a notice can be about, in the form that the
/// ledger keeps. Long values are kept as their digest: they are compared, never shown again.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Seen {
    /// The shown name; empty where nothing is visible.
    pub name: String,
    /// By `pt_…` for a point and the field's word for a field.
    pub lines: BTreeMap<String, Line>,
    /// What a message of which nobody knows whether it arrived said beyond that: neither told nor untold (rule N3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perhaps: Option<Box<Seen>>,
}

/// One line of a card.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Line {
    /// `phone`, `email`, or the field's word.
    pub kind: Box<str>,
    /// The owner's own word for a point; empty for a field.
    pub label: Box<str>,
    /// What is compared.
    pub key: Box<str>,
    /// What is shown: E.164, an e-mail address, a text; empty where the value is too long for a message.
    pub value: Box<str>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} of {} letters", self.kind, self.label, self.value.chars().count())
    }
}

/// Longer values of a field are told as "new", without the value.
const SHOWN_MOST: usize = 200;

impl Seen {
    /// What `rights` let somebody see of `owner` as it is now. Only values that somebody has shown or stated to be the
    /// owner's are visible. The shown name goes with any right to learn something.
    pub fn of(owner: &Owner, rights: &Rights) -> Self {
        let mut seen = Seen::default();
        for point in owner.points.iter().filter(|point| rights.reveals(Item::Point(point.id))) {
            if let Some(held) = point.current().filter(|held| held.proof != Proof::None) {
                let kind = match point.kind {
                    Kind::Phone => "phone",
                    Kind::Email => "email",
                    // No point is one.
                    Kind::Device => continue,
                };
                seen.lines.insert(
                    point.id.to_string(),
                    Line {
                        kind: kind.into(),
                        label: point.label.clone(),
                        key: held.address.key().into(),
                        value: held.address.wire().into(),
                    },
                );
            }
        }
        for field in Field::ALL.into_iter().filter(|&field| rights.reveals(Item::Field(field))) {
            if let Some((word, value)) = field_line(owner, field) {
                let short = value.chars().count() <= SHOWN_MOST && field != Field::Photo;
                let key: Box<str> = if short { value.as_str().into() } else { digest(&value).into() };
                let value = if short { value.into() } else { "".into() };
                seen.lines.insert(word.to_owned(), Line { kind: word.into(), label: "".into(), key, value });
            }
        }
        if !rights.reveal.is_empty() {
            seen.name.clone_from(&owner.profile.name);
        }
        seen
    }

    /// What is written to the ledger.
    ///
    /// # Panics
    /// Never: texts and maps of texts always become JSON.
    pub fn to_json(&self) -> Box<str> {
        serde_json::to_string(self).expect("texts and maps of texts always become JSON").into()
    }

    /// From what the ledger keeps; `None` when it cannot be read.
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// What its reader may have been told last, for the question whether there is anything new to tell.
    fn latest(&self) -> &Seen {
        self.perhaps.as_deref().unwrap_or(self)
    }

    /// Whether somebody who was shown this knows all of `difference`: *told already at this address* (rule N4).
    pub fn tells(&self, difference: &Difference) -> bool {
        let latest = self.latest();
        difference.name.as_ref().is_none_or(|(_, new)| *new == latest.name)
            && difference
                .news
                .iter()
                .all(|news| latest.lines.get(&*news.item).is_some_and(|line| line.key == news.now.key))
    }
}

fn field_line(owner: &Owner, field: Field) -> Option<(&'static str, String)> {
    let profile = &owner.profile;
    let (word, value) = match field {
        // The shown name is compared by itself.
        Field::Name => return None,
        Field::Nickname => ("nickname", profile.nicknames.join(", ")),
        Field::Organisation => ("organisation", profile.organisation.clone()),
        Field::Title => ("title", profile.title.clone()),
        Field::Role => ("role", profile.role.clone()),
        Field::Birthday => ("birthday", profile.birthday.clone()),
        Field::Url => ("url", profile.urls.join(", ")),
        Field::Impp => ("impp", profile.impp.join(", ")),
        Field::Postal => ("postal", profile.postal.join("; ")),
        Field::Note => ("note", profile.note.clone()),
        Field::Photo => ("photo", profile.photo.clone()),
    };
    (!value.is_empty()).then_some((word, value))
}

fn digest(value: &str) -> String {
    format!("{:016x}.{}", fnv(value), value.len())
}

/// FNV-1a, 64 bits: stable over releases, which the standard library's hasher is not.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Digest of what rights reveal, for the ledger's row.
pub fn rights_digest(rights: &Rights) -> u64 {
    let items = rights.reveal.iter().map(|item| match item {
        Item::Point(point) => point.to_string(),
        Item::Field(field) => field_word(*field).to_owned(),
    });
    fnv(&items.collect::<Vec<_>>().join(" "))
}

/// One thing that a notice tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Its key in [`Seen::lines`].
    pub item: Box<str>,
    /// The line that its reader was shown last; `None`: newly visible.
    pub old: Option<Line>,
    /// What it is now.
    pub now: Line,
}

/// What a notice tells: phones first, then e-mail addresses, then fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The shown name was and is.
    pub name: Option<(String, String)>,
    /// Everything else.
    pub news: Vec<News>,
}

impl Difference {
    /// Nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.news.is_empty()
    }

    /// Whether `rights` let somebody learn a part of it, so that a group with these rights has a say in when it is told.
    pub fn concerns(&self, rights: &Rights) -> bool {
        (self.name.is_some() && !rights.reveal.is_empty())
            || self.news.iter().any(|news| {
                rights.reveal.iter().any(|item| match item {
                    Item::Point(point) => *news.item == *point.to_string(),
                    Item::Field(field) => field_word(*field) == &*news.item,
                })
            })
    }
}

fn field_word(field: Field) -> &'static str {
    match field {
        Field::Name => "name",
        Field::Nickname => "nickname",
        Field::Organisation => "organisation",
        Field::Title => "title",
        Field::Role => "role",
        Field::Birthday => "birthday",
        Field::Url => "url",
        Field::Impp => "impp",
        Field::Postal => "postal",
        Field::Note => "note",
        Field::Photo => "photo",
    }
}

/// What is told (rule C4): what was shown and is now another, and what is newly visible. What was taken away is silent,
/// and so is a label alone. Where it is not known whether the last message arrived, nothing is told as long as nothing
/// is new beyond that message; if something is, all is told from what was surely shown, or was perhaps shown.
pub fn difference(shown: &Seen, now: &Seen) -> Difference {
    if compare(shown.latest(), now).is_empty() {
        return Difference::default();
    }
    let mut told = compare(shown, now);
    if let Some(perhaps) = &shown.perhaps {
        // Back to what was surely shown: the perhaps told value must still be put right.
        let undone = compare(perhaps, now);
        told.name = told.name.or(undone.name);
        for news in undone.news {
            if told.news.iter().all(|known| known.item != news.item) {
                told.news.push(news);
            }
        }
    }
    told.news.sort_by_key(|news| (place(&news.now.kind), news.old.is_none(), news.item.clone()));
    told
}

fn compare(shown: &Seen, now: &Seen) -> Difference {
    let name = (shown.name != now.name && !shown.name.is_empty() && !now.name.is_empty())
        .then(|| (shown.name.clone(), now.name.clone()));
    let news = now.lines.iter().filter_map(|(item, line)| {
        let old = shown.lines.get(item);
        old.is_none_or(|old| old.key != line.key).then(|| News {
            item: item.as_str().into(),
            old: old.cloned(),
            now: line.clone(),
        })
    });
    Difference { name, news: news.collect() }
}

fn place(kind: &str) -> u8 {
    match kind {
        "phone" => 0,
        "email" => 1,
        _ => 2,
    }
}

/// The ledger after something was taken away: what was shown and may still be seen (rule C4). What comes back later is
/// newly visible then.
pub fn without_taken_away(shown: &Seen, visible: &Seen) -> Seen {
    let kept = |seen: &Seen| Seen {
        name: if visible.name.is_empty() { String::new() } else { seen.name.clone() },
        lines: seen
            .lines
            .iter()
            .filter(|(item, _)| visible.lines.contains_key(*item))
            .map(|(item, line)| (item.clone(), line.clone()))
            .collect(),
        perhaps: None,
    };
    Seen { perhaps: shown.perhaps.as_deref().map(|perhaps| Box::new(kept(perhaps))), ..kept(shown) }
}

/// The owner as it was right before `at`: the baseline for a recipient to whom the ledger has no row.
///
/// They have the details from elsewhere, else they would be no contact; so what they are told is the change, *from …
/// to …*, and not everything that they may see (rule C4). What a grant or a membership lets them see for the first time
/// is no change: that is told by an introduction (rule E1), or when they ask. `profile` is the snapshot of that time,
/// where there is one.
#[must_use]
pub fn before(owner: &Owner, at: Time, profile: Option<crate::domain::owner::Profile>) -> Owner {
    let mut then = owner.clone();
    if let Some(profile) = profile {
        then.profile = profile;
    }
    for point in &mut then.points {
        rewind(point, at);
    }
    then
}

fn rewind(point: &mut Point, at: Time) {
    if point.removed.is_some_and(|removed| removed >= at) {
        point.removed = None;
    }
    point.values.retain(|held| held.from < at);
    for held in &mut point.values {
        if held.until.is_some_and(|until| until >= at) {
            held.until = None;
        }
    }
}

#[cfg(test)]
#[path = "difference_tests.rs"]
mod tests;
