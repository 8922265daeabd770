//! An e-mail as bytes: text and HTML, the card attached, and the headers that tell machines what it is (rule N5).

use crate::clock::Time;
use lettre::{
    Message,
    address::{AddressError, Envelope},
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use std::time::{Duration, SystemTime};

/// Everything in one e-mail.
#[derive(Clone, Debug)]
pub struct Mail<'a> {
    /// `Name <address>` or an address.
    pub from: &'a str,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<&'a str>,
    /// Where mail systems send what they could not deliver, if not to `from`.
    pub return_path: Option<&'a str>,
    /// The recipient's address.
    pub to: &'a str,
    /// One line.
    pub subject: &'a str,
    /// Plain text.
    pub text: &'a str,
    /// The same as HTML.
    pub html: &'a str,
    /// The card as a vCard, if one goes with it.
    pub card: Option<&'a str>,
    /// What its file is called: ASCII without blanks, at most 20 characters, ending in `.vcf`.
    pub card_file: &'a str,
    /// The left part of Message-ID and the boundaries; the same at every repeat, so that receivers can tell it is one
    /// message. Letters, digits, `_` and `-`.
    pub reference: &'a str,
    /// What the mailing is about, for List-Id: `Words <label.domain>`.
    pub list_id: &'a str,
    /// The recipient's one-click address, https (RFC 8058).
    pub unsubscribe: Option<&'a str>,
    /// When it was written.
    pub date: Time,
}

/// An e-mail that can't be put together.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// From, Reply-To or To is no address.
    #[error("`{0}` is not an address that an e-mail can have; it looks like Redial <notices@example.com>")]
    Address(&'static str),
    /// Anything else.
    #[error("the e-mail could not be put together: {0}")]
    Other(String),
}

/// An e-mail, ready to be handed over.
#[derive(Clone)]
pub struct Written {
    /// Headers and body, CRLF.
    pub bytes: Vec<u8>,
    /// Sender and recipient for SMTP.
    pub envelope: lettre::address::Envelope,
}

impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "e-mail of {} bytes", self.bytes.len())
    }
}

/// Whether the value of `key` in a configuration can stand in From or Reply-To.
pub fn check_sender(key: &'static str, address: &str) -> Result<(), NotWritten> {
    mailbox(key, address).map(|_| ())
}

fn mailbox(place: &'static str, text: &str) -> Result<Mailbox, NotWritten> {
    text.parse().map_err(|_: AddressError| NotWritten::Address(place))
}

impl Mail<'_> {
    /// The e-mail as bytes: multipart/alternative, inside multipart/mixed where the card is attached.
    pub fn write(&self) -> Result<Written, NotWritten> {
        let from = mailbox("from", self.from)?;
        let domain = from.email.domain().to_owned();
        let micros = u64::try_from(self.date.0).unwrap_or(0);
        let mut builder = Message::builder()
            .from(from)
            .to(mailbox("to", self.to)?)
            .subject(self.subject)
            .date(SystemTime::UNIX_EPOCH + Duration::from_micros(micros))
            .message_id(Some(format!("<{}@{domain}>", self.reference)));
        if let Some(reply_to) = self.reply_to {
            builder = builder.reply_to(mailbox("reply_to", reply_to)?);
        }
        let mut message = builder.multipart(self.body()?).map_err(|error| NotWritten::Other(error.to_string()))?;
        let mut header = |name, value: &str| {
            let name = HeaderName::new_from_ascii_str(name);
            message.headers_mut().insert_raw(HeaderValue::new(name, value.to_owned()));
        };
        // RFC 3834: no vacation answers, please.
        header("Auto-Submitted", "auto-generated");
        header("List-Id", self.list_id);
        if let Some(url) = self.unsubscribe {
            header("List-Unsubscribe", &format!("<{url}>"));
            header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        }
        let envelope = match self.return_path {
            Some(path) => Envelope::new(Some(mailbox("return path", path)?.email), message.envelope().to().to_vec())
                .map_err(|error| NotWritten::Other(error.to_string()))?,
            None => message.envelope().clone(),
        };
        Ok(Written { envelope, bytes: message.formatted() })
    }

    fn body(&self) -> Result<MultiPart, NotWritten> {
        // Boundaries from the reference: the same message has the same bytes.
        let letter = MultiPart::alternative()
            .boundary(format!("{}.letter", self.reference))
            .singlepart(SinglePart::plain(self.text.to_owned()))
            .singlepart(SinglePart::html(self.html.to_owned()));
        let Some(card) = self.card else { return Ok(letter) };
        let kind = ContentType::parse(&format!("text/vcard; charset=utf-8; name=\"{}\"", self.card_file))
            .map_err(|error| NotWritten::Other(error.to_string()))?;
        let card = Attachment::new(self.card_file.to_owned()).body(card.as_bytes().to_vec(), kind);
        Ok(MultiPart::mixed().boundary(format!("{}.mail", self.reference)).multipart(letter).singlepart(card))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail<'static> {
        Mail {
            from: "Redial <notices@example.com>",
            reply_to: None,
            return_path: None,
            to: "bo@example.org",
            subject: "Zoë has a new phone number",
            text: "The number is +14155550123.\n",
            html: "<p>The number is +14155550123.</p>\n",
            card: Some("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zoë\r\nEND:VCARD\r\n"),
            card_file: "Zoe.vcf",
            reference: "ntc_1-ab",
            list_id: "Redial notices <notices.example.com>",
            unsubscribe: None,
            date: Time(1_795_431_600_000_000),
        }
    }

    #[test]
    fn n5_an_email_as_bytes() {
        let written = mail().write().expect("all is in order");
        let bytes = &written.bytes;
        let bare = (0..bytes.len()).any(|at| bytes[at] == b'\n' && (at == 0 || bytes[at - 1] != b'\r'));
        assert!(!bare, "SMTP forbids a line feed alone");
        insta::assert_snapshot!(String::from_utf8(written.bytes).expect("is ASCII").replace("\r\n", "\n"));
        assert_eq!(mail().write().expect("again").bytes, mail().write().expect("again").bytes, "a repeat is the same");
    }

    #[test]
    fn n5_one_click_only_with_an_address_for_it() {
        let url = "https://example.com/c/token";
        let with = Mail { unsubscribe: Some(url), card: None, ..mail() }.write().expect("all is in order");
        let text = String::from_utf8(with.bytes).expect("is ASCII");
        assert!(text.contains("List-Unsubscribe: <https://example.com/c/token>\r\n"), "{text}");
        assert!(text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{text}");
        assert!(!text.contains("multipart/mixed"));
    }

    #[test]
    fn no_header_can_be_smuggled_in() {
        let evil = Mail { subject: "Ann\r\nBcc: all@example.net", ..mail() }.write().expect("is folded");
        let text = String::from_utf8(evil.bytes).expect("is ASCII");
        assert!(!text.to_lowercase().lines().any(|line| line.starts_with("bcc")), "{text}");
        assert!(Mail { to: "bo@example.org\r\nBcc: x@y.example", ..mail() }.write().is_err());
        assert!(check_sender("from", "not an address").is_err() && check_sender("from", "a@b.example").is_ok());
    }
}
