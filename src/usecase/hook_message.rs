//! A webhook that comes before a message is sent: the system is told to send it to the new number, or as it is (rules Q6,
//! Q7, Q8, Q10, Q12, W1).

use super::{
    answered::{Before, Everywhere},
    gateway::{Account, Gateway},
    substitute::{self, Decided, Glance, Wanted},
};
use crate::{
    domain::identity_bound::{Bound, Traits},
    provider::{Channel, Document, ErrorKind, Incoming, Message, MessageAnswer, Verified},
    store::StoreError,
};

/// Answers a verified webhook. Always with a document; *unchanged* where anything is in doubt.
pub async fn answer(gateway: &Gateway, account: &Account, incoming: &Incoming<'_>, verified: Verified) -> Document {
    let message = match account.provider.read_message(incoming) {
        Ok(message) => message,
        Err(malformed) => {
            gateway.refused("hook", "malformed");
            tracing::warn!(account = account.name(), place = &*malformed.place, "a message webhook cannot be read");
            return account.provider.error(ErrorKind::Malformed, &malformed.to_string());
        }
    };
    let unchanged = || account.provider.answer_message(&message, MessageAnswer::Unchanged);
    if !verified.covers_parameters {
        return unchanged();
    }
    // A call and a message may have one id.
    let key = gateway.answered.key(account.name(), &format!("message {}", message.id));
    match gateway.answered.look(key, incoming.now) {
        Before::JustNow(first) => return first,
        Before::Already => return unchanged(),
        Before::Never => {}
    }
    let decided = substitute::fail_open(gateway, account, decide(gateway, account, &message)).await;
    let Some(Decided { row, .. }) = decided else {
        gateway.answered.keep(key, incoming.now, None);
        return unchanged();
    };
    let document = account.provider.answer_message(&message, MessageAnswer::Connect { to: row.connected.wire() });
    gateway.answered.keep(key, incoming.now, Some(document.clone()));
    tracing::info!(account = account.name(), query = %row.query, "a message is sent elsewhere");
    document
}

/// Decides, and has written the row before it says so; what another process has decided before counts.
async fn decide(gateway: &Gateway, account: &Account, message: &Message<'_>) -> Result<Option<Decided>, StoreError> {
    let from = Some(&*message.from).filter(|from| !from.is_empty());
    let bound = || {
        let what = Traits { sender: from, key: None, text: message.text.as_deref() };
        let region = account.region.or(gateway.env.rules().region);
        message.identity_bound.then_some(Bound::Request).or_else(|| account.bound.matched(&what, region))
    };
    let wanted = Wanted { to: &message.to, from, channel: Channel::Message, way: "hook", identity_bound: &bound };
    let to = match substitute::glance(gateway, account, &wanted) {
        Glance::MayHaveMoved(to) => to,
        Glance::NoNumber => return Ok(None),
        Glance::NeverMoved => {
            substitute::count_unmoved(gateway, account, wanted.way);
            return Ok(None);
        }
    };
    let everywhere = Everywhere::of(account.name(), wanted.channel, &message.id);
    let Some(mut candidate) = substitute::decide_about(gateway, account, &wanted, to).await? else {
        everywhere.unchanged(gateway).await;
        return Ok(None);
    };
    candidate.decided.row.foreign_id = Some(message.id.as_ref().into());
    everywhere.write(gateway, account, candidate).await
}
