//! The number index: who holds or held an address, and what one viewer may know of it.

use super::Result;
use crate::domain::{
    group::Viewer,
    name::NameKey,
    query::{Facts, Holder},
};
use async_trait::async_trait;

/// The number index (rules Q1 to Q3).
#[async_trait]
pub trait Numbers: Send + Sync {
    /// Whether the key may be a former number. Memory only; never wrong when false.
    fn may_be_former(&self, key: &str) -> bool;

    /// Everything about one address for one viewer, holders in the order of their ids, points and values.
    ///
    /// An address among the viewer's identities also stands for the owner whose believed present value it is, since
    /// a linked contact is in the audience by its owner alone. Rights come from the proved identities; a claimed one
    /// adds only to `forward`, and `groups` are those that gave either. The audience `everyone` is part of every viewer.
    /// An address through which rights sleep at an owner gives none there (rule C8).
    /// A block on any identity, proved or claimed, leaves no rights. Book names are those of the books of the viewer's
    /// owners, claimed ones included (rule Q2). Opt-outs are those at any number that a holder has or had, in the order
    /// of the numbers, where they are from everybody or from one of the viewer's owners. `proved_by_another`: another owner's value of this key was proved by a code or vouched for
    /// since this one left it.
    async fn facts(&self, key: &str, viewer: &Viewer) -> Result<Facts>;

    /// For a name alone: owners who bear it and have put one of these identities, by identity and not by `everyone`,
    /// into a group. Each comes as a holder of its present believed values, one for each. Only proved identities count.
    async fn facts_by_name(&self, name: &NameKey, viewer: &Viewer) -> Result<Vec<Holder>>;

    /// Who holds or held each of these keys; for imports, in one read. `rights` and `groups` are those of everyone.
    async fn holders(&self, keys: &[Box<str>]) -> Result<Vec<(Box<str>, Holder)>>;
}
