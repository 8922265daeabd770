//! What delivering a notice begins with, read for many at once.

use super::{Audience, Receipt};
use crate::domain::{
    notice::{Attempt, Recipient, Shown},
    owner::Contact,
};

/// What is known of a notice that is about to leave. All of it is of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaving {
    /// Its attempts, as [`super::Outbox::attempts`] has them.
    pub attempts: Vec<Attempt>,
    /// Why its recipient is one, as [`super::Books::audience_of`] has it.
    pub audience: Option<(Audience, Vec<Contact>)>,
    /// What its recipient was last shown.
    pub shown: Option<Shown>,
    /// Others who were told about the owner, or may have been, at an address of those contacts, by its key; at most 16 for
    /// each address.
    pub told: Vec<(Box<str>, Recipient)>,
    /// Keys of those contacts' addresses of which nothing else is known: nobody holds or held them, no rights through
    /// them sleep at this owner, and it was not said that they are dead, take no messages or are to be told in a certain way.
    pub plain: Vec<Box<str>>,
}

/// The last attempt of a notice, and the reports that bear its provider's id.
pub type Reports = (Attempt, Vec<Receipt>);
