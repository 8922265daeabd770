//! A report says that a number is dead: the query is asked again, and the message sent once more where its text can be had
//! back from the provider (rule Q6, *after*).
//!
//! *Report → text read back → query → substitution written → request → provider's id written.* The row that says that it is
//! being sent again is durable before the request leaves, and can be written once: so it is sent again once, or nobody
//! knows, and never twice. What is interrupted before that is decided anew when the report is repeated.

use super::{
    asleep,
    authorize::{Whose, authorize, whole},
    gateway::{Account, Gateway},
    passed,
    reference::{PassedReference, SenderSide, our_url},
    resolve,
    substitute::{self, Decided, Wanted},
};
use crate::{
    domain::{
        address::Address,
        asleep::Event,
        identity_bound::{Bound, Traits},
    },
    provider::{
        Channel, Custody, Flag, Incoming, MARKER, MessageKind, Moment, Outcome, Outgoing, Reply, Request, Sends, Whole,
    },
    store::{Effect, Fate, Passed, Passing, Returned, StoreError, Substitution, Unreachable},
    transport::http::Failure,
};
use std::sync::Arc;

/// A verified report about a message that went on unchanged, by what the URL names: the request to the sender's own URL,
/// unless the message was sent once more, whose reports then stand in the place of this one's.
pub(super) async fn report(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    incoming: &Incoming<'_>,
    reference: PassedReference,
) -> Result<Option<Request>, StoreError> {
    let found = gateway.env.store.passed(reference.passed).await?.filter(|row| &*row.account == account.name());
    let Some(row) = found else {
        tracing::warn!(account = account.name(), "a report names no known message");
        return Ok(None);
    };
    let side = SenderSide::kept(row.callback.as_deref());
    // One that cannot be read is the sender's to read.
    let events = account.provider.read_status(incoming).unwrap_or_default();
    let is_its_own = |id: &str| row.foreign_id.as_deref().is_none_or(|known| known == id);
    let dead = events.iter().find(|event| event.flags.has(Flag::NumberDead) && is_its_own(&event.id));
    let fate = match dead.filter(|_| row.fate == Fate::Waiting) {
        Some(event) => number_is_dead(gateway, account, row, &event.id, event.code.as_deref()).await?,
        None => row.fate,
    };
    if matches!(fate, Fate::SentAgain(_)) {
        return Ok(None);
    }
    let Some(url) = side.urls.get(reference.callback) else { return Ok(None) };
    Ok(Some(account.provider.restore_callback(incoming, url, &[], side.key_of(account)).request))
}

/// A dead number in a report that names no message of ours in its URL: one of a sender's, by the provider's id. Whether it
/// was about one.
pub(super) async fn unnamed(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    id: &str,
    code: Option<&str>,
) -> Result<bool, StoreError> {
    if !account.after {
        return Ok(false);
    }
    let Some(row) = gateway.env.store.passed_named(account.name(), &[id.into()]).await?.pop() else { return Ok(false) };
    if row.fate == Fate::Waiting {
        number_is_dead(gateway, account, row, id, code).await?;
    }
    Ok(true)
}

/// Decides, in a task of its own, so that a provider who hangs up does not end it halfway.
async fn number_is_dead(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    row: Passed,
    id: &str,
    code: Option<&str>,
) -> Result<Fate, StoreError> {
    let task = {
        let (gateway, account) = (Arc::clone(gateway), Arc::clone(account));
        let (id, way) = (Box::<str>::from(id), format!("report:{}:{}", account.name(), code.unwrap_or_default()));
        async move { Dead { gateway: &gateway, account: &account, row: &row, id: &id, way: &way }.settle().await }
    };
    match gateway.tasks.spawn(task).await {
        Ok(settled) => settled,
        Err(error) => {
            tracing::error!(%error, "a message to a dead number was not looked at to its end");
            Ok(Fate::Waiting)
        }
    }
}

/// A message whose number is dead.
struct Dead<'a> {
    gateway: &'a Gateway,
    account: &'a Account,
    row: &'a Passed,
    /// The provider's id of it.
    id: &'a str,
    /// Who said that the number is dead.
    way: &'a str,
}

/// What is sent in its place.
struct Again {
    row: Substitution,
    request: Request,
}

impl Dead<'_> {
    async fn settle(&self) -> Result<Fate, StoreError> {
        let settled = match self.again().await? {
            Ok(again) => self.send(again).await,
            Err(why) => {
                tracing::info!(account = self.account.name(), passed = %self.row.id, why, "not sent once more");
                let fate = Fate::Left(why.into());
                self.end(&[], fate.clone()).await.map(|()| fate)
            }
        };
        match settled {
            // Another report was faster.
            Err(StoreError::Conflict) => {
                let now = self.gateway.env.store.passed(self.row.id).await?;
                Ok(now.map_or(Fate::Left("it is no longer known".into()), |row| row.fate))
            }
            other => other,
        }
    }

    /// What is to be sent, or why nothing is.
    async fn again(&self) -> Result<Result<Again, &'static str>, StoreError> {
        let (gateway, account) = (self.gateway, self.account);
        if !account.after {
            return Ok(Err("the account no longer wants it"));
        }
        if account.provider.provider().sends() != Some(Sends::Sms) {
            return Ok(Err("the provider's file says no way to send a text message"));
        }
        if !resolve::may_have_moved(&gateway.env, &self.row.used) {
            return Ok(Err("nobody is known to have left that number"));
        }
        let text = match self.read_back().await {
            Ok(text) => text,
            Err(why) => return Ok(Err(why)),
        };
        let side = SenderSide::kept(self.row.callback.as_deref());
        let from = text.from.as_deref().or(self.row.sender.as_ref().map(Address::wire));
        // Rule Q8, again: now the text is known that the provider has.
        let bound = || {
            let what = Traits { sender: from, key: side.key.as_deref(), text: Some(&text.text) };
            account.bound.matched(&what, account.region.or(gateway.env.rules().region))
        };
        let wanted = Wanted {
            to: &self.row.used_text,
            from,
            channel: Channel::Message,
            way: "after",
            identity_bound: &bound as &(dyn Fn() -> Option<Bound> + Sync),
        };
        let found = substitute::decide_about(gateway, account, &wanted, self.row.used.clone()).await?;
        let decided = match found {
            Some(candidate) => candidate.admitted(gateway, account).await?,
            None => None,
        };
        let Some(Decided { mut row, .. }) = decided else { return Ok(Err("the query said no")) };
        let side = SenderSide { first: Some(self.id.into()), ..side };
        row.callback = side.write();
        let callback = side.reports.map(|index| our_url(account, &[row.id], index, false));
        let reference = row.id.to_string();
        let outgoing = Outgoing {
            to: row.connected.wire(),
            from: text.from.as_deref(),
            text: &text.text,
            media: &[],
            reference: &reference,
            callback: callback.as_deref(),
            kind: MessageKind::Sms,
        };
        Ok(match account.provider.send(&outgoing) {
            Ok(mut request) => {
                request.headers.insert(MARKER, http::HeaderValue::from_static("1"));
                Ok(Again { row, request })
            }
            Err(error) => {
                tracing::error!(account = account.name(), %error, "a message cannot be sent once more");
                Err("the provider's file cannot write it")
            }
        })
    }

    /// The text, from the provider.
    async fn read_back(&self) -> Result<Whole, &'static str> {
        let account = self.account;
        let request = account.provider.read_back(self.id).ok_or("the provider gives no text back")?;
        let request = request.map_err(|_| "the provider's file cannot ask for its text")?;
        let reply = self.exchange(request).await.map_err(|error| {
            tracing::warn!(account = account.name(), %error, "a text could not be had back");
            "the provider did not say its text"
        })?;
        let read = account.provider.read_whole(reply.status(), reply.headers(), reply.body());
        read.ok_or("its text is not there, or not all of it")
    }

    /// Writes that it is being sent, and sends it.
    async fn send(&self, Again { row, request }: Again) -> Result<Fate, StoreError> {
        let account = self.account;
        let fate = Fate::SentAgain(row.id);
        self.end(std::slice::from_ref(&row), fate.clone()).await?;
        let reply = match self.exchange(request).await {
            Ok(reply) => account.provider.read_reply(reply.status(), reply.headers(), reply.body()),
            Err(Failure::Unknown(error)) => {
                // It may have left. A report may yet tell; it is never sent a second time.
                tracing::warn!(account = account.name(), substitution = %row.id, %error, "no answer: unknown");
                return Ok(fate);
            }
            Err(error) => return self.take_back(&row, &error.to_string()).await,
        };
        match &reply {
            Reply { outcome: Outcome::Sent | Outcome::Unknown, id, .. } => {
                if let Some(id) = id {
                    let named = Substitution { foreign_id: Some(id.clone()), ..row.clone() };
                    substitute::name(self.gateway, [&named].into_iter()).await;
                }
                tracing::info!(account = account.name(), passed = %self.row.id, substitution = %row.id, "sent once more");
                Ok(fate)
            }
            Reply { code, .. } => {
                let code = code.as_deref().unwrap_or_default();
                tracing::warn!(account = account.name(), substitution = %row.id, code, "not taken");
                self.take_back(&row, "the provider did not take it").await
            }
        }
    }

    /// It did not leave, so the sender hears that the first one failed.
    async fn take_back(&self, row: &Substitution, why: &str) -> Result<Fate, StoreError> {
        passed::write(self.gateway, Passing::TakenBack(self.row.id, row.id, why.into())).await?;
        Ok(Fate::Left(why.into()))
    }

    /// Writes what becomes of the message, and that its number is dead. Where the sender holds the provider's credentials
    /// they could have written the report themselves, and so it ends nobody's messages.
    async fn end(&self, rows: &[Substitution], fate: Fate) -> Result<(), StoreError> {
        let mut effects = vec![Effect::Passing(Passing::Ended(self.row.id, fate))];
        if self.account.provider.settings().custody == Custody::Operator {
            let (address, at) = (self.row.used.clone(), self.gateway.env.store.now().await?);
            effects.extend(asleep::fallen(&self.gateway.env, &address, Event::Dead, at).await?);
            effects.push(Effect::Returned(Returned::Unreachable(Unreachable { address, at, way: self.way.into() })));
        }
        substitute::write_with(self.gateway, rows, effects).await
    }

    async fn exchange(&self, mut request: Request) -> Result<http::Response<bytes::Bytes>, Failure> {
        let (gateway, account) = (self.gateway, self.account);
        let moment = Moment { now: gateway.env.clock.now(), bits: gateway.env.random.bits() };
        let client = &gateway.ways.private;
        if let Err(error) = authorize(client, &account.provider, &mut request, moment, Whose::Own).await {
            tracing::error!(account = account.name(), %error, "a request has no credentials");
            return Err(Failure::Forbidden("there are no credentials"));
        }
        client.send(whole(request)?).await
    }
}
