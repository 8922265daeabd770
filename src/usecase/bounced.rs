//! Mail that came back to the return path of one of our own e-mails (rule N6).

use super::{
    Env,
    receipts::{self, OwnMessage, Report},
};
use crate::{
    domain::{
        address::Address,
        bounce::{self, Fate, Verdict},
        id::NoticeId,
        notice::{Attempt, Reported},
        owner::Channel,
    },
    store::{Commit, Effect, OptOut, StoreError},
};

/// What became of a mail that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was about a message of ours.
    Counted,
    /// It is a report, about no message that is known.
    Unknown,
    /// It is no report: an answer of a person, a vacation notice.
    NoReport,
}

/// Takes one mail. It is matched by the return path, which names the attempt, else by the Message-ID that came back,
/// which names the notice; both are unguessable, so nobody can end other people's mail by forging one.
pub async fn take(env: &Env, account: &str, mail: &[u8]) -> Result<Taken, StoreError> {
    let Some(returned) = bounce::read(mail) else { return Ok(Taken::NoReport) };
    let named = returned.to.iter().find_map(|to| named(to));
    let attempt = match named {
        Some(own) => attempt(env, account, own.notice, Some(own.number)).await?,
        None => match returned.message_id.as_deref().and_then(noticed) {
            Some(notice) => attempt(env, account, notice, None).await?,
            None => None,
        },
    };
    let Some(attempt) = attempt else { return Ok(Taken::Unknown) };
    if returned.complaint.is_some() {
        let (address, at) = (attempt.address.clone(), env.store.now().await?);
        let effects = vec![Effect::OptedOut(OptOut { address, owner: None, at, way: "complaint".into() })];
        env.store.commit(Commit { effects, ..Commit::default() }).await?;
    }
    let own = OwnMessage { notice: attempt.notice, number: attempt.number };
    for fate in returned.fates.iter().filter(|fate| is_of(&attempt, fate)) {
        let report = report(own, fate);
        receipts::receive(env, account, Some(own), &report).await?;
    }
    Ok(Taken::Counted)
}

/// The mark behind the `+` of a return path: `bounces+ntc_…-1@example.com`.
fn named(to: &str) -> Option<OwnMessage> {
    let (local, _) = to.rsplit_once('@')?;
    OwnMessage::read(&local.rsplit_once('+')?.1.to_ascii_lowercase())
}

/// The notice in a Message-ID of ours: `ntc_…-1a2b3c4d@example.com`.
fn noticed(message_id: &str) -> Option<NoticeId> {
    message_id.split(['-', '@']).next()?.parse().ok()
}

async fn attempt(
    env: &Env,
    account: &str,
    notice: NoticeId,
    number: Option<u32>,
) -> Result<Option<Attempt>, StoreError> {
    let attempts = env.store.attempts(notice).await?;
    Ok(attempts.into_iter().rev().find(|attempt| {
        let meant = number.is_none_or(|number| number == attempt.number);
        meant && *attempt.account == *account && attempt.channel == Channel::Email
    }))
}

/// Our mails have one recipient; one that forwards them is told of under another address, which is theirs to mind.
fn is_of(attempt: &Attempt, fate: &Fate) -> bool {
    Address::parse(&fate.recipient, None).is_ok_and(|address| address.key() == attempt.address.key())
}

fn report(own: OwnMessage, fate: &Fate) -> Report {
    let reported = match bounce::verdict(fate.action, fate.code) {
        Verdict::Delivered => Reported::Delivered,
        Verdict::OnItsWay => Reported::Accepted,
        Verdict::Soft => Reported::Failed,
        Verdict::Dead | Verdict::Never | Verdict::Ours => Reported::Bounced,
    };
    let dead = bounce::verdict(fate.action, fate.code) == Verdict::Dead;
    let code = fate.code.map(|code| code.to_string()).unwrap_or_default().into();
    if bounce::verdict(fate.action, fate.code) == Verdict::Ours {
        tracing::error!(%code, "a mail system refuses us, not the address: look at SPF, DKIM, DMARC and block lists");
    }
    Report { foreign_id: own.write().into(), reported, code, dead, stopped: false }
}

/// Whether a secret is the one that was shown; takes as long for every wrong one.
pub fn same(secret: &str, shown: &str) -> bool {
    let digest = |text: &str| ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    !secret.is_empty() && digest(secret).as_ref() == digest(shown).as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_that_came_back_names_its_message() {
        let own = OwnMessage { notice: NoticeId(7), number: 2 };
        assert_eq!(named(&format!("bounces+{}@example.com", own.write())), Some(own));
        assert_eq!(named(&format!("BOUNCES+{}@EXAMPLE.COM", own.write().to_uppercase())), Some(own));
        for other in ["bounces@example.com", "bounces+x-1@example.com", "ann+ntc_1@example.com", ""] {
            assert_eq!(named(other), None, "{other}");
        }
        assert_eq!(noticed(&format!("{}-1a2b3c4d@example.com", own.notice)), Some(own.notice));
        assert_eq!(noticed("20261123.abc@example.com"), None);
    }
}
