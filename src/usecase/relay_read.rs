//! Reading and listing messages and calls at a drop-in endpoint: the sender sees the number that it used (rule Q5).

use super::{
    gateway::{Account, Gateway},
    reference::swap,
    relay::{self, Relayed},
};
use crate::{
    domain::id::SubstitutionId,
    provider::{ErrorKind, Incoming, Route, Swap},
    store::{StoreError, Substitution},
};
use http::header;

/// Passes the request on and maps the reply back. Where the store cannot be asked, the sender gets an error and not
/// the provider's numbers: nobody's call depends on a read.
pub async fn read(gateway: &Gateway, account: &Account, route: &Route, incoming: &Incoming<'_>) -> Relayed {
    let mut request = account.provider.forward(incoming, None);
    request.headers.remove(header::ACCEPT_ENCODING);
    let relayed = relay::send_whole(gateway, account, request).await;
    let (original, mut reply) = match relay::read_whole(gateway, relayed).await {
        Ok(read) => read,
        Err(other) => return other,
    };
    if !relay::is_plain(&original) {
        return Relayed::Document(account.provider.error(ErrorKind::Unavailable, "the reply cannot be read"));
    }
    match swaps(gateway, account, route, reply.body()).await {
        Ok(swaps) if swaps.is_empty() => {
            *reply.headers_mut() = original;
            Relayed::Whole(reply)
        }
        Ok(swaps) => Relayed::Whole(reply.map(|body| account.provider.restore_reply(route, &body, &swaps))),
        Err(error) => {
            tracing::error!(account = account.name(), %error, "a reply cannot be mapped back");
            Relayed::Document(account.provider.error(ErrorKind::Unavailable, "the reply cannot be read now"))
        }
    }
}

async fn swaps(
    gateway: &Gateway,
    account: &Account,
    route: &Route,
    body: &bytes::Bytes,
) -> Result<Vec<Swap>, StoreError> {
    let ids = account.provider.reply_ids(route, body);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = gateway.env.store.substitutions_named(account.name(), &ids).await?;
    rows.sort_by_key(|row| row.id);
    Ok(rows.iter().map(|row| swap(account, row, &together(&rows, row), row.foreign_id.as_deref())).collect())
}

/// The substitutions of the same request, which its callback URLs name.
fn together(rows: &[Substitution], one: &Substitution) -> Vec<SubstitutionId> {
    rows.iter().filter(|row| row.foreign_id == one.foreign_id).map(|row| row.id).collect()
}
