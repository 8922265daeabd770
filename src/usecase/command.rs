//! The order that follows the answer to a call webhook, at providers that take orders instead of documents.

use super::{
    authorize::{Whose, authorize, whole},
    gateway::{Account, Gateway},
};
use crate::{
    provider::{Call, CallAnswer, Command, Moment},
    transport::http::Failure,
};
use std::{sync::Arc, time::Duration};

/// Before each further try: a caller is waiting.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Done,
    /// The provider refused it, or was not reached.
    NotDone,
    /// It may have been carried out.
    Unknown,
}

/// Gives the order in the background, where there is one. An order to connect that was certainly not carried out is
/// followed by the order to leave the call as it is (rule Q7).
pub(super) fn follow(gateway: &Arc<Gateway>, account: &Arc<Account>, call: &Call<'_>, answer: CallAnswer<'_>) {
    let orders = match answer {
        CallAnswer::Connect { .. } => vec![answer, CallAnswer::Unchanged],
        CallAnswer::Unchanged => vec![answer],
    };
    let mut commands = Vec::new();
    for answer in orders {
        match account.provider.command(call, answer) {
            Some(Ok(command)) => commands.push(command),
            Some(Err(error)) => tracing::error!(account = account.name(), %error, "an order cannot be written"),
            None => {}
        }
    }
    if commands.is_empty() {
        return;
    }
    let task = {
        let (gateway, account) = (Arc::clone(gateway), Arc::clone(account));
        async move {
            for command in commands {
                match give(&gateway, &account, &command).await {
                    Ended::Done => return,
                    Ended::Unknown => {
                        tracing::warn!(account = account.name(), "nobody knows whether an order was carried out");
                        return;
                    }
                    Ended::NotDone => tracing::error!(account = account.name(), "an order was not carried out"),
                }
            }
        }
    };
    gateway.tasks.spawn(task);
}

async fn give(gateway: &Gateway, account: &Account, command: &Command) -> Ended {
    let mut pauses = PAUSES.iter();
    loop {
        let ended = once(gateway, account, command).await;
        let again = match ended {
            Ok(ended) => return ended,
            Err(ended) => ended == Ended::NotDone || command.repeatable,
        };
        let Some(pause) = pauses.next().filter(|_| again) else { return ended.unwrap_or_else(|ended| ended) };
        tokio::select! {
            () = tokio::time::sleep(*pause) => {}
            () = gateway.stop.cancelled() => return ended.unwrap_or_else(|ended| ended),
        }
    }
}

/// One try; the error is an end after which another try may do.
async fn once(gateway: &Gateway, account: &Account, command: &Command) -> Result<Ended, Ended> {
    // The provider's own address, or what the operator put in its place.
    let client = &gateway.ways.private;
    let mut request = command.request.clone();
    let moment = Moment { now: gateway.env.clock.now(), bits: gateway.env.random.bits() };
    if let Err(error) = authorize(client, &account.provider, &mut request, moment, Whose::Own).await {
        tracing::error!(account = account.name(), %error, "an order has no credentials");
        return Err(Ended::NotDone);
    }
    let reply = match whole(request) {
        Ok(request) => client.send(request).await,
        Err(failure) => Err(failure),
    };
    match reply.map(|reply| reply.status()) {
        Ok(status) if status.is_success() => Ok(Ended::Done),
        Ok(status) if status.is_server_error() || matches!(status.as_u16(), 408 | 429) => Err(Ended::NotDone),
        Ok(status) => {
            tracing::warn!(account = account.name(), status = status.as_u16(), "an order was refused");
            Ok(Ended::NotDone)
        }
        Err(Failure::Forbidden(_)) => Ok(Ended::NotDone),
        Err(Failure::NotSent(_)) => Err(Ended::NotDone),
        Err(Failure::Unknown(_)) => Err(Ended::Unknown),
    }
}
