//! A message from a person to one of the operator's accounts: STOP, START, HELP, refusals in their own words (rule N6).
//!
//! An opt-out counts across all providers. It is for the owner about whom the account last told that address; a second
//! one, or STOP ALL, is for everybody. Each message counts once (rule W1), and each kind of answer goes to an address
//! once a day at most, so that two machines do not talk to each other for ever.

use super::{
    Env, keep,
    letters::{self, What},
    write::Refused,
};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        id::OwnerId,
        notice::Recipient,
        opt_out::{self, Ends},
        opt_word::{self, Wish},
    },
    store::{Commit, Effect, OptOut, Returned, StoreError},
    template::{Answer, Letterhead},
};
use std::time::Duration;

/// One kind of answer goes to an address once in this time.
const ONCE_IN: Duration = Duration::from_hours(24);
/// An answer that is so late surprises more than it helps.
const ANSWER_LIFE: Duration = Duration::from_hours(1);

/// A message from a person, verified.
#[derive(Clone, Copy)]
pub struct Heard<'a> {
    /// The account, by its name in the configuration.
    pub account: &'a str,
    /// The provider's id of the message.
    pub id: &'a str,
    /// The person.
    pub from: &'a Address,
    /// The text.
    pub text: &'a str,
    /// What the provider itself made of it; it wins, and the provider has answered then.
    pub hint: Option<Wish>,
    /// Whether the signature covers the text: else nobody is written to again because of it.
    pub covered: bool,
}

impl std::fmt::Debug for Heard<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Heard").field("account", &self.account).field("from", self.from).finish_non_exhaustive()
    }
}

/// What is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// No more about this owner, or about anybody.
    Stopped(Option<OwnerId>),
    /// Messages again.
    Started,
    /// Who writes, and how to end it.
    Help,
}

/// Takes a message; what is to be answered to it, if anything. The answer is a letter in the very commit of what it answers,
/// so that after a crash there are both or none of them.
///
/// # Errors
/// The store could not be reached: nothing of it counts, and the provider comes again.
pub async fn take(env: &Env, heard: &Heard<'_>) -> Result<Option<Due>, StoreError> {
    let now = env.store.now().await?;
    let key: Box<str> = heard.from.key().into();
    let wish = heard.hint.or_else(|| opt_word::read(heard.text));
    let once = Returned::Heard { account: heard.account.into(), foreign_id: heard.id.into(), at: now };
    if let Some(digits) = keep::word(heard.text) {
        kept(env, heard, &digits, Effect::Returned(once)).await?;
        return Ok(None);
    }
    let mut effects = vec![Effect::Returned(once)];
    if heard.covered && !env.store.unreachable(std::slice::from_ref(&key)).await?.is_empty() {
        // Whoever writes is there.
        effects.push(Effect::Returned(Returned::Reachable(key.clone())));
    }
    let due = match wish {
        Some(Wish::Stop | Wish::StopAll) => match scope(env, heard, wish == Some(Wish::StopAll)).await? {
            Ends::AllBefore => None,
            ends => {
                let owner = if let Ends::About(owner) = ends { Some(owner) } else { None };
                let way = format!("inbound:{}", heard.account).into();
                effects.push(Effect::OptedOut(OptOut { address: heard.from.clone(), owner, at: now, way }));
                Some(Due::Stopped(owner))
            }
        },
        Some(Wish::Start) if heard.covered => {
            effects.push(Effect::OptedIn { key: key.clone(), owner: None });
            Some(Due::Started)
        }
        Some(Wish::Help) => Some(Due::Help),
        Some(Wish::Start) | None => None,
    };
    // The provider has answered what it read itself.
    let due = match due.filter(|_| heard.hint.is_none()) {
        Some(due) => answerable(env, due, &key, now).await?,
        None => None,
    };
    if let Some(due) = due {
        effects.push(Effect::Returned(Returned::Confirmed { key: kind(due, &key), at: now }));
        effects.push(letter(env, heard, due, now).await?);
    }
    match env.store.commit(Commit { effects, ..Commit::default() }).await {
        Ok(_) => Ok(due),
        Err(StoreError::Repeated) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The word and code against a held change (rule C3); the answer to it is a letter. A wrong code gets none: a machine may be
/// guessing.
async fn kept(env: &Env, heard: &Heard<'_>, digits: &str, once: Effect) -> Result<(), StoreError> {
    match keep::by_word(env, heard.from, digits, once).await {
        Ok(_) | Err(Refused::Store(StoreError::Repeated)) => Ok(()),
        Err(Refused::Store(error)) => Err(error),
        Err(refused) => {
            tracing::warn!(account = heard.account, %refused, "a word against a held change does not count");
            Ok(())
        }
    }
}

/// For whom an opt-out counts.
async fn scope(env: &Env, heard: &Heard<'_>, all: bool) -> Result<Ends, StoreError> {
    let key = heard.from.key();
    let before: Vec<_> = env.store.opt_outs(&[key.into()]).await?.into_iter().map(|out| out.owner).collect();
    let about = env.store.last_attempt_to(heard.account, key).await?.map(|attempt| attempt.owner);
    Ok(opt_out::scope(&before, all, about))
}

async fn answerable(env: &Env, due: Due, key: &str, now: Time) -> Result<Option<Due>, StoreError> {
    let last = env.store.confirmed(&kind(due, key)).await?;
    Ok(Some(due).filter(|_| last.is_none_or(|last| now >= last.after(ONCE_IN))))
}

/// Under what an answer is noted: each kind by itself, and everything apart from one owner.
fn kind(due: Due, key: &str) -> Box<str> {
    let kind = match due {
        Due::Stopped(Some(_)) => "stopped",
        Due::Stopped(None) => "stopped all",
        Due::Started => "started",
        Due::Help => "help",
    };
    format!("{kind} {key}").into()
}

/// The language of whoever this account last told at an address, where it is known.
async fn language_of(env: &Env, account: &str, to: &Address) -> Result<Option<Box<str>>, StoreError> {
    let Some(last) = env.store.last_attempt_to(account, to.key()).await? else { return Ok(None) };
    let Some(notice) = env.store.notice(last.notice).await? else { return Ok(None) };
    let own = match notice.recipient {
        Recipient::Owner(id) => env.store.owner(id).await?.map(|owner| owner.language),
        Recipient::Contact(id) => env.store.contact(notice.owner, id).await?.and_then(|contact| contact.language),
    };
    // As the notice was written.
    Ok(match own {
        Some(language) => Some(language),
        None => env.store.owner(notice.owner).await?.map(|owner| owner.language),
    })
}

/// The answer, by the account that the message came to, in the language of the word or else of the reader.
async fn letter(env: &Env, heard: &Heard<'_>, due: Due, now: Time) -> Result<Effect, StoreError> {
    let known = match opt_word::language(heard.text) {
        Some(language) => Some(language.into()),
        None => language_of(env, heard.account, heard.from).await?,
    };
    let what = What::Answer { account: heard.account.into(), due };
    Ok(letters::due(env, heard.from, &what, known.as_deref(), now, ANSWER_LIFE))
}

/// What the answer is rendered from; none where a later word or click has made it untrue.
pub(super) async fn answer(env: &Env, to: &Address, due: Due, head: &Letterhead) -> Result<Option<Answer>, StoreError> {
    let outs = env.store.opt_outs(&[to.key().into()]).await?;
    Ok(match due {
        Due::Stopped(about) if outs.iter().any(|out| out.owner == about) => {
            let about = match about {
                Some(owner) => env.store.owner(owner).await?.map(|owner| owner.profile.name),
                None => None,
            };
            Some(Answer::stopped(head, about.as_deref()))
        }
        Due::Started if outs.is_empty() => Some(Answer::started(head, None)),
        Due::Help => Some(Answer::help(head)),
        Due::Stopped(_) | Due::Started => None,
    })
}
