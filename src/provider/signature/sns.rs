//! Amazon SNS's signed messages: RSA over some of the body's fields, by the key of a certificate that lies at an address
//! of Amazon's own.

use super::{Covers, Incoming, Keys, Parameters, Refused, same, signed::in_time};
use crate::provider::{certificate::Certificate, incoming::Body};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::time::Duration;

/// `[signature.sns_cert]`.
#[derive(Debug)]
pub(in crate::provider) struct Sns {
    /// The topics' ARNs. Whoever has an AWS account can have messages signed, but only for topics of their own.
    pub(in crate::provider) topic: usize,
    /// How old a message may be; one that is sent again keeps its time.
    pub(in crate::provider) tolerance: Duration,
}

/// What is signed of a notification, in its order; a subject that is not there is left out.
const NOTIFICATION: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
/// What is signed of a confirmation.
const CONFIRMATION: [&str; 7] = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

impl Sns {
    pub(super) fn prepare(&self, parameters: &Parameters) -> Option<Keys> {
        (!parameters.all(self.topic).is_empty()).then_some(Keys::None)
    }

    /// The topic that this message is of, where it is one of ours.
    fn ours<'p>(&self, parameters: &'p Parameters, message: &Message<'_>) -> Option<&'p str> {
        let given = message.text("TopicArn")?;
        parameters.all(self.topic).iter().find(|topic| same(topic.as_bytes(), given.as_bytes())).map(|topic| &**topic)
    }

    /// Where the certificate is to be had: only at SNS itself, in the region of a topic of ours.
    pub(in crate::provider) fn certificate_url(
        &self,
        parameters: &Parameters,
        incoming: &Incoming<'_>,
    ) -> Option<String> {
        let message = Message::read(incoming)?;
        let url = message.text("SigningCertURL").or_else(|| message.text("SigningCertUrl"))?;
        let file = at_sns(self.ours(parameters, &message)?, url)?;
        let name = file.strip_prefix("SimpleNotificationService-")?.strip_suffix(".pem")?;
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (plain && (1..=64).contains(&name.len())).then(|| url.to_owned())
    }

    /// The address by which a subscription is confirmed, where this, verified, asks for that.
    pub(in crate::provider) fn confirmation(&self, parameters: &Parameters, incoming: &Incoming<'_>) -> Option<String> {
        let message =
            Message::read(incoming).filter(|message| message.text("Type") == Some("SubscriptionConfirmation"))?;
        let url = message.text("SubscribeURL")?;
        at_sns(self.ours(parameters, &message)?, url)?
            .starts_with("?Action=ConfirmSubscription&")
            .then(|| url.to_owned())
    }

    pub(super) fn verify(&self, parameters: &Parameters, incoming: &Incoming<'_>) -> Result<Covers, Refused> {
        let message = Message::read(incoming).ok_or(Refused::Unsigned)?;
        let given = message.text("Signature").ok_or(Refused::Unsigned)?;
        self.ours(parameters, &message).ok_or(Refused::OtherAccount)?;
        let certificate = incoming.certificate.ok_or(Refused::Wrong)?;
        let signature = BASE64_STANDARD.decode(given).map_err(|_| Refused::Wrong)?;
        let sha1 = match message.text("SignatureVersion") {
            Some("1") => true,
            Some("2") => false,
            _ => return Err(Refused::Wrong),
        };
        let signed = message.signed().ok_or(Refused::Wrong)?;
        if !certificate.signed(signed.as_bytes(), &signature, sha1) {
            return Err(Refused::Wrong);
        }
        if !certificate.holds_at(incoming.now) {
            return Err(Refused::OutOfTime);
        }
        in_time(incoming, message.text("Timestamp").ok_or(Refused::Wrong)?, self.tolerance)?;
        Ok(Covers { body: true, query: false, headers: false })
    }
}

/// The body, which is JSON.
struct Message<'i>(&'i serde_json::Map<String, serde_json::Value>);

impl<'i> Message<'i> {
    fn read(incoming: &'i Incoming<'_>) -> Option<Self> {
        if let Body::Json(serde_json::Value::Object(members)) = incoming.read_body() {
            Some(Self(members))
        } else {
            None
        }
    }

    fn text(&self, name: &str) -> Option<&'i str> {
        self.0.get(name)?.as_str()
    }

    /// Each name and each value on a line of its own.
    fn signed(&self) -> Option<String> {
        let names: &[&str] = match self.text("Type")? {
            "Notification" => &NOTIFICATION,
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => &CONFIRMATION,
            _ => return None,
        };
        let mut text = String::new();
        for name in names {
            match self.text(name) {
                Some(value) => text.extend([name, "\n", value, "\n"]),
                None if *name == "Subject" => {}
                None => return None,
            }
        }
        Some(text)
    }
}

/// What follows the host's slash, where the address is one of SNS's in the region of this topic.
fn at_sns<'u>(topic: &str, url: &'u str) -> Option<&'u str> {
    let region = topic.split(':').nth(3)?;
    let rest = url.strip_prefix("https://sns.")?.strip_prefix(region)?.strip_prefix(".amazonaws.com")?;
    rest.strip_prefix(".cn").unwrap_or(rest).strip_prefix('/')
}

/// Whether a certificate's key signed this.
impl Certificate {
    fn signed(&self, message: &[u8], signature: &[u8], sha1: bool) -> bool {
        use ring::signature::{
            RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
        };
        let way = if sha1 { &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY } else { &RSA_PKCS1_2048_8192_SHA256 };
        UnparsedPublicKey::new(way, self.key()).verify(message, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_sns_in_the_topics_region_are_asked() {
        let topic = "arn:aws:sns:eu-west-1:123456789012:mail";
        for (url, wanted) in [
            (
                "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a1.pem",
                Some("SimpleNotificationService-a1.pem"),
            ),
            ("https://sns.eu-west-1.amazonaws.com.cn/x", Some("x")),
            ("http://sns.eu-west-1.amazonaws.com/x", None),
            ("https://sns.us-east-1.amazonaws.com/x", None),
            ("https://sns.eu-west-1.amazonaws.com.example.com/x", None),
            ("https://sns.eu-west-1.amazonaws.com@example.com/x", None),
            ("https://sns.eu-west-1.amazonaws.com:8443/x", None),
            ("https://eu-west-1.amazonaws.com/x", None),
            ("https://example.com/?https://sns.eu-west-1.amazonaws.com/x", None),
        ] {
            assert_eq!(at_sns(topic, url), wanted, "{url}");
        }
        assert_eq!(at_sns("arn", "https://sns.eu-west-1.amazonaws.com/x"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_address_is_taken_or_refused(topic in ".{0,40}", url in ".{0,80}") {
            let _no_panic = at_sns(&topic, &url);
        }
    }
}
