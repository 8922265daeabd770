//! A call webhook that comes before the other leg is placed: the provider's document connects the new number, or leaves
//! the call as it is (rules Q6, Q7, Q10, Q12, W1).

use super::{
    announce,
    answered::{Before, Everywhere},
    command,
    gateway::{Account, Gateway},
    substitute::{self, Decided, Glance, Wanted},
};
use crate::{
    clock::Time,
    domain::{address::Address, identity_bound::Traits},
    provider::{Call, CallAnswer, Channel, Document, ErrorKind, Incoming, Phase, Verified},
    store::StoreError,
};
use std::sync::Arc;

/// Answers a verified call webhook. Always with a document; *unchanged* where anything is in doubt.
pub async fn answer(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    incoming: &Incoming<'_>,
    verified: Verified,
) -> Document {
    if let Some(document) = account.provider.answer_other(incoming) {
        return document;
    }
    let call = match account.provider.read_call(incoming) {
        Ok(call) => call,
        Err(malformed) => {
            gateway.refused("hook", "malformed");
            tracing::warn!(account = account.name(), place = &*malformed.place, "a call webhook cannot be read");
            return account.provider.error(ErrorKind::Malformed, &malformed.to_string());
        }
    };
    let unchanged = || {
        command::follow(gateway, account, &call, CallAnswer::Unchanged);
        account.provider.answer_call(&call, CallAnswer::Unchanged)
    };
    if !verified.covers_parameters {
        // Nor does it lead to an order: anybody could have chosen the call and the number.
        return account.provider.answer_call(&call, CallAnswer::Unchanged);
    }
    if call.phase == Phase::Answered {
        return unchanged();
    }
    let key = gateway.answered.key(account.name(), &call.id);
    let bound = || {
        let region = account.region.or(gateway.env.rules().region);
        account.bound.listed(&Traits { sender: Some(&call.from), ..Traits::default() }, region)
    };
    let wanted =
        Wanted { to: &call.to, from: Some(&call.from), channel: Channel::Call, way: "hook", identity_bound: &bound };
    let glance = substitute::glance(gateway, account, &wanted);
    let before = match &glance {
        Glance::MayHaveMoved(_) => gateway.answered.look(key, incoming.now),
        Glance::NeverMoved | Glance::NoNumber => gateway.answered.look_and_keep(key, incoming.now),
    };
    match (before, glance) {
        (Before::JustNow(first), _) => first,
        // The order, if any, was given then.
        (Before::Already, _) => account.provider.answer_call(&call, CallAnswer::Unchanged),
        (Before::Never, Glance::NoNumber) => unchanged(),
        (Before::Never, Glance::NeverMoved) => {
            substitute::count_unmoved(gateway, account, wanted.way);
            unchanged()
        }
        // In a box, so that a call to a number that never moved is not moved about with room for it.
        (Before::Never, Glance::MayHaveMoved(to)) => {
            Box::pin(elsewhere(gateway, account, &call, &wanted, to, incoming.now)).await
        }
    }
}

/// A call to a number that may have moved.
async fn elsewhere(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    call: &Call<'_>,
    wanted: &Wanted<'_>,
    to: Address,
    now: Time,
) -> Document {
    let key = gateway.answered.key(account.name(), &call.id);
    let begun = tokio::time::Instant::now();
    let decided = substitute::fail_open(gateway, account, decide(gateway, account, call, wanted, to)).await;
    let Some(Decided { row, revealed }) = decided else {
        gateway.answered.keep(key, now, None);
        command::follow(gateway, account, call, CallAnswer::Unchanged);
        return account.provider.answer_call(call, CallAnswer::Unchanged);
    };
    let say = announce::line(account, &row.connected, revealed.as_deref());
    let connect = CallAnswer::Connect { to: row.connected.wire(), say: say.as_deref() };
    let document = account.provider.answer_call(call, connect);
    gateway.answered.keep(key, now, Some(document.clone()));
    command::follow(gateway, account, call, connect);
    gateway.metrics.hook_time.observe(begun.elapsed().as_secs_f64());
    tracing::info!(account = account.name(), query = %row.query, "a call is connected elsewhere");
    document
}

/// Decides, and has written the row before it says so; what another process has decided before counts.
async fn decide(
    gateway: &Gateway,
    account: &Account,
    call: &Call<'_>,
    wanted: &Wanted<'_>,
    to: Address,
) -> Result<Option<Decided>, StoreError> {
    let everywhere = Everywhere::of(account.name(), wanted.channel, &call.id);
    let Some(mut candidate) = substitute::decide_about(gateway, account, wanted, to).await? else {
        everywhere.unchanged(gateway).await;
        return Ok(None);
    };
    candidate.decided.row.foreign_id = Some(call.id.as_ref().into());
    everywhere.write(gateway, account, candidate).await
}
