//! *Send a message* and *create a call* at a drop-in endpoint (rules Q5 to Q8, Q10, Q12).

use super::{
    gateway::{Account, Gateway},
    passed,
    reference::{SenderSide, our_url, swap},
    relay::{self, Relayed},
    substitute::{self, Decided, Glance, Wanted},
};
use crate::{
    domain::{
        address::phone,
        id::SubstitutionId,
        identity_bound::{Bound, Traits},
    },
    provider::{Changes, Communication, ErrorKind, Incoming, Request, Route, SenderKey},
    store::{StoreError, Substitution},
};
use bytes::Bytes;
use http::Response;
use std::sync::Arc;
use tokio::time::Instant;

/// Sends it on, to the new numbers where there are some.
pub async fn send(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    route: &Route,
    incoming: &Incoming<'_>,
    sender: Option<&SenderKey>,
) -> Relayed {
    let wanted = account.provider.read_request(route, incoming);
    let plan = if wanted.marked || nobody_moved(gateway, account, route, &wanted) {
        None
    } else {
        // In a box, as all that is rare, so that nearly every message is not moved about with room for it.
        Box::pin(substitute::fail_open(gateway, account, plan(gateway, account, (route, incoming), &wanted, sender)))
            .await
    };
    let Some((sent, changes)) = plan else {
        let bound = account.after && bound(gateway, account, &wanted, sender).is_some();
        return passed::send(gateway, account, route, incoming, &wanted, sender, bound).await;
    };
    let request = account.provider.forward(incoming, Some((route, &changes)));
    // In a task of its own: if the sender hangs up now, the provider's id must still be kept, for reports and reads.
    let task = {
        let (gateway, account, route) = (Arc::clone(gateway), Arc::clone(account), route.clone());
        async move { exchange(&gateway, &account, &route, request, sent).await }
    };
    match gateway.tasks.spawn(task).await {
        Ok(relayed) => relayed,
        Err(error) => {
            tracing::error!(%error, "an exchange ended early");
            Relayed::HangUp
        }
    }
}

/// Whether memory alone says that no recipient has moved; then they are counted.
fn nobody_moved(gateway: &Gateway, account: &Account, route: &Route, wanted: &Communication) -> bool {
    let glances = wanted.destinations.iter().map(|one| {
        let from = wanted.sender.as_deref();
        substitute::glance(
            gateway,
            account,
            &Wanted { to: &one.text, from, channel: route.channel, way: "via", identity_bound: &|| None },
        )
    });
    let mut never_moved = 0;
    for glance in glances {
        match glance {
            Glance::MayHaveMoved(_) => return false,
            Glance::NeverMoved => never_moved += 1,
            Glance::NoNumber => {}
        }
    }
    for _ in 0..never_moved {
        substitute::count_unmoved(gateway, account, "via");
    }
    true
}

/// Whether the request is a one-time code or the like (rule Q8).
fn bound(gateway: &Gateway, account: &Account, wanted: &Communication, sender: Option<&SenderKey>) -> Option<Bound> {
    let key = sender.map(|key| &*key.user).filter(|user| !user.is_empty());
    let what = Traits { sender: wanted.sender.as_deref(), key, text: wanted.text.as_deref() };
    let region = account.region.or(gateway.env.rules().region);
    wanted.identity_bound.then_some(Bound::Request).or_else(|| account.bound.matched(&what, region))
}

/// What of one request goes elsewhere.
struct Sent {
    /// The recipient's position and its row, in the order of the rows' ids.
    rows: Vec<(usize, Substitution)>,
    /// How many recipients the request has.
    of: usize,
}

/// The rows, written, and what to change in the request; `None` where nothing is.
async fn plan(
    gateway: &Gateway,
    account: &Account,
    (route, incoming): (&Route, &Incoming<'_>),
    wanted: &Communication,
    sender: Option<&SenderKey>,
) -> Result<Option<(Sent, Changes)>, StoreError> {
    // Lazily: for nearly all messages no recipient has moved, and then the text does not matter.
    let bound = || bound(gateway, account, wanted, sender);
    let mut rows = Vec::new();
    for destination in &wanted.destinations {
        let one = Wanted {
            to: &destination.text,
            from: wanted.sender.as_deref(),
            channel: route.channel,
            way: "via",
            identity_bound: &bound,
        };
        if let Some(Decided { row, .. }) = substitute::decide(gateway, account, &one).await? {
            rows.push((destination.index, row));
        }
    }
    if rows.is_empty() || account.provider.hides_callback(route, incoming) {
        return Ok(None);
    }
    let region = account.region.or(gateway.env.rules().region);
    let key = |text: &str| phone::parse(text, region).map_or_else(|_| text.into(), |address| address.key().into());
    let mut rows = once_each(&wanted.destinations.iter().map(|one| key(&one.text)).collect::<Vec<_>>(), rows);
    if rows.is_empty() {
        return Ok(None);
    }
    let side = SenderSide::of(sender, &wanted.callbacks).write();
    for (_, row) in &mut rows {
        row.callback.clone_from(&side);
    }
    rows.sort_by_key(|(_, row)| row.id);
    let connected = rows.iter().map(|(index, row)| (*index, row.connected.wire().into())).collect();
    let mut changes = Changes { destinations: connected, ..Changes::default() };
    let ids: Vec<SubstitutionId> = rows.iter().map(|(_, row)| row.id).collect();
    for callback in &wanted.callbacks {
        changes.callbacks.push((callback.index, our_url(account, &ids, callback.index, callback.answers)));
    }
    let written: Vec<Substitution> = rows.iter().map(|(_, row)| row.clone()).collect();
    substitute::write(gateway, &written).await?;
    Ok(Some((Sent { rows, of: wanted.destinations.len() }, changes)))
}

/// Several recipients in one request, each decided by itself. A person who has two numbers in it gets the message once
/// at the new one: where a new number would stand in the request twice, or beside a recipient who has it anyway, the
/// other recipient stays as it was written. So each number stands for one recipient, and the reply can be mapped back.
///
/// `used` are the keys of all recipients as written, `rows` what would go elsewhere, by the recipient's position.
fn once_each(used: &[Box<str>], mut rows: Vec<(usize, Substitution)>) -> Vec<(usize, Substitution)> {
    loop {
        let mut sent: Vec<&str> = used.iter().map(AsRef::as_ref).collect();
        for (index, row) in &rows {
            sent[*index] = row.connected.key();
        }
        // The first of two rows wins; one recipient left as written may now stand in another's way, so it goes round.
        let twin = rows.iter().rposition(|(index, row)| {
            let mut others = sent.iter().enumerate().filter(|(other, _)| other != index);
            others.any(|(_, key)| *key == row.connected.key())
        });
        match twin {
            Some(twin) => rows.remove(twin),
            None => return rows,
        };
    }
}

async fn exchange(gateway: &Gateway, account: &Account, route: &Route, request: Request, mut sent: Sent) -> Relayed {
    let begun = Instant::now();
    let relayed = relay::send_whole(gateway, account, request).await;
    gateway.metrics.took("query", "provider", begun.elapsed());
    let (original, reply) = match relay::read_whole(gateway, relayed).await {
        Ok(read) => read,
        Err(other) => return other,
    };
    if !relay::is_plain(&original) {
        tracing::error!(account = account.name(), "the provider compressed a reply that was to be mapped back");
        return Relayed::Document(account.provider.error(ErrorKind::Unavailable, "the reply cannot be read"));
    }
    name_rows(gateway, account, route, &reply, &mut sent).await;
    let ids: Vec<SubstitutionId> = sent.rows.iter().map(|(_, row)| row.id).collect();
    let swaps: Vec<_> = sent.rows.iter().map(|(_, row)| swap(account, row, &ids, row.foreign_id.as_deref())).collect();
    Relayed::Whole(reply.map(|body| account.provider.restore_reply(route, &body, &swaps)))
}

/// Keeps the provider's id of each.
async fn name_rows(gateway: &Gateway, account: &Account, route: &Route, reply: &Response<Bytes>, sent: &mut Sent) {
    let recipients: Vec<(usize, &str)> = sent.rows.iter().map(|(index, row)| (*index, row.connected.wire())).collect();
    let ids = account.provider.recipient_ids(route, reply.body(), &recipients, sent.of);
    for ((_, row), id) in sent.rows.iter_mut().zip(ids) {
        row.foreign_id = id;
    }
    substitute::name(gateway, sent.rows.iter().map(|(_, row)| row)).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Time,
        domain::{
            address::Address,
            id::{OwnerId, QueryId},
        },
    };

    fn row(index: usize, connected: &str) -> (usize, Substitution) {
        let row = Substitution {
            id: SubstitutionId(index as u128),
            account: "main".into(),
            channel: "message".into(),
            owner: OwnerId(1),
            used: Address::stored("", ""),
            used_text: "".into(),
            connected: Address::stored(connected, connected),
            sender: None,
            callback: None,
            foreign_id: None,
            query: QueryId(1),
            at: Time(0),
        };
        (index, row)
    }

    #[test]
    fn q5_each_number_stands_for_one_recipient() {
        for (rule, used, moves, kept) in [
            ("one of several", &["a", "b", "c"][..], &[(1, "n")][..], &[1][..]),
            ("two with numbers of their own", &["a", "b"], &[(0, "n"), (1, "m")], &[0, 1]),
            ("two numbers of one person: once", &["a", "b"], &[(0, "n"), (1, "n")], &[0]),
            ("beside the new number itself", &["a", "n"], &[(0, "n")], &[]),
            ("a number that its own holder has left as well", &["a", "b"], &[(0, "b"), (1, "c")], &[0, 1]),
            ("and its way is closed, so the first one's too", &["a", "b", "c"], &[(0, "b"), (1, "c")], &[]),
            ("two who changed places", &["a", "b"], &[(0, "b"), (1, "a")], &[0, 1]),
        ] {
            let used: Vec<Box<str>> = used.iter().map(|one| (*one).into()).collect();
            let rows = moves.iter().map(|&(index, to)| row(index, to)).collect();
            let left: Vec<usize> = once_each(&used, rows).iter().map(|(index, _)| *index).collect();
            assert_eq!(left, kept, "{rule}");
        }
    }
}
