//! The operation's trails: what operators did, what became of the configuration.

use super::Env;
use crate::{
    domain::id::AuditId,
    store::{Commit, Effect, StoreError, Trail, TrailLine},
};

/// So much of what it was done to is kept.
const SUBJECT_MOST: usize = 500;

/// Somebody on the operation's side.
#[derive(Clone, Copy, Debug)]
pub struct Doer<'a> {
    /// The operator; empty where nobody is known, or it was no person.
    pub name: &'a str,
    /// From where: a network address, a process's name, `cli`.
    pub origin: &'a str,
}

/// Writes what is done, and to what, at the end of a trail.
///
/// # Errors
/// The store could not write it.
pub async fn write(env: &Env, trail: Trail, doer: Doer<'_>, what: &str, subject: &str) -> Result<(), StoreError> {
    let at = env.store.now().await?;
    let line = TrailLine {
        trail,
        id: AuditId::fresh(at, &*env.random),
        at,
        by: doer.name.into(),
        origin: doer.origin.into(),
        what: what.into(),
        subject: subject.chars().take(SUBJECT_MOST).collect::<String>().into(),
    };
    env.store.commit(Commit { effects: vec![Effect::Trailed(line)], ..Commit::default() }).await.map(|_| ())
}
