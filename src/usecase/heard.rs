//! A message from a person to one of the operator's accounts: STOP, START, HELP, refusals in their own words (rule N6).
//!
//! An opt-out counts across all providers. It is for the owner about whom the account last told that address; a second
//! one, or STOP ALL, is for everybody. Each message counts once (rule W1), and each kind of answer goes to an address
//! once a day at most, so that two machines do not talk to each other for ever.

use super::{
    Env,
    carrier::{Carrier, Content, Message},
    deliver_notice::Post,
    keep,
    write::Refused,
};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        id::{NoticeId, OwnerId},
        notice::{AttemptOutcome, Recipient},
        opt_out::{self, Ends},
        opt_word::{self, Wish},
        owner::Channel,
    },
    store::{Commit, Effect, OptOut, Returned, StoreError},
    template::{Answer, Letterhead},
};
use std::time::Duration;

/// One kind of answer goes to an address once in this time.
const ONCE_IN: Duration = Duration::from_hours(24);

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// No more about this owner, or about anybody.
    Stopped(Option<OwnerId>),
    /// Messages again.
    Started,
    /// Who writes, and how to end it.
    Help,
}

/// Takes a message; what is to be answered to it, if anything.
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
    let who = format!("sms {}", heard.from.key());
    match keep::by_word(env, heard.from, digits, &who, once).await {
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

/// What the references of answers begin with, before a unique name.
const ANSWER: &str = "answer-";

/// Whether this, at the end of a callback's path, names an answer: what becomes of those changes nothing.
pub fn is_answer(reference: &str) -> bool {
    reference.strip_prefix(ANSWER).is_some_and(|name| name.parse::<NoticeId>().is_ok())
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

/// Sends the answer, in the language of the word or else of the reader, by the account that the message came to, and again after each pause where it was not sent. Whether it
/// was; an account that sends nothing of ours answers nothing.
pub async fn answer(
    env: &Env,
    post: &Post,
    account: &str,
    to: &Address,
    due: Due,
    text: &str,
    pauses: &[Duration],
) -> Result<bool, StoreError> {
    let speaks = |carrier: &dyn Carrier| carrier.name() == account && carrier.speaks(Channel::Sms);
    let Some((_, carrier)) = post.carriers.iter().find(|(_, carrier)| speaks(carrier.as_ref())) else {
        return Ok(false);
    };
    let about = match due {
        Due::Stopped(Some(owner)) => env.store.owner(owner).await?.map(|owner| owner.profile.name),
        _ => None,
    };
    let letterhead =
        Letterhead { service: post.service.clone(), reply: true, help: post.help.clone(), ..Letterhead::default() };
    let facts = match due {
        Due::Stopped(_) => Answer::stopped(&letterhead, about.as_deref()),
        Due::Started => Answer::started(&letterhead, None),
        Due::Help => Answer::help(&letterhead),
    };
    let known = match opt_word::language(text) {
        Some(language) => Some(language.into()),
        None => language_of(env, account, to).await?,
    };
    let languages: Vec<&str> = known.iter().map(AsRef::as_ref).chain([post.language.as_str()]).collect();
    let sms = match post.templates.sms(&languages, &facts) {
        Ok(sms) => sms,
        Err(error) => {
            tracing::error!(%error, "an answer could not be made");
            return Ok(false);
        }
    };
    let content = Content::Sms(sms);
    let date = env.store.now().await?;
    let reference = format!("{ANSWER}{}", NoticeId::fresh(date, &*env.random));
    let message = Message { reference: &reference, report: &reference, to, content: &content, date };
    for pause in pauses.iter().map(Some).chain([None]) {
        match (carrier.deliver(&message).await.outcome, pause) {
            (AttemptOutcome::Sent, _) => return Ok(true),
            (AttemptOutcome::TryAgain, Some(pause)) => tokio::time::sleep(*pause).await,
            // What may have been sent is not sent twice.
            _ => return Ok(false),
        }
    }
    Ok(false)
}
