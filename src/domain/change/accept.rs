//! What an accepted request does to an owner.

use super::{Impossible, LONGEST_LABEL, MOST_POINTS, PointWish, Snapshot, Wish, hold::Course};
use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind},
        id::PointId,
        owner::{Held, Owner, Point, Proof},
    },
};

/// One fact that an accepted request makes, in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A present value is present no more.
    Left(PointId, Address),
    /// A point is new, or its label or removal changed.
    Point(Point),
    /// A point has a new value.
    Held(PointId, Held),
    /// A present value is proved again.
    Proved(PointId, Held),
}

/// An accepted request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The owner as it then is: one revision more, unless nothing changed.
    pub after: Owner,
    /// How to get there.
    pub steps: Vec<Step>,
    /// Whether anything is another than before; a repeated proof alone makes no revision.
    pub changed: bool,
}

impl Accepted {
    /// Whether a value became former, by whatever way (rule C11).
    pub fn number_changed(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Left(..)))
    }

    /// Whether a value that was believed is lost by it, whatever comes in its place (rules C3, C11).
    pub fn takes_away(&self, before: &Owner) -> bool {
        let believed = |point, address: &Address| {
            let held = before.points.iter().filter(|one| one.id == point).filter_map(Point::current);
            held.into_iter().any(|held| held.proof != Proof::None && held.address.key() == address.key())
        };
        self.steps.iter().any(|step| matches!(step, Step::Left(point, address) if believed(*point, address)))
    }

    /// The same with what codes proved as old as the codes, and not as the end of the hold: the newest proof counts
    /// (rule C9). `introduced` are the values that needed one.
    #[must_use]
    pub fn proved_by(mut self, course: &Course, introduced: &[Address]) -> Self {
        let values = self.after.points.iter_mut().flat_map(|point| &mut point.values);
        let stepped = self.steps.iter_mut().filter_map(|step| match step {
            Step::Held(_, held) | Step::Proved(_, held) => Some(held),
            Step::Left(..) | Step::Point(_) => None,
        });
        for held in values.chain(stepped).filter(|held| held.until.is_none() && held.proof == Proof::Code) {
            let needed = introduced.iter().any(|address| address.key() == held.address.key());
            if let Some(at) = course.shown(held.address.key()).filter(|_| needed) {
                held.proved = at;
            }
        }
        self
    }

    /// What the audit trail says that was done (rule C6).
    pub fn word(&self, before: &Owner) -> &'static str {
        if self.number_changed() {
            "number_changed"
        } else if self.after.silenced != before.silenced {
            "panic_ended"
        } else if self.changed {
            "details_changed"
        } else if self.after.zone != before.zone {
            "zone_changed"
        } else if self.proved().next().is_some() {
            "value_proved"
        } else {
            // Rights or passkeys alone, which have lines of their own.
            "request_accepted"
        }
    }

    /// Whether it leaves a fan-out: not where nobody can see it. `granted`: a group's rights are others with it (rule C2).
    pub fn tells(&self, before: &Owner, granted: bool) -> bool {
        self.changed || granted || self.after.silenced != before.silenced
    }

    /// Values that the owner has now and had not before, or that were proved again.
    pub fn proved(&self) -> impl Iterator<Item = &Address> {
        self.steps.iter().filter_map(|step| match step {
            Step::Held(_, held) | Step::Proved(_, held) => Some(&held.address),
            Step::Left(..) | Step::Point(_) => None,
        })
    }
}

/// A point while wishes are applied to it.
struct Draft {
    id: PointId,
    kind: Kind,
    label: Box<str>,
    removed: bool,
    value: Option<Address>,
    /// The wish that gave it its value.
    wished: Option<usize>,
    /// A wish removed it; a restored revision does not count.
    dropped: bool,
    /// A wish put it under its label.
    placed: bool,
}

/// The values for which a wish needs a proof: those that no point of the owner has now and is believed to have, and those
/// given again.
pub fn introduced(owner: &Owner, wish: &Wish) -> Result<Vec<Address>, Impossible> {
    let accepted = accept(owner, wish, &Proof::None, Time::default())?;
    let had = |address: &Address| {
        let mut held = owner.points.iter().filter_map(Point::current).filter(|held| held.proof != Proof::None);
        held.any(|held| held.address.key() == address.key())
    };
    let moved = |step: &Step| match step {
        Step::Held(_, held) => (!had(&held.address)).then(|| held.address.clone()),
        Step::Proved(_, held) => Some(held.address.clone()),
        Step::Left(..) | Step::Point(_) => None,
    };
    Ok(accepted.steps.iter().filter_map(moved).collect())
}

/// Carries a wish out at `at`; values that are new get `proof`, values that only move to another point keep theirs.
///
/// The result is one revision (rule C6). A proof other than an import's or none claims the owner (rule C10).
pub fn accept(owner: &Owner, wish: &Wish, proof: &Proof, at: Time) -> Result<Accepted, Impossible> {
    let mut drafts: Vec<Draft> = owner.points.iter().map(draft).collect();
    if let Some(snapshot) = &wish.restore {
        restore(&mut drafts, snapshot);
    }
    for (number, point) in wish.points.iter().enumerate() {
        apply(&mut drafts, number, point)?;
    }
    continue_dropped(&mut drafts, owner.points.len());
    one_point_each(&drafts)?;
    Ok(finish(owner, wish, &drafts, proof, at))
}

fn draft(point: &Point) -> Draft {
    Draft {
        id: point.id,
        kind: point.kind,
        label: point.label.clone(),
        removed: point.removed.is_some(),
        value: point.current().map(|held| held.address.clone()),
        wished: None,
        dropped: false,
        placed: false,
    }
}

/// Points as they were: those that came later are removed, those that were removed are back.
fn restore(drafts: &mut [Draft], snapshot: &Snapshot) {
    for draft in drafts {
        let then = snapshot.points.iter().find(|point| point.id == draft.id);
        draft.removed = then.is_none();
        draft.value = then.and_then(|point| point.value.clone()).map(|(key, wire)| Address::stored(key, wire));
        if let Some(then) = then {
            draft.label.clone_from(&then.label);
        }
    }
}

fn apply(drafts: &mut Vec<Draft>, at: usize, wish: &PointWish) -> Result<(), Impossible> {
    match wish {
        PointWish::Add { id, label, address } => {
            check_label(label, at)?;
            if drafts.len() >= MOST_POINTS {
                return Err(Impossible::TooManyPoints { at });
            }
            drafts.push(Draft {
                id: *id,
                kind: address.kind(),
                label: label.clone(),
                removed: false,
                value: Some(address.clone()),
                wished: Some(at),
                dropped: false,
                placed: true,
            });
        }
        PointWish::Replace { point, address } => {
            let draft = present(drafts, *point, at)?;
            if draft.kind != address.kind() {
                return Err(Impossible::KindDiffers { at });
            }
            draft.value = Some(address.clone());
            draft.wished = Some(at);
        }
        PointWish::Remove { point } => {
            let draft = present(drafts, *point, at)?;
            draft.removed = true;
            draft.dropped = true;
            draft.value = None;
        }
        PointWish::Relabel { point, label } => {
            check_label(label, at)?;
            let draft = present(drafts, *point, at)?;
            draft.placed |= draft.label != *label;
            draft.label = label.clone();
        }
    }
    Ok(())
}

fn present(drafts: &mut [Draft], id: PointId, at: usize) -> Result<&mut Draft, Impossible> {
    drafts.iter_mut().find(|draft| draft.id == id && !draft.removed).ok_or(Impossible::UnknownPoint { at })
}

fn check_label(label: &str, at: usize) -> Result<(), Impossible> {
    let letters = label.chars().count();
    if label.trim().is_empty() || letters > LONGEST_LABEL || label.chars().any(char::is_control) {
        return Err(Impossible::BadLabel { at });
    }
    Ok(())
}

/// A point that a wish removed goes on where another wish put something of its kind under its label (rule C11). The
/// first `known` drafts are points that the owner had before.
fn continue_dropped(drafts: &mut Vec<Draft>, known: usize) {
    for gone in 0..known {
        if !drafts[gone].dropped {
            continue;
        }
        let same = |other: &Draft| {
            other.placed && !other.removed && other.kind == drafts[gone].kind && other.label == drafts[gone].label
        };
        let Some(heir) = drafts.iter().position(same) else { continue };
        drafts[gone].value = drafts[heir].value.take();
        drafts[gone].wished = drafts[heir].wished;
        drafts[gone].removed = false;
        if heir < known {
            drafts[heir].removed = true;
        } else {
            drafts.remove(heir);
        }
    }
}

fn one_point_each(drafts: &[Draft]) -> Result<(), Impossible> {
    for (number, draft) in drafts.iter().enumerate() {
        let Some(value) = &draft.value else { continue };
        let twin = |other: &&Draft| other.value.as_ref().is_some_and(|address| address.key() == value.key());
        if let Some(other) = drafts[..number].iter().find(twin) {
            return Err(Impossible::TwoPoints { at: draft.wished.or(other.wished) });
        }
    }
    Ok(())
}

/// Compares before and after. Values leave before others arrive, so that one can move between points.
fn finish(owner: &Owner, wish: &Wish, drafts: &[Draft], proof: &Proof, at: Time) -> Accepted {
    let mut after = owner.clone();
    let (mut left, mut placed, mut held) = (Vec::new(), Vec::new(), Vec::new());
    for (number, draft) in drafts.iter().enumerate() {
        if number >= after.points.len() {
            after.points.push(Point {
                id: draft.id,
                kind: draft.kind,
                label: draft.label.clone(),
                removed: None,
                values: Vec::new(),
            });
        }
        let point = &mut after.points[number];
        if let Some(gone) = leave(point, draft, proof, at) {
            if gone.proved == at && gone.proof != Proof::None {
                left.push(Step::Proved(draft.id, gone.clone()));
            }
            left.push(Step::Left(draft.id, gone.address));
        }
        let removed = draft.removed.then(|| point.removed.unwrap_or(at));
        let differs = number >= owner.points.len() || removed != point.removed || draft.label != point.label;
        point.removed = removed;
        point.label = draft.label.clone();
        if differs {
            placed.push(Step::Point(point.clone()));
        }
        held.extend(arrive(owner, point, draft, proof, at));
    }
    after.language = wish.language.clone().unwrap_or(after.language);
    if let Some(snapshot) = &wish.restore {
        after.profile = snapshot.profile.clone();
        if wish.language.is_none() {
            after.language = snapshot.language.clone();
        }
    }
    after.profile = wish.profile.clone().unwrap_or(after.profile);
    if let Some(zone) = &wish.zone {
        after.zone = Some(zone.clone()).filter(|zone| !zone.is_empty());
    }
    let new = held.iter().any(|step| matches!(step, Step::Held(..)));
    let changed = new
        || !left.is_empty()
        || !placed.is_empty()
        || after.profile != owner.profile
        || after.language != owner.language;
    after.revision += u64::from(changed);
    after.claimed |= !held.is_empty() && matches!(proof, Proof::Code | Proof::Vouched(_));
    let steps = left.into_iter().chain(placed).chain(held).collect();
    Accepted { after, steps, changed }
}

/// Ends the present value of `point` unless the draft keeps it.
///
/// Whoever vouches for a change vouches that the owner had the number until now, so the windows of rule Q3 count from
/// here. A code that came from the new value says nothing of the old one.
fn leave(point: &mut Point, draft: &Draft, proof: &Proof, at: Time) -> Option<Held> {
    let present = point.values.iter_mut().find(|held| held.until.is_none())?;
    let kept = draft.value.as_ref().is_some_and(|value| value.key() == present.address.key());
    if kept {
        return None;
    }
    if matches!(proof, Proof::Vouched(_)) && present.proof != Proof::None {
        present.proved = at.max(present.proved);
    }
    present.until = Some(at.max(present.from));
    Some(present.clone())
}

/// Gives `point` the draft's value, or proves again the one that it has where a wish names it.
fn arrive(owner: &Owner, point: &mut Point, draft: &Draft, proof: &Proof, at: Time) -> Option<Step> {
    let value = draft.value.as_ref()?;
    if let Some(present) = point.values.iter_mut().find(|held| held.until.is_none()) {
        draft.wished?;
        if *proof != Proof::None {
            present.proof = proof.clone();
            present.proved = at.max(present.proved);
        }
        return Some(Step::Proved(point.id, present.clone()));
    }
    let mut elsewhere = owner.points.iter().filter_map(Point::current).filter(|held| held.proof != Proof::None);
    // A code proves the address that it was sent to, and none that only comes along; who vouches names each value.
    let keeps = draft.wished.is_none() || matches!(proof, Proof::None | Proof::Code);
    let (proof, proved) = match elsewhere.find(|held| keeps && held.address.key() == value.key()) {
        Some(held) => (held.proof.clone(), held.proved),
        None => (proof.clone(), at),
    };
    let held = Held { address: value.clone(), from: at, until: None, proof, proved };
    point.values.push(held.clone());
    Some(Step::Held(point.id, held))
}
