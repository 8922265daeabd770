//! What is sent, where to and by which account; or why nothing is.

use super::{
    Post, Together,
    looked_up::{self, Asked},
    way::Leave,
};
use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind},
        device::{self, Device, Place},
        group::{Identity, Viewer},
        id::{GroupId, OwnerId},
        notice::{
            Attempt, AttemptOutcome, Difference, Notice, NoticeState, Reach, Recipient, Seen, Shown, View, channels,
            left_to_tell, preferring, rights_digest, without_taken_away,
        },
        owner::{Channel, Contact, Proof},
        query::Verdict,
        target::{Countries, Targets},
    },
    store::{Claimed, Commit, Effect, Leaving, Result, StoreError},
    template::{CardWay, Changed, Letterhead, Sms, TemplateError},
    transport::delivery::Delivery,
    usecase::{
        Env,
        card_page::preferred,
        carrier::{Cards, Carrier, Content, Message},
        exchange::{
            introductions::{Introduces, introduces},
            tray, updates,
        },
        expand_fanout::read_seen,
        receipts::OwnMessage,
        resolve::{self, Ask},
        view::Views,
    },
};
use std::{sync::Arc, time::Duration};

/// How a notice is settled without a request.
#[derive(Debug)]
pub(super) struct Settling {
    pub(super) state: NoticeState,
    pub(super) reason: String,
    /// What the ledger says then.
    pub(super) shown: Option<Shown>,
    /// An attempt of a process that died, whose outcome nobody knows.
    pub(super) dangling: Option<u32>,
    /// When it is looked at again, where it stays open.
    pub(super) due: Option<Time>,
}

impl Settling {
    /// It stays open until then.
    fn at(self, due: Time) -> Self {
        Self { due: Some(due), ..self }
    }
}

/// What to do with a claimed notice.
pub(super) enum Next {
    Settle(Settling),
    Send(Box<Plan>),
}

/// A message, and the ways in which it can leave.
pub(super) struct Plan {
    pub(super) views: Views,
    pub(super) groups: Vec<GroupId>,
    pub(super) languages: Vec<Box<str>>,
    pub(super) addresses: Vec<Address>,
    /// Where a registered recipient has push messages, the device that was in use last first.
    pub(super) devices: Vec<Device>,
    pub(super) channels: Vec<Channel>,
    difference: Difference,
    /// What the ledger says once it is sent.
    pub(super) shown: Shown,
    /// All that there is to be told; what the ledger says where nothing had to be left out.
    told: Seen,
    /// Whether the chosen text has no room for some of it.
    pub(super) left_out: bool,
    /// What it says now, as far as that may still be seen.
    pub(super) before: Seen,
    /// All attempts so far.
    pub(super) attempts: Vec<Attempt>,
    pub(super) chosen: Option<(Reach, Arc<dyn Carrier>, Content)>,
    /// The only way that is left, since it may have left by it already.
    pub(super) bound: Option<Reach>,
    /// The chosen way's place among what is on its way.
    pub(super) leave: Option<Leave>,
    /// Ways by which it did not leave since it was claimed.
    pub(super) failed: Vec<Reach>,
    /// What was read with the rest, for the first way that is chosen: later ones ask again.
    pub(super) fresh: Option<Fresh>,
    /// Whether it introduces the owner (rule E1).
    introduces: bool,
    /// Whether the entry in the recipient's own book says it already (rule E3).
    in_their_book: bool,
}

/// What is known when a notice is looked at.
struct Known {
    views: Views,
    groups: Vec<GroupId>,
    contacts: Vec<Contact>,
    view: Arc<View>,
    /// What the ledger says.
    seen: Option<Seen>,
    /// What was to be seen when the notice began, for whom the ledger says nothing.
    baseline: Arc<Seen>,
    introduces: Introduces,
    attempts: Vec<Attempt>,
    /// Others who were told about the owner at one of the addresses, by its key.
    others: Vec<(Box<str>, Recipient)>,
    /// Addresses that are nobody's but the contact's, and at which nothing was said.
    plain: Vec<Box<str>>,
}

/// How a look at a notice begins.
enum Begun {
    Known(Box<Known>),
    /// There is nothing to be sent, or not yet.
    Over(Settling),
}

impl Known {
    async fn read(env: &Env, notice: &Notice, together: &Together, now: Time) -> Result<Begun> {
        let Leaving { attempts, audience, shown: row, told: others, plain } = together.leaving(env, notice).await?;
        let dangling = attempts.iter().find(|attempt| attempt.outcome.is_none());
        let over = |state, reason: &str| Ok(Begun::Over(settling(state, reason, None, dangling)));
        let (mut groups, contacts) =
            audience.map_or((Vec::new(), Vec::new()), |(audience, contacts)| (audience.groups, contacts));
        let Some(mut views) = together.views(env, notice.owner, &groups, notice.first).await? else {
            return over(NoticeState::Empty, "the owner is gone");
        };
        if views.owner.silenced {
            // Nothing is sent, and nothing is forgotten: what is left to tell after it is found out then (rule C7).
            return over(NoticeState::Open, "the owner has ended everything (panic)");
        }
        if views.blocked(env, notice.recipient, &contacts).await? {
            groups.clear();
        }
        let mut view = views.view(&groups);
        let seen = row.as_ref().map(read_seen).transpose()?;
        let mut baseline = views.baseline(env, &groups, notice.first).await?;
        // Somebody who was never shown anything may be about to be introduced to the owner (rule E1).
        let asked = row.is_none() && views.introduces(&groups);
        let introduces = if asked { introduces(env, notice, &contacts, now).await? } else { Introduces::No };
        match introduces {
            Introduces::No => {}
            Introduces::Now => {
                view = Arc::new(View { told: views.introduced(&groups), ..(*view).clone() });
                baseline = Arc::default();
            }
            Introduces::Later(due) => {
                let reason = format!("an introduction, which rests until {due}");
                return Ok(Begun::Over(settling(NoticeState::Open, &reason, None, dangling).at(due)));
            }
        }
        let known = Self { views, groups, contacts, view, seen, baseline, introduces, attempts, others, plain };
        Ok(Begun::Known(Box::new(known)))
    }
}

fn settling(state: NoticeState, reason: &str, shown: Option<Shown>, dangling: Option<&Attempt>) -> Settling {
    Settling { state, reason: reason.to_owned(), shown, dangling: dangling.map(|attempt| attempt.number), due: None }
}

const UNDER_WAY: &str = "the process ended while the message was on its way; its account is asked for it";

/// What is known of the addresses at the beginning.
pub(super) struct Fresh {
    /// Others who were told about the owner at one of them, by its key.
    pub(super) others: Vec<(Box<str>, Recipient)>,
    /// They are nobody's but the contact's, and nothing was said at them.
    pub(super) nothing_said: bool,
}

impl Plan {
    /// Reads the facts and checks them in the order of rule N4.
    pub(super) async fn make(env: &Env, post: &Post, claimed: &Claimed, together: &Together) -> Result<Next> {
        let notice = &claimed.notice;
        let now = env.store.now().await?;
        let known = match Known::read(env, notice, together, now).await? {
            Begun::Known(known) => *known,
            Begun::Over(settling) => return Ok(Next::Settle(settling)),
        };
        let Known { mut views, groups, contacts, view, seen, baseline, introduces, attempts, others, plain } = known;
        let dangling = attempts.iter().find(|attempt| attempt.outcome.is_none());
        let settle = |state, reason: &str, shown| Ok(Next::Settle(settling(state, reason, shown, dangling)));
        let mut before = without_taken_away(seen.as_ref().unwrap_or(&baseline), &view.visible);
        let shown = |views: &Views, card: &Seen| Shown {
            owner: notice.owner,
            recipient: notice.recipient,
            revision: views.owner.revision,
            rights: rights_digest(&views.told_rights(&groups)),
            card: card.to_json(),
            at: now,
        };
        let mut difference = left_to_tell(seen.as_ref(), &baseline, &view);
        // The last attempt of which nobody knows whether it left: of a process that died, or without an answer.
        let maybe = attempts.iter().rev().find(|attempt| match attempt.outcome {
            None => true,
            Some(AttemptOutcome::Unknown) => notice.attempts >= attempt.number,
            Some(_) => false,
        });
        // A process that ended after the first of several devices had it, before the rest.
        let sent = |one: &Attempt| one.outcome == Some(AttemptOutcome::Sent) && one.at >= notice.first;
        if difference.is_empty() && attempts.iter().any(sent) {
            return settle(NoticeState::Sent, "", None);
        }
        // One whose process died is asked for, where the account can be asked, before anything follows from not knowing.
        if let Some(attempt) = dangling {
            match looked_up::ask(env, post, attempt, now).await? {
                Asked::Later(due) => {
                    return Ok(Next::Settle(settling(NoticeState::Open, UNDER_WAY, None, None).at(due)));
                }
                Asked::Found(delivery) => {
                    let said = views.baseline(env, &groups, attempt.at).await?;
                    let card = without_taken_away(&said, &view.told);
                    let told = Shown { at: attempt.at, ..shown(&views, &card) };
                    looked_up::write(env, attempt, &delivery, told).await?;
                    // From the beginning, with what is known now.
                    return Box::pin(Self::make(env, post, claimed, together)).await;
                }
                Asked::Nothing => {}
            }
        }
        let late = now.since(notice.since) > post.expiry;
        // What a report tells of it already is found out right after it was settled as unknown.
        let bound =
            maybe.filter(|attempt| !late && attempt.reported.is_none() && repeatable(post, &attempts, attempt, now));
        if let Some(attempt) = maybe.filter(|_| bound.is_none()) {
            // It may have said what was to be told when it began. Only what is new since then is sent.
            let said = views.baseline(env, &groups, attempt.at).await?;
            let perhaps = Some(Box::new(without_taken_away(&said, &view.told)));
            before = Seen { perhaps, ..before };
            difference = left_to_tell(Some(&before), &baseline, &view);
            if difference.is_empty() {
                // Of the moment at which it may have been shown: a report about that very attempt must not find it newer.
                let row = Shown { at: attempt.at, ..shown(&views, &before) };
                return settle(NoticeState::Unknown, unknown_because(attempt), Some(row));
            }
        }
        if difference.is_empty() {
            let row = seen.filter(|seen| *seen != before).map(|_| shown(&views, &before));
            return settle(NoticeState::Empty, "nothing is left to tell", row);
        }
        let mut in_their_book = false;
        if let Recipient::Owner(viewer) = notice.recipient {
            if introduces == Introduces::Now {
                // For them the ledger's row is the delivery: the card lies apart from their book (rules N2, E4).
                tray::deliver(env, &views.owner, viewer, now).await?;
                return settle(NoticeState::Sent, "", Some(shown(&views, &view.told)));
            }
            in_their_book = updates::follow(env, &views.owner, viewer, &difference).await?;
        }
        if late {
            return settle(NoticeState::Dead, &too_late(notice), None);
        }
        let bound = bound.map(way_of);
        let mut plan = Self {
            shown: shown(&views, &view.told),
            told: view.told.clone(),
            left_out: false,
            languages: Vec::new(),
            channels: channels(views.channels(&groups)),
            views,
            groups,
            addresses: Vec::new(),
            devices: Vec::new(),
            difference,
            before,
            attempts,
            chosen: None,
            bound,
            leave: None,
            failed: Vec::new(),
            fresh: Some(Fresh { others, nothing_said: false }),
            introduces: introduces == Introduces::Now,
            in_their_book,
        };
        plan.find(env, post, notice, &contacts, &plain).await?;
        match plan.choose(env, post, claimed).await? {
            Some(settling) => Ok(Next::Settle(settling)),
            None => Ok(Next::Send(Box::new(plan))),
        }
    }

    /// Where the recipient is reached, in which order, and in which languages.
    async fn find(
        &mut self,
        env: &Env,
        post: &Post,
        notice: &Notice,
        contacts: &[Contact],
        plain: &[Box<str>],
    ) -> Result<()> {
        let (addresses, language) = reach(env, notice.recipient, contacts).await?;
        // Most addresses are nobody's but the contact's, and nothing was said at them.
        let nothing_said = addresses.iter().all(|address| plain.iter().any(|key| **key == *address.key()));
        let moved = match notice.recipient {
            Recipient::Contact(_) if !nothing_said => gone_to(env, notice.owner, contacts, &addresses).await?,
            _ => Vec::new(),
        };
        self.devices = devices_of(env, notice.recipient).await?;
        self.addresses = [addresses, moved].concat();
        let wish = if nothing_said { None } else { preferred(env, &self.addresses).await? };
        let asked = wish.as_ref().map(|wish| wish.language.clone()).filter(|language| !language.is_empty());
        let languages = [asked, language, Some(self.views.owner.language.clone()), Some(post.language.as_str().into())];
        self.languages = languages.into_iter().flatten().collect();
        self.channels = preferring(std::mem::take(&mut self.channels), wish.and_then(|wish| wish.first));
        if let Some(fresh) = &mut self.fresh {
            fresh.nothing_said = nothing_said;
        }
        Ok(())
    }

    /// What a text has no room for is not told by it: the ledger keeps what was shown of that before.
    pub(super) fn leaves_out(&mut self, content: &Content) {
        let count = match content {
            Content::Sms(sms) => sms.left_out,
            _ => 0,
        };
        let mut told = self.told.clone();
        for news in self.difference.news.iter().rev().take(count) {
            match self.before.lines.get(&*news.item) {
                Some(line) => told.lines.insert(news.item.to_string(), line.clone()),
                None => told.lines.remove(&*news.item),
            };
        }
        self.left_out = count > 0;
        self.shown.card = told.to_json();
    }

    /// The number of an attempt of a process that died.
    pub(super) fn dangling(&self) -> Option<u32> {
        self.attempts.iter().find(|attempt| attempt.outcome.is_none()).map(|attempt| attempt.number)
    }

    /// The one of these recipients, who have the same address, who was told all of this there: one person in two books.
    pub(super) async fn told_already(
        &self,
        env: &Env,
        claimed: &Claimed,
        others: impl IntoIterator<Item = Recipient>,
    ) -> Result<Option<String>> {
        let notice = &claimed.notice;
        for other in others {
            if other == notice.recipient {
                continue;
            }
            let row = env.store.shown(notice.owner, other).await?;
            if row.as_ref().map(read_seen).transpose()?.is_some_and(|seen| seen.tells(&self.difference)) {
                return Ok(Some(match other {
                    Recipient::Owner(id) => id.to_string(),
                    Recipient::Contact(id) => id.to_string(),
                }));
            }
        }
        Ok(None)
    }

    /// The same for the chosen way, once the attempt has begun.
    pub(super) async fn told_meanwhile(&self, env: &Env, claimed: &Claimed) -> Result<Option<String>> {
        let Some((way, ..)) = &self.chosen else { return Ok(None) };
        let others = env.store.recipients_at(claimed.notice.owner, way.address.key()).await?;
        self.told_already(env, claimed, others).await
    }

    pub(super) fn render(
        &self,
        post: &Post,
        claimed: &Claimed,
        way: &Reach,
        carrier: &dyn Carrier,
        page: String,
    ) -> std::result::Result<Content, TemplateError> {
        let languages: Vec<&str> = self.languages.iter().map(AsRef::as_ref).filter(|tag| !tag.is_empty()).collect();
        let card = match (way.channel, carrier.cards()) {
            (Channel::Email, _) => CardWay::Attached,
            (Channel::Sms, Cards::Mms) if !page.is_empty() => CardWay::Attached,
            (Channel::Sms, Cards::Link) if !page.is_empty() => CardWay::Link(page.clone()),
            _ => CardWay::None,
        };
        let file = (way.channel == Channel::Sms && card == CardWay::Attached).then(|| format!("{page}.vcf"));
        let letterhead = Letterhead {
            service: post.service.clone(),
            reply: carrier.replies(),
            help: post.help.clone(),
            unsubscribe: if page.is_empty() { String::new() } else { format!("{page}/stop") },
            page,
            card,
            list: claimed.notice.owner.to_string(),
        };
        let name = &self.views.owner.profile.name;
        let changed = Changed::new(&self.difference, name, claimed.notice.first, &letterhead);
        let changed = match (self.introduces, self.in_their_book) {
            (true, _) => changed.introducing(),
            (false, true) => changed.in_their_book(),
            (false, false) => changed,
        };
        Ok(match way.channel {
            Channel::Email => Content::Email {
                email: post.templates.email(&languages, &changed)?,
                card: Some(if self.introduces {
                    self.views.introduction_card(&self.groups)
                } else {
                    self.views.card(&self.groups)
                }),
            },
            Channel::Sms => Content::Sms(Sms { card: file, ..post.templates.sms(&languages, &changed)? }),
            Channel::Push => Content::Push {
                push: post.templates.push(&languages, &changed)?,
                place: self.place(&way.address).clone(),
                collapse: claimed.notice.id.to_string(),
            },
        })
    }

    /// Where a device is; one of those that the ways were made of.
    pub(super) fn place(&self, address: &Address) -> &Place {
        let is = |device: &&Device| Address::of_device(device.id) == *address;
        let Some(device) = self.devices.iter().find(is) else { unreachable!("ways to devices come from this list") };
        &device.place
    }

    /// Writes that the chosen attempt begins, and that one of a process that died is unknown; `None` where the claim is
    /// lost or another notice is on its way to this address.
    pub(super) async fn begin(&mut self, env: &Env, claimed: &Claimed) -> Result<Option<Attempt>> {
        let Some((way, ..)) = &self.chosen else { unreachable!("a way was chosen") };
        let attempt = Attempt {
            notice: claimed.notice.id,
            owner: claimed.notice.owner,
            number: self.attempts.iter().map(|attempt| attempt.number).max().unwrap_or(0) + 1,
            account: way.account.clone(),
            channel: way.channel,
            address: way.address.clone(),
            at: env.store.now().await?,
            outcome: None,
            foreign_id: None,
            detail: "".into(),
            reported: None,
        };
        let mut effects: Vec<Effect> = self.dangling().map(|number| lost(claimed, number)).into_iter().collect();
        effects.push(Effect::AttemptBegun { attempt: attempt.clone(), fence: claimed.fence });
        match env.store.commit(Commit { effects, ..Commit::default() }).await {
            Ok(_) => {
                for before in &mut self.attempts {
                    before.outcome.get_or_insert(AttemptOutcome::Unknown);
                }
                self.attempts.push(attempt.clone());
                Ok(Some(attempt))
            }
            Err(StoreError::Conflict) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Hands the message over.
    pub(super) async fn deliver(&self, attempt: &Attempt) -> Delivery {
        let Some((way, carrier, content)) = &self.chosen else { unreachable!("a way was chosen") };
        let said = match content {
            // The provider knows a repeat by our reference, and takes it only where all is the same.
            Content::Sms(sms) if carrier.repeatable_for().is_some() => sms.text.as_str(),
            _ => "",
        };
        let reference = reference(attempt, said);
        // Where reports go is a part of what must be the same.
        let first = self.attempts.iter().find(|one| may_be_one(one, attempt)).filter(|_| self.bound.is_some());
        let number = first.map_or(attempt.number, |first| first.number);
        let report = OwnMessage { notice: attempt.notice, number }.write();
        let (report, to) = (report.as_str(), &way.address);
        carrier.deliver(&Message { reference: &reference, report, to, content, date: attempt.at }).await
    }

    /// Whether the last attempt did not leave and may be made again.
    pub(super) fn tries_again(&self) -> bool {
        self.attempts.last().is_some_and(|last| last.outcome == Some(AttemptOutcome::TryAgain))
    }

    /// Whether a repeat of the chosen attempt is one message to its reader.
    pub(super) fn repeatable(&self) -> bool {
        self.chosen.as_ref().is_some_and(|(_, carrier, _)| carrier.repeatable())
    }
}

/// Why a notice is given up that could not be sent in its time: with what it waited for.
fn too_late(notice: &Notice) -> String {
    let last = if notice.reason.is_empty() { String::new() } else { format!(", at last: {}", notice.reason) };
    format!("too late: it was due at {}{last}; a replay sends it", notice.since)
}

/// Where a recipient has push messages: a registered one, the device that was in use last first.
async fn devices_of(env: &Env, recipient: Recipient) -> Result<Vec<Device>> {
    Ok(match recipient {
        Recipient::Owner(id) => device::live(env.store.devices(id).await?),
        Recipient::Contact(_) => Vec::new(),
    })
}

/// The way that an attempt took.
fn way_of(attempt: &Attempt) -> Reach {
    let (channel, address, account) = (attempt.channel, attempt.address.clone(), attempt.account.clone());
    Reach { channel, address, account }
}

/// Why nobody knows whether an attempt left, and it is not repeated.
fn unknown_because(attempt: &Attempt) -> &'static str {
    if attempt.reported.is_some() {
        "no answer came, but a report"
    } else if attempt.outcome.is_none() {
        "the process ended while the message was on its way, and this account cannot tell a repeat from a new message; \
         waits for a receipt"
    } else {
        "no answer came, and it is too late for a repeat to be one message; waits for a receipt"
    }
}

/// Why there is nothing left to tell to a second entry of one person.
pub(super) fn told_as(other: &str) -> String {
    format!("told already at this address, as {other}")
}

/// The end of an attempt whose process died.
pub(super) fn lost(claimed: &Claimed, number: u32) -> Effect {
    Effect::AttemptEnded {
        notice: claimed.notice.id,
        number,
        outcome: AttemptOutcome::Unknown,
        foreign_id: None,
        detail: "the process ended while it was under way".into(),
    }
}

/// Whether a repeat of this attempt is still one message to its reader, counted from the first that may have left.
fn repeatable(post: &Post, attempts: &[Attempt], attempt: &Attempt, now: Time) -> bool {
    let first = attempts.iter().find(|one| may_be_one(one, attempt)).map_or(attempt.at, |first| first.at);
    let in_time = |within: Option<Duration>| within.is_none_or(|within| now.since(first) < within);
    post.carriers.iter().any(|(_, carrier)| {
        *carrier.name() == *attempt.account && carrier.repeatable() && in_time(carrier.repeatable_for())
    })
}

/// Whether two attempts, the first of which may have left, can be one message.
fn may_be_one(one: &Attempt, other: &Attempt) -> bool {
    matches!(one.outcome, None | Some(AttemptOutcome::Unknown))
        && one.account == other.account
        && one.address.key() == other.address.key()
}

/// Our name of an attempt at the account, the same at every repeat of what was `said`.
pub(super) fn reference(attempt: &Attempt, said: &str) -> String {
    format!("{}-{}", attempt.notice, mark(&attempt.address, said))
}

/// A mark of the address, and of what is said, for names of files and messages: the number itself has no place there.
fn mark(address: &Address, said: &str) -> String {
    let marked = [address.key().as_bytes(), said.as_bytes()].concat();
    let digest = ring::digest::digest(&ring::digest::SHA256, &marked);
    let first = digest.as_ref().first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    format!("{first:08x}")
}

/// Where those of a contact's addresses have gone that are dead, as far as the owner may know it: a recipient who has moved
/// (rule N6).
async fn gone_to(env: &Env, owner: OwnerId, contacts: &[Contact], addresses: &[Address]) -> Result<Vec<Address>> {
    let keys: Vec<Box<str>> = addresses.iter().map(|address| address.key().into()).collect();
    let mut found: Vec<Address> = Vec::new();
    for dead in env.store.unreachable(&keys).await? {
        let holds = |contact: &&Contact| contact.addresses.iter().any(|one| one.key() == dead.address.key());
        let ask = Ask {
            to: dead.address.clone(),
            name: contacts.iter().find(holds).map(|contact| &*contact.name),
            viewer: Viewer::proved(Identity::Owner(owner)),
            sender: None,
            identity_bound: None,
            // Which countries are written to is the account's to say, as for every notice.
            targets: &Targets { countries: Countries::Any, ..Targets::default() },
            asker: None,
            way: "notice",
        };
        if let Verdict::Moved(new) = resolve::resolve(env, ask).await?.decision.say
            && !addresses.iter().chain(&found).any(|one| one.key() == new.key())
        {
            found.push(new);
        }
    }
    Ok(found)
}

/// Where the recipient can be reached, best first, and their language where it is known.
///
/// A registered recipient is reached at the points that they have proved themselves; a contact at the addresses that the
/// owner has of them.
pub(in crate::usecase) async fn reach(
    env: &Env,
    recipient: Recipient,
    contacts: &[Contact],
) -> Result<(Vec<Address>, Option<Box<str>>)> {
    if let Recipient::Owner(id) = recipient {
        let Some(owner) = env.store.owner(id).await? else { return Ok((Vec::new(), None)) };
        let held = owner.points.iter().filter_map(|point| point.current()).filter(|held| held.proof != Proof::None);
        let addresses = held.map(|held| held.address.clone()).collect();
        return Ok((addresses, Some(owner.language)));
    }
    let mut addresses: Vec<Address> = Vec::new();
    for address in contacts.iter().flat_map(|contact| &contact.addresses) {
        if matches!(address.kind(), Kind::Phone | Kind::Email) && !addresses.contains(address) {
            addresses.push(address.clone());
        }
    }
    Ok((addresses, contacts.iter().find_map(|contact| contact.language.clone())))
}
