//! A call webhook that comes before the other leg is placed: the provider's document connects the new number, or leaves
//! the call as it is (rules Q6, Q7, Q10, Q12, W1).

use super::{
    announce,
    answered::Before,
    command,
    gateway::{Account, Gateway},
    substitute::{self, Decided, Wanted},
};
use crate::{
    domain::identity_bound::Traits,
    provider::{Call, CallAnswer, Channel, Document, ErrorKind, Incoming, Phase, Verified},
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
    match gateway.answered.look(account.name(), &call.id, incoming.now) {
        Before::JustNow(first) => return first,
        // The order, if any, was given then.
        Before::Already => return account.provider.answer_call(&call, CallAnswer::Unchanged),
        Before::Never => {}
    }
    let begun = tokio::time::Instant::now();
    let decided = substitute::fail_open(gateway, account, decide(gateway, account, &call)).await;
    let Some(Decided { row, revealed }) = decided else {
        gateway.answered.keep(account.name(), &call.id, incoming.now, None);
        return unchanged();
    };
    let say = announce::line(account, &row.connected, revealed.as_deref());
    let connect = CallAnswer::Connect { to: row.connected.wire(), say: say.as_deref() };
    let document = account.provider.answer_call(&call, connect);
    gateway.answered.keep(account.name(), &call.id, incoming.now, Some(document.clone()));
    command::follow(gateway, account, &call, connect);
    gateway.metrics.hook_time.observe(begun.elapsed().as_secs_f64());
    tracing::info!(account = account.name(), query = %row.query, "a call is connected elsewhere");
    document
}

/// Decides, and has written the row before it says so.
async fn decide(
    gateway: &Gateway,
    account: &Account,
    call: &Call<'_>,
) -> Result<Option<Decided>, crate::store::StoreError> {
    let bound = || {
        let region = account.region.or(gateway.env.rules().region);
        account.bound.listed(&Traits { sender: Some(&call.from), ..Traits::default() }, region)
    };
    let wanted =
        Wanted { to: &call.to, from: Some(&call.from), channel: Channel::Call, way: "hook", identity_bound: &bound };
    let Some(mut decided) = substitute::decide(gateway, account, &wanted).await? else { return Ok(None) };
    decided.row.foreign_id = Some(call.id.as_ref().into());
    substitute::write(gateway, std::slice::from_ref(&decided.row)).await?;
    Ok(Some(decided))
}
