//! One commit: what it expects, what was answered, and its effects one after the other.

use super::{
    access, asleep, books, chains, contacts, devices, erasure, exchange, folded, keys, letters, linking, memory,
    notices, numbers, outbox, owners, passed, returns, substitutions, trails, watch, writer::Tx,
};
use crate::{
    clock::Time,
    domain::{
        id::OwnerId,
        owner::{Book, Contact, Group, Owner},
    },
    store::{Audit, Commit, Effect, OfErasure, Result},
};

/// Whether a commit is a single statement, which undoes itself where it is refused, as what came before and an attempt
/// beside another one now and then are.
pub(super) fn is_one_statement(commit: &Commit) -> bool {
    matches!(*commit.effects, [Effect::Substituted(_) | Effect::AttemptBegun { .. } | Effect::Memory(_)])
        && commit.expect.is_empty()
        && commit.once.is_none()
}

/// Writes a commit; after the first error the writer undoes all of it.
pub(super) fn commit(tx: &Tx<'_>, commit: &Commit) -> Result<Time> {
    // A repeat meets its first answer even though that raised the versions.
    if let Some(once) = &commit.once {
        keys::answer_once(tx, once)?;
    }
    for &(owner, version) in &commit.expect {
        folded::unfold(tx, owner)?;
        owners::expect(tx, owner, version)?;
    }
    let mut last = None;
    for effect in &commit.effects {
        let owner = changed(effect);
        if let Some(owner) = owner.filter(|_| owner != last) {
            folded::unfold(tx, owner)?;
        }
        last = owner;
        apply(tx, effect)?;
    }
    Ok(tx.now)
}

/// The owner of whom something changes that a folded one's row stands for.
fn changed(effect: &Effect) -> Option<OwnerId> {
    match effect {
        Effect::OwnerAdded(Owner { id: owner, .. })
        | Effect::OwnerSet { id: owner, .. }
        | Effect::ZoneSet(owner, _)
        | Effect::NamesSet(owner, _)
        | Effect::PointSet(owner, _)
        | Effect::ValueHeld(owner, ..)
        | Effect::ValueLeft(owner, ..)
        | Effect::ValueProved { owner, .. }
        | Effect::BookSet(Book { owner, .. })
        | Effect::BookRemoved(owner, _)
        | Effect::GroupSet(Group { owner, .. })
        | Effect::GroupRemoved(owner, _)
        | Effect::ContactSet(Contact { owner, .. })
        | Effect::MemberAdded(owner, _)
        | Effect::MemberRemoved(owner, _)
        | Effect::Blocked(owner, _)
        | Effect::OfErasure(OfErasure::Owner { owner, .. })
        | Effect::Audited(Audit { owner, .. }) => Some(*owner),
        _ => None,
    }
}

/// One effect on owners who stand in full.
pub(super) fn apply(tx: &Tx<'_>, effect: &Effect) -> Result<()> {
    match effect {
        Effect::OwnerAdded(owner) => owners::add(tx, owner),
        Effect::OwnersImported(moved) => folded::add(tx, moved),
        Effect::OwnerSet { id, language, profile, claimed, silenced, revision } => {
            erasure::note_panic(tx, *id, *silenced)?;
            owners::set(tx, *id, language, profile, (*claimed, *silenced), *revision)
        }
        Effect::ZoneSet(owner, zone) => owners::set_zone(tx, *owner, zone.as_deref()),
        Effect::NamesSet(owner, names) => owners::set_names(tx, *owner, names),
        Effect::PointSet(owner, point) => numbers::set_point(tx, *owner, point),
        Effect::ValueHeld(owner, point, held) => numbers::hold(tx, *owner, *point, held),
        Effect::ValueLeft(owner, point, at) => numbers::leave(tx, *owner, *point, *at),
        Effect::ValueProved { owner, point, key, proof, at } => numbers::prove(tx, (*owner, *point), key, proof, *at),
        Effect::Changed(change) => owners::add_change(tx, change),
        Effect::RequestSet(request) => owners::set_request(tx, request),
        Effect::BookSet(book) => books::set_book(tx, book),
        Effect::BookRemoved(owner, book) => books::remove_book(tx, *owner, *book),
        Effect::GroupSet(group) => books::set_group(tx, group),
        Effect::GroupRemoved(owner, group) => books::remove_group(tx, *owner, *group),
        Effect::ContactSet(contact) => contacts::set(tx, contact),
        Effect::ContactRemoved(owner, contact) => contacts::remove(tx, *owner, *contact),
        Effect::MemberAdded(owner, membership) => books::add_member(tx, *owner, *membership),
        Effect::MemberRemoved(owner, membership) => books::remove_member(tx, *owner, *membership),
        Effect::Blocked(owner, identity) => books::block(tx, *owner, identity),
        Effect::Unblocked(owner, identity) => books::unblock(tx, *owner, identity),
        Effect::FellAsleep(asleep) => asleep::fall(tx, asleep),
        Effect::Awoke { owner, key } => asleep::wake(tx, *owner, key),
        Effect::FanoutDue(fanout) => outbox::add_fanout(tx, fanout),
        Effect::FanoutMoved(id, cursor) => outbox::move_fanout(tx, *id, *cursor),
        Effect::LinkingDue { owner, at } => linking::due(tx, *owner, *at),
        Effect::LinkingMoved { owner, seen, cursor } => linking::moved(tx, *owner, *seen, *cursor),
        Effect::NoticeDue(notice) => notices::due(tx, notice),
        Effect::NoticeSet { id, fence, seen, state, due, attempts, reason } => {
            notices::settle(tx, (*id, *fence, *seen), *state, *due, *attempts, reason)
        }
        Effect::NoticeMarked { id, from, state, reason } => notices::mark(tx, *id, (*from, *state), reason),
        Effect::AttemptBegun { attempt, fence } => notices::begin_attempt(tx, attempt, *fence),
        Effect::AttemptEnded { notice, number, outcome, foreign_id, detail } => {
            notices::end_attempt(tx, (*notice, *number), *outcome, foreign_id.as_deref(), detail)
        }
        Effect::ShownTo(shown) => outbox::show(tx, shown),
        Effect::Substituted(substitution) => substitutions::add(tx, substitution),
        Effect::SubstitutionNamed(id, foreign_id) => substitutions::name(tx, *id, foreign_id),
        Effect::Passing(passing) => passed::write(tx, passing),
        Effect::Memory(memory) => memory::write(tx, memory),
        Effect::Queried(records) => owners::add_queries(tx, records),
        Effect::KeySet(key) => keys::set(tx, key),
        Effect::OptedOut(opt_out) => outbox::opt_out(tx, opt_out),
        Effect::OptedIn { key, owner } => outbox::opt_in(tx, key, *owner),
        Effect::Returned(returned) => returns::write(tx, returned),
        Effect::Posted(posted) => letters::write(tx, posted),
        Effect::Admitted(admitted) => access::write(tx, admitted),
        Effect::OfDevice(said) => devices::write(tx, said),
        Effect::Exchanged(said) => exchange::write(tx, said),
        Effect::Audited(audit) => chains::add(tx, audit),
        Effect::OfErasure(said) => erasure::write(tx, said),
        Effect::Figured(figures) => watch::figured(tx, figures),
        Effect::Trailed(line) => trails::add(tx, line),
    }
}
