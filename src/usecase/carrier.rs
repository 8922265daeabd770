//! The accounts that notices leave by, whatever lies behind them (rule N3).

use crate::{
    clock::Time,
    domain::{address::Address, device::Place, notice::AttemptOutcome, owner::Channel},
    template,
    transport::{
        delivery::Delivery,
        folder::Folder,
        mail::{Mail, NotWritten},
        smtp::Smtp,
    },
};
use async_trait::async_trait;
use std::{sync::Arc, time::Duration};

mod by_provider;

pub use by_provider::ByProvider;

/// One message, whatever account it leaves by.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// Ours, the same at every repeat to this address: the notice's id and a mark of the address.
    pub reference: &'a str,
    /// By which reports name this attempt: the end of a callback URL, the mark of a return path.
    pub report: &'a str,
    /// Whom it is for.
    pub to: &'a Address,
    /// What it says.
    pub content: &'a Content,
    /// When it leaves.
    pub date: Time,
}

/// What a message says.
#[derive(Clone, Debug)]
pub enum Content {
    /// A text message.
    Sms(template::Sms),
    /// An e-mail.
    Email {
        /// Subject, text and HTML.
        email: template::Email,
        /// The card as a vCard.
        card: Option<String>,
    },
    /// A push message.
    Push {
        /// Title and text.
        push: template::Push,
        /// Where the device is.
        place: Place,
        /// A later message with this name takes the place of an earlier one: the notice.
        collapse: String,
    },
}

/// How the card goes with an account's text messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cards {
    /// Not at all.
    #[default]
    None,
    /// As the media of a multimedia message, which the provider fetches from the recipient's own address.
    Mms,
    /// As a link to the recipient's page in the text.
    Link,
}

/// An account that notices leave by.
#[async_trait]
pub trait Carrier: Send + Sync + std::fmt::Debug {
    /// Its name in the configuration.
    fn name(&self) -> &str;

    /// The number or name that messages come from, where the account has only one: rates belong to it (rule N7).
    #[expect(clippy::unnecessary_literal_bound, reason = "those that have a sender answer from their own fields")]
    fn sender(&self) -> &str {
        ""
    }

    /// Whether it takes messages of this channel.
    fn speaks(&self, channel: Channel) -> bool;

    /// Whether a repeat with the same reference is one message to its reader, or the operator would rather have two than
    /// none. If not, a message of which nobody knows whether it left is never repeated (rule N3).
    fn repeatable(&self) -> bool;

    /// For how long after the first that is so; `None`: always, and then what it says need not be the same either.
    fn repeatable_for(&self) -> Option<Duration> {
        None
    }

    /// How long after a message began it can be asked for by its reference, since what is under way may still arrive;
    /// `None`: the far end cannot be asked.
    fn asked_after(&self) -> Option<Duration> {
        None
    }

    /// Asks for a message of which nobody knows whether it left (rule N3): it was sent, or it may be tried again; `None`
    /// where the far end does not say. Not before [`Carrier::asked_after`] has passed.
    async fn look_up(&self, _to: &Address, _reference: &str, _now: Time) -> Option<Delivery> {
        None
    }

    /// Whether each recipient chooses the far end: endpoints of push messages may lie anywhere.
    fn chosen_by_recipients(&self) -> bool {
        false
    }

    /// How the card goes with its text messages.
    fn cards(&self) -> Cards {
        Cards::None
    }

    /// Whether an answer to the message is read by anybody.
    fn replies(&self) -> bool;

    /// Hands one message over. Never panics, and ends in bounded time.
    async fn deliver(&self, message: &Message<'_>) -> Delivery;
}

/// Sender and headers of e-mails.
#[derive(Clone, Debug)]
pub struct MailHead {
    /// `Name <address>` or an address.
    pub from: Box<str>,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<Box<str>>,
    /// Where mail systems send what they could not deliver, `bounces@example.com`: each mail has a return path of its own,
    /// `bounces+ntc_…-1@example.com`.
    pub bounces: Option<Box<str>>,
}

impl MailHead {
    fn write(&self, message: &Message<'_>) -> Result<crate::transport::mail::Written, NotWritten> {
        let Content::Email { email, card } = message.content else {
            return Err(NotWritten::Other("it is no e-mail".to_owned()));
        };
        let domain = self.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain.trim_end_matches('>'));
        let return_path = self.bounces.as_deref().and_then(|bounces| {
            let (local, domain) = bounces.rsplit_once('@')?;
            Some(format!("{local}+{}@{domain}", message.report))
        });
        Mail {
            return_path: return_path.as_deref(),
            from: &self.from,
            reply_to: self.reply_to.as_deref(),
            to: message.to.wire(),
            subject: &email.subject,
            text: &email.text,
            html: &email.html,
            card: card.as_deref(),
            card_file: email.card_file.as_deref().unwrap_or("card.vcf"),
            reference: message.reference,
            list_id: &list_id(email.list.as_deref(), domain),
            unsubscribe: email.unsubscribe.as_deref(),
            date: message.date,
        }
        .write()
    }
}

/// A list for each owner, so that a reader's program can sort or silence one of them (RFC 2919): labels of a domain
/// are letters, digits and `-`.
fn list_id(list: Option<&str>, domain: &str) -> String {
    let label: String = list.unwrap_or_default().replace('_', "-").to_ascii_lowercase();
    let label = label.trim_matches('-');
    if label.is_empty() { format!("<notices.{domain}>") } else { format!("<{label}.notices.{domain}>") }
}

/// Messages as files: `.sms`, `.eml` and `.push`.
#[derive(Clone, Debug)]
pub struct ByFolder {
    /// The account.
    pub name: Box<str>,
    /// Where the files go.
    pub folder: Folder,
    /// The number or name that text messages come from.
    pub from: Box<str>,
    /// Head of the e-mails.
    pub head: MailHead,
}

#[async_trait]
impl Carrier for ByFolder {
    fn name(&self) -> &str {
        &self.name
    }

    fn speaks(&self, channel: Channel) -> bool {
        matches!(channel, Channel::Sms | Channel::Email | Channel::Push)
    }

    fn repeatable(&self) -> bool {
        true
    }

    fn replies(&self) -> bool {
        true
    }

    async fn deliver(&self, message: &Message<'_>) -> Delivery {
        match message.content {
            Content::Sms(sms) => {
                let file = self.text_file(message, sms);
                self.folder.deliver(format!("{}.sms", message.reference), file.into_bytes()).await
            }
            Content::Push { push, place, collapse } => {
                let file = serde_json::json!({
                    "to": place.plain(), "collapse": collapse, "title": push.title, "body": push.body,
                });
                self.folder.deliver(format!("{}.push", message.reference), format!("{file:#}\n").into_bytes()).await
            }
            Content::Email { .. } => match self.head.write(message) {
                Ok(written) => self.folder.deliver(format!("{}.eml", message.reference), written.bytes).await,
                Err(error) => unwritten(&error),
            },
        }
    }
}

impl ByFolder {
    /// A text message as a file: a few headers, an empty line, the text.
    fn text_file(&self, message: &Message<'_>, sms: &template::Sms) -> String {
        let date = jiff::Timestamp::from_microsecond(message.date.0).unwrap_or_default();
        let date = date.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000");
        format!(
            "To: {}\nFrom: {}\nDate: {date}\nNotice-Id: {}\nParts: {}\nContent-Type: text/plain; charset=utf-8\n\n{}\n",
            message.to.wire(),
            self.from,
            message.reference,
            sms.segments.parts,
            sms.text
        )
    }
}

/// E-mails to a mail server.
#[derive(Clone, Debug)]
pub struct BySmtp {
    /// The account.
    pub name: Box<str>,
    /// The server.
    pub smtp: Smtp,
    /// Head of the e-mails.
    pub head: MailHead,
}

#[async_trait]
impl Carrier for BySmtp {
    fn name(&self) -> &str {
        &self.name
    }

    fn speaks(&self, channel: Channel) -> bool {
        channel == Channel::Email
    }

    /// The Message-ID is the same, so receivers can tell; and a lost message is worse than two.
    fn repeatable(&self) -> bool {
        true
    }

    fn replies(&self) -> bool {
        true
    }

    async fn deliver(&self, message: &Message<'_>) -> Delivery {
        match self.head.write(message) {
            Ok(written) => self.smtp.deliver(&written).await,
            Err(error) => unwritten(&error),
        }
    }
}

/// Nothing left, and another try would make the same message.
fn unwritten(error: &NotWritten) -> Delivery {
    Delivery::new(AttemptOutcome::Never, &error.to_string())
}

/// Accounts in the order in which they are tried, channel by channel.
pub type Carriers = Vec<(Channel, Arc<dyn Carrier>)>;
