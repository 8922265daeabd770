//! Opt-outs follow the person and not the number (rule Q9): who stopped messages at the old number has stopped them at
//! the new one; the new holder of a number inherits neither consent nor refusal.

use super::{address::Address, id::OwnerId};
use crate::clock::Time;

/// An owner who has, or had, a number that somebody believes to be theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenure {
    /// Who.
    pub owner: OwnerId,
    /// Since when.
    pub from: Time,
    /// Until when; `None`: now.
    pub until: Option<Time>,
}

/// Somebody wanted no more messages at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Where.
    pub address: Address,
    /// When.
    pub at: Time,
    /// Everybody who holds or held the address.
    pub tenures: Vec<Tenure>,
}

/// Whether this person said it.
///
/// That is who held the address at the time. Where nobody did, as far as is known, it is both who left it last before
/// (people keep an old number for a while) and who held it first after (people register after they have said it): one
/// message too few is better than one to somebody who has refused.
pub fn is_of(person: OwnerId, said: &Said) -> bool {
    let holds = |one: &&Tenure| one.from <= said.at && one.until.is_none_or(|until| said.at < until);
    let mut holding = said.tenures.iter().filter(holds).peekable();
    if holding.peek().is_some() {
        return holding.any(|one| one.owner == person);
    }
    let before = said.tenures.iter().filter(|one| one.until.is_some_and(|until| until <= said.at));
    let after = said.tenures.iter().filter(|one| one.from > said.at);
    let (left, came) = (before.max_by_key(|one| one.until), after.min_by_key(|one| one.from));
    left.into_iter().chain(came).any(|one| one.owner == person)
}

/// Whether messages to `address` are stopped by any of these, where `person` is behind the address now; `None`: nobody
/// knows who is. What was said at one of a person's numbers holds at all of them, and the same with e-mail addresses;
/// a number stopped is no e-mail stopped.
pub fn stopped<'a>(said: impl IntoIterator<Item = &'a Said>, address: &Address, person: Option<OwnerId>) -> bool {
    said.into_iter().any(|said| match person {
        Some(person) => said.address.kind() == address.kind() && is_of(person, said),
        None => said.address.key() == address.key(),
    })
}

/// For whom a word that ends messages counts, as it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Messages about this owner.
    About(OwnerId),
    /// All of them.
    All,
    /// Nothing more: all had ended before.
    AllBefore,
}

/// Whose an opt-out is (rule N6): of the owner about whom the account last told that address. A second one means it, and
/// ends all; so does one that says so (`all`), and one of somebody who was told of nobody. `before` are the owners whom
/// that address refused already, `None`: everybody.
pub fn scope(before: &[Option<OwnerId>], all: bool, about: Option<OwnerId>) -> Ends {
    if before.contains(&None) {
        return Ends::AllBefore;
    }
    about.filter(|owner| !all && !before.contains(&Some(*owner))).map_or(Ends::All, Ends::About)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n6_whose_an_opt_out_is() {
        for (rule, before, all, about, expected) in [
            ("the owner about whom they were told", &[][..], false, Some(ANN), Ends::About(ANN)),
            ("said of another owner before", &[Some(BOB)], false, Some(ANN), Ends::About(ANN)),
            ("a second one means it", &[Some(ANN)], false, Some(ANN), Ends::All),
            ("all, in so many words", &[], true, Some(ANN), Ends::All),
            ("never told of anybody", &[], false, None, Ends::All),
            ("never told by this account, and refused one before", &[Some(ANN)], false, None, Ends::All),
            ("all had ended before", &[Some(ANN), None], false, Some(BOB), Ends::AllBefore),
            ("all had ended before, and again", &[None], true, None, Ends::AllBefore),
        ] {
            assert_eq!(scope(before, all, about), expected, "{rule}");
        }
    }

    const ANN: OwnerId = OwnerId(1);
    const BOB: OwnerId = OwnerId(2);
    const OLD: &str = "+14155550101";
    const NEW: &str = "+14155550102";

    fn tenure(owner: OwnerId, from: i64, until: Option<i64>) -> Tenure {
        Tenure { owner, from: Time(from), until: until.map(Time) }
    }

    fn said(key: &str, at: i64, tenures: &[Tenure]) -> Said {
        Said { address: Address::stored(key, key), at: Time(at), tenures: tenures.to_vec() }
    }

    #[test]
    fn q9_an_opt_out_is_of_who_held_the_number_when_it_was_said() {
        let ann = tenure(ANN, 10, Some(20));
        let bob = tenure(BOB, 30, None);
        for (rule, at, tenures, anns, bobs) in [
            ("while Ann had it", 15, &[ann, bob][..], true, false),
            ("at the moment when she got it", 10, &[ann, bob], true, false),
            ("while Bob has it", 35, &[ann, bob], false, true),
            ("between: perhaps Ann with the old card, perhaps Bob before he registered", 25, &[ann, bob], true, true),
            ("at the moment when she left it", 20, &[ann, bob], true, true),
            ("before anybody is known to have had it: Ann, who came first", 5, &[ann, bob], true, false),
            ("after Ann, and nobody came since", 25, &[ann], true, false),
            (
                "twice Ann's: the stint in between is Bob's",
                35,
                &[ann, tenure(BOB, 30, Some(40)), tenure(ANN, 50, None)],
                false,
                true,
            ),
            ("of nobody known", 15, &[], false, false),
        ] {
            let said = said(OLD, at, tenures);
            assert_eq!((is_of(ANN, &said), is_of(BOB, &said)), (anns, bobs), "{rule}");
        }
    }

    #[test]
    fn q9_opt_outs_follow_the_person() {
        let of_ann = [tenure(ANN, 10, Some(20))];
        let old_then_bobs = [tenure(ANN, 10, Some(20)), tenure(BOB, 30, None)];
        for (rule, said, address, person, expected) in [
            ("stopped at the old number, so at the new one", said(OLD, 15, &of_ann), NEW, Some(ANN), true),
            ("and at the old one itself", said(OLD, 15, &of_ann), OLD, Some(ANN), true),
            ("the new holder does not inherit the refusal", said(OLD, 15, &old_then_bobs), OLD, Some(BOB), false),
            (
                "nor does what the new holder says count for the old one",
                said(OLD, 35, &old_then_bobs),
                NEW,
                Some(ANN),
                false,
            ),
            ("the new holder's own word", said(OLD, 35, &old_then_bobs), OLD, Some(BOB), true),
            ("somebody unknown: the number itself", said(OLD, 15, &of_ann), OLD, None, true),
            ("and no other number", said(OLD, 15, &of_ann), NEW, None, false),
            ("a number stopped is no e-mail stopped", said(OLD, 15, &of_ann), "ann@example.com", Some(ANN), false),
        ] {
            assert_eq!(stopped([&said], &Address::stored(address, address), person), expected, "{rule}");
        }
    }
}
