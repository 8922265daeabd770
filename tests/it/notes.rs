//! Accounts that take everything and note it, and what leaves with them.

use async_trait::async_trait;
use redial::{
    domain::{notice::AttemptOutcome, owner::Channel, schedule::Backoff},
    template::Templates,
    transport::delivery::Delivery,
    usecase::{
        carrier::{Carrier, Content, Message},
        deliver_notice::Post,
        governor::Governor,
    },
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// Address and text of what was given to accounts.
pub(crate) type Given = Arc<Mutex<Vec<(String, String)>>>;

/// What notices and letters leave with, by text message and e-mail, where readers reach the service at `public_url`.
pub(crate) fn post(given: &Given, public_url: &str) -> Post {
    let notes = |channel| (channel, Arc::new(Notes { channel, given: Arc::clone(given) }) as Arc<dyn Carrier>);
    Post {
        templates: Templates::built_in(),
        carriers: vec![notes(Channel::Sms), notes(Channel::Email)],
        service: "Redial".into(),
        help: String::new(),
        public_url: public_url.into(),
        mailboxes: HashMap::new(),
        language: "en".into(),
        backoff: Backoff::default(),
        expiry: Post::USUAL_EXPIRY,
        caps: HashMap::new(),
        governor: Governor::default(),
        zone: jiff::tz::TimeZone::UTC,
    }
}

/// An account that notes what it is given: address and text.
#[derive(Debug)]
pub(crate) struct Notes {
    pub(crate) channel: Channel,
    pub(crate) given: Given,
}

#[async_trait]
impl Carrier for Notes {
    fn name(&self) -> &str {
        match self.channel {
            Channel::Email => "mail",
            Channel::Sms | Channel::Push => "sms",
        }
    }

    fn speaks(&self, channel: Channel) -> bool {
        channel == self.channel
    }

    fn repeatable(&self) -> bool {
        false
    }

    fn replies(&self) -> bool {
        true
    }

    async fn deliver(&self, message: &Message<'_>) -> Delivery {
        let text = match message.content {
            Content::Sms(sms) => sms.text.clone(),
            Content::Email { email, .. } => format!("{}\n{}", email.subject, email.text),
            Content::Push { .. } => String::new(),
        };
        self.given.lock().unwrap().push((message.to.wire().to_owned(), text));
        Delivery::new(AttemptOutcome::Sent, "")
    }
}
