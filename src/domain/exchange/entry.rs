//! A viewer's own entry, brought up to date in place (rule E3).

use super::Replaced;
use crate::domain::{
    address::{Address, Kind, email, phone, phone::Region},
    asleep::Asleep,
    card::{Document, Reach, Version},
    id::{OwnerId, PointId},
    owner::{Contact, Owner, Proof},
};

/// The word at a value that was replaced and stays in the entry.
const FORMER: &str = "former";

/// A point that the viewer may see and that has another value than they were shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The owner's own word.
    pub label: Box<str>,
    /// The value now.
    pub now: Address,
    /// Values that it had before and that the owner had proved, the newest first.
    pub former: Vec<Address>,
}

impl News {
    /// What is new at this point of an owner; `None` where it has no value that they have proved.
    pub fn of(owner: &Owner, point: PointId) -> Option<Self> {
        let point = owner.points.iter().find(|one| one.id == point)?;
        let now = point.current().filter(|held| proved(&held.proof))?;
        let before = point.values.iter().rev().filter(|held| held.until.is_some() && proved(&held.proof));
        let mut former: Vec<Address> = Vec::new();
        for held in before.filter(|held| held.address.key() != now.address.key()) {
            if former.iter().all(|known| known.key() != held.address.key()) {
                former.push(held.address.clone());
            }
        }
        Some(Self { label: point.label.clone(), now: now.address.clone(), former })
    }
}

/// Whether the owner has shown that a value is theirs: an import's word is not enough to change somebody's book.
fn proved(proof: &Proof) -> bool {
    matches!(proof, Proof::Code | Proof::Vouched(_))
}

/// Keys of all values that an owner has proved, present and former.
pub fn proved_keys(owner: &Owner) -> Vec<Box<str>> {
    let values = owner.points.iter().flat_map(|point| &point.values).filter(|held| proved(&held.proof));
    let mut keys: Vec<Box<str>> = values.map(|held| held.address.key().into()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Whether an entry follows this owner: it is linked to them (name and address match), and it holds an address which they have
/// `proved` and through which nothing sleeps (rules E3, C8).
pub fn follows(entry: &Contact, of: OwnerId, proved: &[Box<str>], asleep: &[Asleep]) -> bool {
    let awake =
        |key: &str| proved.iter().any(|known| **known == *key) && asleep.iter().all(|one| one.address.key() != key);
    entry.linked == Some(of) && entry.addresses.iter().any(|address| awake(address.key()))
}

/// The entry with what is new put into it, and what that was; `None` where it stays as it is.
///
/// A value of the point that stands in the entry gives its place to the new one, with its group and parameters, and is
/// kept behind it as `former`; a value that the entry has in no form is added behind the last of its kind. Every other
/// byte stays. Names are the viewer's own words and are never touched. `kept_out` are values that the viewer took back.
pub fn updated(
    card: &[u8],
    region: Option<Region>,
    news: &[News],
    kept_out: &[&Address],
) -> Option<(Vec<u8>, Vec<Replaced>)> {
    let mut document = Document::parse(card).ok()?;
    let mut lines = Vec::new();
    for one in news.iter().filter(|one| kept_out.iter().all(|out| out.key() != one.now.key())) {
        lines.extend(put(&mut document, region, one));
    }
    (!lines.is_empty()).then(|| (document.to_bytes(), lines))
}

fn put(document: &mut Document, region: Option<Region>, news: &News) -> Option<Replaced> {
    let reaches: Vec<(Reach, Address)> = document
        .reaches()
        .into_iter()
        .filter(|reach| reach.kind == news.now.kind())
        .filter_map(|reach| read(&reach, region).map(|address| (reach, address)))
        .collect();
    let find = |key: &str| reaches.iter().find(|(_, address)| address.key() == key);
    let present = find(news.now.key());
    if present.is_some_and(|(reach, _)| reach.label != FORMER) {
        return None;
    }
    let old = news.former.iter().find_map(|former| find(former.key()).filter(|(reach, _)| reach.label != FORMER));
    let old = old.or_else(|| news.former.iter().find_map(|former| find(former.key())));
    match (old, present) {
        // It was theirs before, and is again: the two change places.
        (Some((reach, address)), Some((back, _))) => {
            let done = document.replace_text(reach.place, &written(reach, &news.now))
                && document.replace_text(back.place, &written(back, address));
            done.then(|| Replaced { old: Some(address.clone()), new: news.now.clone() })
        }
        (Some((reach, address)), None) => {
            if !document.replace_text(reach.place, &written(reach, &news.now)) {
                return None;
            }
            add(document, reach.place, FORMER, address);
            Some(Replaced { old: Some(address.clone()), new: news.now.clone() })
        }
        (None, Some(_)) => None,
        (None, None) => {
            let all = document.reaches();
            let last = all.iter().rfind(|reach| reach.kind == news.now.kind()).or(all.last());
            let first = document.named("N").chain(document.named("FN")).map(|(place, _)| place).max();
            let place = last.map(|reach| reach.place).or(first)?;
            add(document, place, &news.label, &news.now).then(|| Replaced { old: None, new: news.now.clone() })
        }
    }
}

/// The value in the form in which the old one stands.
fn written(reach: &Reach, address: &Address) -> String {
    let scheme = ["tel:", "mailto:"]
        .into_iter()
        .find(|scheme| reach.text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)));
    format!("{}{}", scheme.unwrap_or_default(), address.wire())
}

fn read(reach: &Reach, region: Option<Region>) -> Option<Address> {
    match reach.kind {
        Kind::Phone => phone::parse(&reach.text, region).ok(),
        Kind::Email => email::parse(&reach.text).ok(),
        Kind::Device => None,
    }
}

/// Puts a value with a word of its own behind the property at `place`.
fn add(document: &mut Document, place: usize, label: &str, address: &Address) -> bool {
    let name = if address.kind() == Kind::Phone { "TEL" } else { "EMAIL" };
    let label = label.trim();
    let standard = match (label.to_lowercase().as_str(), address.kind(), document.version()) {
        ("mobile" | "cell", Kind::Phone, Version::V21) => Some(";CELL"),
        ("mobile" | "cell", Kind::Phone, _) => Some(";TYPE=CELL"),
        ("home", _, Version::V21) => Some(";HOME"),
        ("home", _, _) => Some(";TYPE=HOME"),
        ("work", _, Version::V21) => Some(";WORK"),
        ("work", _, _) => Some(";TYPE=WORK"),
        ("", _, _) => Some(""),
        _ => None,
    };
    // What an address may hold needs no escape but in an e-mail's quoted part, which none of ours has.
    let value = address.wire();
    if let Some(types) = standard {
        return document.insert_after(place, &format!("{name}{types}:{value}"));
    }
    let group = format!("item{}", free_group(document));
    let escaped: String = label
        .chars()
        .filter(|letter| !letter.is_control())
        .flat_map(|letter| matches!(letter, '\\' | ',' | ';').then_some('\\').into_iter().chain([letter]))
        .collect();
    // Behind one another: the label is put first and so ends up second.
    document.insert_after(place, &format!("{group}.X-ABLabel:{escaped}"))
        && document.insert_after(place, &format!("{group}.{name}:{value}"))
}

/// The first number that no `itemN` of the card has.
fn free_group(document: &Document) -> usize {
    let groups = document.properties().filter_map(|(_, line)| line.group.as_deref());
    let number = |group: &str| {
        let (item, digits) = group.split_at_checked(4)?;
        item.eq_ignore_ascii_case("item").then(|| digits.parse::<usize>().ok()).flatten()
    };
    groups.filter_map(number).max().unwrap_or(0).saturating_add(1)
}

#[cfg(test)]
#[path = "entry_tests.rs"]
mod tests;
