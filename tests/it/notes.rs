//! An account that takes everything and notes it.

use async_trait::async_trait;
use redial::{
    domain::{notice::AttemptOutcome, owner::Channel},
    transport::delivery::Delivery,
    usecase::carrier::{Carrier, Content, Message},
};
use std::sync::{Arc, Mutex};

/// An account that notes what it is given: address and text.
#[derive(Debug)]
pub(crate) struct Notes {
    pub(crate) channel: Channel,
    pub(crate) given: Arc<Mutex<Vec<(String, String)>>>,
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
