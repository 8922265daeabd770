//! A test message by one account, past all rules: it is about nobody.

use super::{
    Env,
    carrier::{Carrier, Content, Message},
    deliver_notice::Post,
};
use crate::{
    domain::{
        address::{Address, Kind},
        device::Place,
        id::{DeviceId, NoticeId},
        owner::Channel,
    },
    template::{Email, Push, Sms},
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
    let (channel, words) = match to.kind() {
        Kind::Phone => (Channel::Sms, "phone numbers"),
        Kind::Email => (Channel::Email, "e-mail addresses"),
        Kind::Device => (Channel::Push, "devices"),
    };
    let carrier = carrier(post, account, channel, words)?;
    let text = text(post);
    let content = match channel {
        Channel::Email => Content::Email {
            email: Email {
                subject: title(post),
                html: format!("<!doctype html><p>{}</p>", text.replace('&', "&amp;").replace('<', "&lt;")),
                text,
                ..Email::default()
            },
            card: None,
        },
        Channel::Sms | Channel::Push => Content::Sms(Sms::new(&text)),
    };
    Ok(deliver(env, carrier, to, content).await)
}

/// Sends a test message to a device, once, and tells how it ended.
pub async fn push_test(env: &Env, post: &Post, account: &str, place: Place) -> Result<Delivery, NoTest> {
    let carrier = carrier(post, account, Channel::Push, "devices")?;
    let push = Push { title: title(post), body: text(post) };
    let to = Address::of_device(DeviceId::fresh(env.clock.now(), &*env.random));
    Ok(deliver(env, carrier, &to, Content::Push { push, place, collapse: "test".to_owned() }).await)
}

fn title(post: &Post) -> String {
    format!("Test message of {}", post.service)
}

fn text(post: &Post) -> String {
    format!("{}: this is a test message. Nobody's details have changed.", post.service)
}

fn carrier<'a>(
    post: &'a Post,
    account: &str,
    channel: Channel,
    words: &'static str,
) -> Result<&'a dyn Carrier, NoTest> {
    let of_name = || post.carriers.iter().filter(|(_, carrier)| carrier.name() == account);
    if of_name().next().is_none() {
        let mut known: Vec<&str> = post.carriers.iter().map(|(_, carrier)| carrier.name()).collect();
        known.sort_unstable();
        known.dedup();
        return Err(NoTest::Account { found: account.to_owned(), known: known.join(", ") });
    }
    let carrier = of_name().find(|(listed, carrier)| *listed == channel && carrier.speaks(channel));
    carrier.map(|(_, carrier)| carrier.as_ref()).ok_or_else(|| NoTest::Address(account.to_owned(), words))
}

async fn deliver(env: &Env, carrier: &dyn Carrier, to: &Address, content: Content) -> Delivery {
    let date = env.clock.now();
    let reference = format!("test-{}", NoticeId::fresh(date, &*env.random));
    carrier.deliver(&Message { reference: &reference, report: &reference, to, content: &content, date }).await
}
