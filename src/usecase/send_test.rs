//! A test message by one account, past all rules: it is about nobody.

use super::{
    Env,
    carrier::{Carrier, Content, Message},
    deliver_notice::Post,
};
use crate::{
    domain::{
        address::{Address, Kind},
        id::NoticeId,
        owner::Channel,
    },
    template::{Email, Sms},
    transport::delivery::Delivery,
};

/// Why no test message could be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTest {
    /// No account of this name carries notices.
    #[error("no account {found:?} carries notices; there are: {known}")]
    Account {
        /// What was asked for.
        found: String,
        /// What there is.
        known: String,
    },
    /// The account does not write to such addresses.
    #[error("the account {0:?} does not write to {1}")]
    Address(String, &'static str),
}

/// Sends a test message, once, and tells how it ended.
pub async fn send_test(env: &Env, post: &Post, account: &str, to: &Address) -> Result<Delivery, NoTest> {
    let of_name = || post.carriers.iter().filter(|(_, carrier)| carrier.name() == account);
    if of_name().next().is_none() {
        let mut known: Vec<&str> = post.carriers.iter().map(|(_, carrier)| carrier.name()).collect();
        known.dedup();
        return Err(NoTest::Account { found: account.to_owned(), known: known.join(", ") });
    }
    let (channel, words) = match to.kind() {
        Kind::Phone => (Channel::Sms, "phone numbers"),
        Kind::Email => (Channel::Email, "e-mail addresses"),
    };
    let carrier = of_name().find(|(_, carrier)| carrier.speaks(channel)).map(|(_, carrier)| carrier.as_ref());
    let Some(carrier) = carrier else { return Err(NoTest::Address(account.to_owned(), words)) };
    Ok(deliver(env, carrier, post, channel, to).await)
}

async fn deliver(env: &Env, carrier: &dyn Carrier, post: &Post, channel: Channel, to: &Address) -> Delivery {
    let text = format!("{}: this is a test message. Nobody's details have changed.", post.service);
    let content = match channel {
        Channel::Email => Content::Email {
            email: Email {
                subject: format!("Test message of {}", post.service),
                html: format!("<!doctype html><p>{}</p>", text.replace('&', "&amp;").replace('<', "&lt;")),
                text,
                ..Email::default()
            },
            card: None,
        },
        Channel::Sms | Channel::Push => Content::Sms(Sms::new(&text)),
    };
    let date = env.clock.now();
    let reference = format!("test-{}", NoticeId::fresh(date, &*env.random));
    carrier.deliver(&Message { reference: &reference, report: &reference, to, content: &content, date }).await
}
