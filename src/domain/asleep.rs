//! Rights that a contact has through an address sleep when somebody else proves that address, or a report says that it is
//! dead, until the book's owner confirms (rule C8): who gets a number next does not get the rights of who left it.

use super::{
    address::Address,
    id::OwnerId,
    name::NameKey,
    owner::{Contact, Proof},
};
use crate::clock::Time;

/// Why rights sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Somebody else has proved the address.
    Proved,
    /// A report says that it is dead.
    Dead,
}

/// An address through which nobody has rights at one owner, until that owner confirms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asleep {
    /// Whose rights are not given.
    pub owner: OwnerId,
    /// The address.
    pub address: Address,
    /// Since when.
    pub since: Time,
    /// Why.
    pub cause: Cause,
}

/// Something that happened to an address.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// This owner, who bears these names, has proved it.
    Proved {
        /// Who.
        by: OwnerId,
        /// Their name keys.
        names: &'a [NameKey],
        /// Whether somebody else had it: then a name, which everybody may take, does not tell the two from one another.
        recycled: bool,
    },
    /// A report says that it is dead.
    Dead,
}

/// Whether what this contact has through the address sleeps now.
///
/// A linked contact has nothing through an address: its rights are those of the owner whom it is linked to. A contact who
/// bears the name of whoever proved the address first is that person, and about to be linked.
pub fn falls_asleep(contact: &Contact, event: Event<'_>) -> bool {
    if contact.linked.is_some() {
        return false;
    }
    match event {
        Event::Dead => true,
        Event::Proved { by, names, recycled } => {
            by != contact.owner && (recycled || !contact.names.iter().any(|name| names.contains(name)))
        }
    }
}

/// Whether a value with this proof, which the same owner had with the proof `before`, is somebody's news: not where it was
/// theirs by a proof already, and an import proves nothing.
pub fn is_news(before: Option<&Proof>, proof: &Proof) -> bool {
    let shown = |proof: &Proof| matches!(proof, Proof::Code | Proof::Vouched(_));
    shown(proof) && !before.is_some_and(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        id::{AppId, BookId, ContactId},
        name,
    };

    const ANN: OwnerId = OwnerId(1);
    const BOB: OwnerId = OwnerId(2);
    const CARL: OwnerId = OwnerId(3);

    fn keys(name: &str) -> Vec<NameKey> {
        name::key(name).into_iter().collect()
    }

    #[test]
    fn c8_rights_through_an_address_sleep() {
        let (bobs, carls) = (keys("Bob Ray"), keys("Carl Dee"));
        let by = |by, names, recycled| Event::Proved { by, names, recycled };
        let (by_bob, by_carl, again) = (by(BOB, &bobs, false), by(CARL, &carls, false), by(CARL, &carls, true));
        for (rule, linked, event, asleep) in [
            ("somebody else has proved the contact's number", None, by_bob, true),
            ("the contact has proved it: they are linked next, and have the rights themselves", None, by_carl, false),
            ("somebody of that name has proved it who is not the first to have it", None, again, true),
            ("the book's owner has proved it", None, by(ANN, &[], true), false),
            ("a report says that it is dead", None, Event::Dead, true),
            ("rights follow the owner whom the contact is linked to", Some(CARL), by_bob, false),
            ("whatever who has the number next is called", Some(ANN), again, false),
            ("and do not die with a number", Some(CARL), Event::Dead, false),
        ] {
            let contact = Contact {
                id: ContactId(1),
                book: BookId(1),
                owner: ANN,
                uid: "".into(),
                version: 1,
                card: Vec::new(),
                name: "Carl Dee".into(),
                names: carls.clone(),
                addresses: Vec::new(),
                linked,
                language: None,
            };
            assert_eq!(falls_asleep(&contact, event), asleep, "{rule}");
        }
    }

    #[test]
    fn c8_a_proof_is_news_once() {
        let vouched = Proof::Vouched(AppId(1));
        for (rule, before, proof, news) in [
            ("a new number, by a code", None, &Proof::Code, true),
            ("by the word of a key", None, &vouched, true),
            ("it was only claimed before", Some(&Proof::None), &Proof::Code, true),
            ("it was only imported before", Some(&Proof::Imported("hr".into())), &Proof::Code, true),
            ("it was theirs already: a repeated proof", Some(&vouched), &Proof::Code, false),
            ("an import proves nothing", None, &Proof::Imported("hr".into()), false),
            ("nor does a claim", None, &Proof::None, false),
        ] {
            assert_eq!(is_news(before, proof), news, "{rule}");
        }
    }
}
