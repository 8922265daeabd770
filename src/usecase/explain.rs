//! Why something came out as it did: for `redial explain ID`, operators' keys and the console (rule Q10).

mod found;

pub use found::{Found, Try, found};

use super::{Env, write::Refused};
use crate::{
    domain::{
        id::{NoticeId, PassedId, QueryId, SubstitutionId},
        notice::{Attempt, Notice},
        query::Reason,
    },
    store::{Fate, Passed, QueryRecord, Substitution},
};

/// What is known of one id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explained {
    /// A query that met an owner, and the communication that went elsewhere because of it.
    Query(QueryRecord, Option<Substitution>),
    /// A query that met nobody: no owner's former address was involved, or its name alone did not decide. It was only
    /// counted.
    Unrecorded(QueryId),
    /// A communication that went elsewhere, and the query that decided it.
    Substitution(Substitution, Option<QueryRecord>),
    /// A message of a sender that went on unchanged, and what was sent once more in its place.
    Passed(Passed, Option<Substitution>),
    /// A notice and its attempts.
    Notice(Notice, Vec<Attempt>),
}

/// An id that a provider gave is not longer.
const FOREIGN_MOST: usize = 512;

/// What is known of `qry_…`, `sub_…`, `psd_…` or `ntc_…`; or of a message or call by the id that the provider of one of these
/// accounts gave it.
pub async fn explain(env: &Env, id: &str, accounts: &[Box<str>]) -> Result<Explained, Refused> {
    let store = &env.store;
    // A query that was just answered may still wait to be written.
    env.records.flush().await;
    if let Ok(id) = id.parse::<QueryId>() {
        return Ok(match store.query(id).await? {
            Some(record) => Explained::Query(record, store.substitution_of(id).await?),
            None => Explained::Unrecorded(id),
        });
    }
    if let Ok(id) = id.parse::<SubstitutionId>() {
        let found = store.substitution(id).await?.ok_or(Refused::NotFound("substitution"))?;
        let query = store.query(found.query).await?;
        return Ok(Explained::Substitution(found, query));
    }
    if let Ok(id) = id.parse::<PassedId>() {
        return passed(env, store.passed(id).await?.ok_or(Refused::NotFound("message"))?).await;
    }
    if let Ok(id) = id.parse::<NoticeId>() {
        let found = store.notice(id).await?.ok_or(Refused::NotFound("notice"))?;
        let attempts = store.attempts(id).await?;
        return Ok(Explained::Notice(found, attempts));
    }
    if id.len() <= FOREIGN_MOST {
        for account in accounts {
            if let Some(found) = by_foreign_id(env, account, id).await? {
                return Ok(found);
            }
        }
    }
    let wanted = "an id of a query (qry_…), a substitution (sub_…), a message that went on unchanged (psd_…) or a notice \
                  (ntc_…) is needed, or that of a message or call at a provider of yours; nothing is known of this one";
    Err(Refused::invalid("/id", wanted))
}

async fn by_foreign_id(env: &Env, account: &str, id: &str) -> Result<Option<Explained>, Refused> {
    let (store, ids) = (&env.store, [id.into()]);
    if let Some(found) = store.substitutions_named(account, &ids).await?.pop() {
        let query = store.query(found.query).await?;
        return Ok(Some(Explained::Substitution(found, query)));
    }
    if let Some(found) = store.passed_named(account, &ids).await?.pop() {
        return Ok(Some(passed(env, found).await?));
    }
    let Some(attempt) = store.attempt_by_foreign_id(account, id).await? else { return Ok(None) };
    let Some(found) = store.notice(attempt.notice).await? else { return Ok(None) };
    let attempts = store.attempts(found.id).await?;
    Ok(Some(Explained::Notice(found, attempts)))
}

async fn passed(env: &Env, found: Passed) -> Result<Explained, Refused> {
    let again = match &found.fate {
        Fate::SentAgain(by) => env.store.substitution(*by).await?,
        Fate::Waiting | Fate::Left(_) => None,
    };
    Ok(Explained::Passed(found, again))
}

/// What became of a message that went on unchanged, for a person.
pub fn fate(fate: &Fate) -> String {
    match fate {
        Fate::Waiting => "It went on unchanged, and no report has said that its number is dead.".to_owned(),
        Fate::SentAgain(by) => {
            format!("A report said that its number is dead, and it was sent once more, to the new one: {by}.")
        }
        Fate::Left(why) => format!("A report said that its number is dead; it was not sent again: {why}."),
    }
}

/// The rule that decided, and a sentence for a person.
pub fn sentence(because: Reason) -> (&'static str, &'static str) {
    match because {
        Reason::StillHeld => {
            ("Q2", "It is still how to reach them: the name is the holder's, and the asker may see it.")
        }
        Reason::HeldNow => ("Q2", "Somebody holds it now, so nothing is redirected and nothing more is said."),
        Reason::NeverHeld => ("Q2", "No owner ever had it."),
        Reason::Namesake => ("Q2", "The name is not that of anybody who had it: a namesake or somebody else."),
        Reason::TwoFormerHolders => ("Q2", "Two owners of that name left it, so nobody can tell who is meant."),
        Reason::OutsideWindow => {
            ("Q3", "It was left too long ago, or somebody else has proved it since and no name was given.")
        }
        Reason::Panic => ("C7", "The owner has ended everything."),
        Reason::IdentityBound => ("Q8", "One-time codes, resets and bank alerts are not redirected."),
        Reason::OptedOut => ("Q9", "Messages from this sender were stopped at the old number."),
        Reason::NoValueNow => ("C11", "The point has no value now, or the owner removed it."),
        Reason::OwnCall => ("Q12", "The sender is the new number itself."),
        Reason::ForbiddenTarget => {
            ("Q12", "The new number is of a kind or in a country that the account does not allow.")
        }
        Reason::NotGranted => ("Q2", "The owner has not given the asker this right, or has blocked them."),
        Reason::Harvest => ("Q13", "The asker has learnt as many numbers that day as it may that were new to it."),
        Reason::Granted => ("Q5", "The owner's groups give the asker this right."),
    }
}
