//! Messages by a provider over HTTP.

use super::{Cards, Carrier, Content, MailHead, Message};
use crate::{
    clock::Time,
    domain::{address::Address, notice::AttemptOutcome, owner::Channel},
    provider::{self, Flag, Found, MessageKind, Moment, NoToken, NotWritten, Outcome, Outgoing, Reply, Sends},
    transport::{
        delivery::Delivery,
        http::{Client, Failure},
    },
    usecase::authorize::{Unauthorized, Whose, authorize, whole},
};
use async_trait::async_trait;
use std::{sync::Arc, time::Duration};

/// How long a push message may wait for its device: what is older is in the owner's own list anyway.
const PUSH_WAITS: Duration = Duration::from_hours(7 * 24);
/// Text messages, e-mails or push messages by a provider over HTTP.
#[derive(Debug, Clone)]
pub struct ByProvider {
    /// The account with its provider's file.
    pub account: Arc<provider::Account>,
    /// What sends its requests.
    pub client: Client,
    /// Where reports go, if anywhere: `https://…/hooks/{account}/status`, to which the message's own name is added.
    pub callback: Option<Box<str>>,
    /// The number or name that messages come from.
    pub sender: Box<str>,
    /// Whether answers reach anybody: not where the sender is a name.
    pub replies: bool,
    /// Whether a message of which nobody knows whether it left is sent again although the provider knows no repeat.
    pub repeats: bool,
    /// How the card goes with text messages.
    pub cards: Cards,
    /// Head of the e-mails.
    pub head: Option<MailHead>,
    /// How long a request without an answer may still be on its way to the provider, where it can be asked for it.
    pub before_looking: Duration,
}

#[async_trait]
impl Carrier for ByProvider {
    fn name(&self) -> &str {
        self.account.name()
    }

    fn sender(&self) -> &str {
        &self.sender
    }

    fn speaks(&self, channel: Channel) -> bool {
        match self.account.provider().sends() {
            Some(Sends::Sms) => channel == Channel::Sms,
            Some(Sends::Email) => channel == Channel::Email,
            Some(Sends::Push) => channel == Channel::Push,
            None => false,
        }
    }

    fn repeatable(&self) -> bool {
        self.repeats || self.account.provider().idempotent_for().is_some()
    }

    fn repeatable_for(&self) -> Option<Duration> {
        self.account.provider().idempotent_for()
    }

    fn asked_after(&self) -> Option<Duration> {
        self.account.provider().can_look_up().then_some(self.before_looking)
    }

    async fn look_up(&self, to: &Address, reference: &str, now: Time) -> Option<Delivery> {
        let ask = self.account.look_up(to.wire(), reference)?;
        let mut request = ask.inspect_err(|error| tracing::error!(%error, "a look-up cannot be written")).ok()?;
        let moment = moment(now, &format!("look-up {reference}"));
        authorize(&self.client, &self.account, &mut request, moment, Whose::Own).await.ok()?;
        let reply = self.client.send(whole(request).ok()?).await.ok()?;
        match self.account.read_look_up(reply.status(), reply.headers(), reply.body()) {
            Found::Sent(id) => {
                Some(Delivery { foreign_id: id, ..Delivery::new(AttemptOutcome::Sent, "found at the provider") })
            }
            Found::NotSent => Some(Delivery::new(AttemptOutcome::TryAgain, "the provider never got it")),
            Found::Unknown => None,
        }
    }

    fn chosen_by_recipients(&self) -> bool {
        self.account.provider().device().is_some_and(|form| form.endpoint)
    }

    fn cards(&self) -> Cards {
        self.cards
    }

    fn replies(&self) -> bool {
        self.replies
    }

    async fn deliver(&self, message: &Message<'_>) -> Delivery {
        let request = match self.request(message) {
            Ok(request) => request,
            Err(error) => return Delivery::new(AttemptOutcome::Never, &error.to_string()),
        };
        let reply = match self.exchange(request.clone(), message).await {
            // A token may be refused before its end: then it was not sent, and a new one may do.
            Ok(reply) if reply.flags.has(Flag::AuthBroken) && self.account.has_tokens() => {
                self.account.forget_tokens();
                self.exchange(request, message).await
            }
            other => other,
        };
        let mut delivery = match reply {
            Ok(reply) => read(&reply),
            Err(delivery) => delivery,
        };
        if delivery.outcome == AttemptOutcome::Unknown
            && let Some(wait) = self.asked_after()
        {
            tokio::time::sleep(wait).await;
            if let Some(found) = self.look_up(message.to, message.reference, message.date).await {
                delivery = found;
            }
        }
        let sent = delivery.outcome == AttemptOutcome::Sent;
        if sent && delivery.foreign_id.is_none() && self.account.provider().id_is_reference() {
            delivery.foreign_id = Some(message.reference.into());
        }
        delivery
    }
}

impl ByProvider {
    /// What is usual for [`ByProvider::before_looking`].
    pub const BEFORE_LOOKING: Duration = Duration::from_secs(5);

    fn request(&self, message: &Message<'_>) -> Result<provider::Request, NotWritten> {
        let callback = self.callback.as_ref().map(|base| format!("{base}/{}", message.report));
        let common = Outgoing {
            to: message.to.wire(),
            from: None,
            text: "",
            media: &[],
            reference: message.reference,
            callback: callback.as_deref(),
            kind: MessageKind::Sms,
        };
        let (email, card) = match message.content {
            Content::Sms(sms) => {
                let media: Vec<&str> = sms.card.as_deref().into_iter().collect();
                return self.account.send(&Outgoing { text: &sms.text, media: &media, ..common });
            }
            Content::Push { push, place, collapse } => {
                let keys = place.keys();
                let push_only = provider::Push {
                    title: &push.title,
                    link: None,
                    collapse: Some(collapse),
                    ttl: PUSH_WAITS,
                    p256dh: keys.map(|keys| &*keys.p256dh),
                    auth: keys.map(|keys| &*keys.auth),
                };
                let kind = MessageKind::Push(&push_only);
                return self.account.send(&Outgoing { to: place.plain(), text: &push.body, kind, ..common });
            }
            Content::Email { email, card } => (email, card.as_deref()),
        };
        // Some providers take the message whole, others its parts.
        let mime = self.head.as_ref().map(|head| head.write(message)).transpose();
        let mime = mime.map_err(|error| NotWritten::because(&error.to_string()))?;
        let from = self.head.as_ref().map(|head| &*head.from);
        let domain = from.and_then(|from| from.rsplit_once('@')).map_or("localhost", |(_, domain)| domain);
        let message_id = format!("<{}@{}>", message.reference, domain.trim_end_matches('>'));
        let parts = provider::Email {
            subject: &email.subject,
            html: &email.html,
            reply_to: self.head.as_ref().and_then(|head| head.reply_to.as_deref()),
            message_id: &message_id,
            unsubscribe: email.unsubscribe.as_deref(),
            card,
            mime: mime.as_ref().map(|written| &*written.bytes),
        };
        self.account.send(&Outgoing { from, text: &email.text, kind: MessageKind::Email(&parts), ..common })
    }

    /// One request and its reply, or how it ended without one.
    async fn exchange(&self, mut request: provider::Request, message: &Message<'_>) -> Result<Reply, Delivery> {
        let moment = moment(message.date, message.reference);
        authorize(&self.client, &self.account, &mut request, moment, Whose::Own)
            .await
            .map_err(|error| unauthorized(&error))?;
        let reply = match whole(request) {
            Ok(request) => self.client.send(request).await,
            Err(failure) => Err(failure),
        };
        match reply {
            Ok(reply) => Ok(self.account.read_reply(reply.status(), reply.headers(), reply.body())),
            Err(error @ Failure::Forbidden(_)) => Err(Delivery::new(AttemptOutcome::Never, &error.to_string())),
            Err(error @ Failure::NotSent(_)) => Err(Delivery::new(AttemptOutcome::TryAgain, &error.to_string())),
            Err(error @ Failure::Unknown(_)) => Err(Delivery::new(AttemptOutcome::Unknown, &error.to_string())),
        }
    }
}

/// The moment of a try. What must be unique about its credentials differs by message and moment.
fn moment(now: Time, reference: &str) -> Moment {
    let digest = ring::digest::digest(&ring::digest::SHA256, format!("{reference} {}", now.0).as_bytes());
    let mut bits = [0; 16];
    bits.copy_from_slice(&digest.as_ref()[..16]);
    Moment { now, bits: u128::from_be_bytes(bits) }
}

/// Without credentials nothing was sent. Refused ones are put right by the operator, so the notice waits.
fn unauthorized(error: &Unauthorized) -> Delivery {
    let outcome = match error {
        Unauthorized::NotWritten(_) | Unauthorized::Failed(Failure::Forbidden(_)) => AttemptOutcome::Never,
        Unauthorized::NoToken(NoToken::Refused(_) | NoToken::Failed(_)) | Unauthorized::Failed(_) => {
            AttemptOutcome::TryAgain
        }
    };
    Delivery::new(outcome, &error.to_string())
}

/// A provider's reply as the end of an attempt. Refused credentials are put right by the operator, so the notice waits.
fn read(reply: &Reply) -> Delivery {
    let (outcome, retry_after) = match reply.outcome {
        Outcome::Sent => (AttemptOutcome::Sent, None),
        Outcome::TryAgain(after) => (AttemptOutcome::TryAgain, after),
        Outcome::Never => (AttemptOutcome::Never, None),
        Outcome::Unknown => (AttemptOutcome::Unknown, None),
        Outcome::Config => (AttemptOutcome::TryAgain, None),
    };
    let detail = [reply.code.as_deref().unwrap_or_default(), &reply.detail].join(" ");
    let (dead, stopped) = (reply.flags.has(Flag::NumberDead), reply.flags.has(Flag::OptedOut));
    let (foreign_id, gone_since) = (reply.id.clone(), reply.gone_since);
    Delivery { foreign_id, retry_after, dead, stopped, gone_since, ..Delivery::new(outcome, detail.trim()) }
}
