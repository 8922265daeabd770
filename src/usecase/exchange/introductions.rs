//! Who was added is introduced to the owner: left in the commit that adds them, and held where it would surprise (rules
//! E1, E2).
//!
//! An introduction is a notice to somebody who was shown nothing before. Its row says whether it may leave: that is asked
//! again right before it does, so one that is held after its notice was left sends nothing.

use crate::{
    clock::Time,
    domain::{
        exchange::{self, DAY, Introduction, Joined, Limits, Stand, Way, Why},
        id::{ContactId, GroupId, NoticeId, OwnerId},
        notice::{Notice, NoticeState, Recipient},
        owner::{Contact, Owner},
    },
    store::{Commit, Effect, Exchanged, Page, StoreError},
    usecase::{
        Env,
        members::recipient,
        write::{Actor, Plan, Refused, audited, read_owner},
    },
};
use serde_json::json;
use std::collections::BTreeSet;

/// Held introductions that are confirmed or dropped in one commit.
const AT_ONCE: usize = 500;
/// Introductions that rest at once: with a few more they are an import, and are held.
const RESTING: usize = 64;

/// What contacts mean who are added to groups of one owner in one commit.
pub(in crate::usecase) struct Introducing<'a> {
    env: &'a Env,
    owner: OwnerId,
    way: Way,
    now: Time,
    limits: Limits,
    /// The groups that introduce.
    groups: BTreeSet<GroupId>,
    own: BTreeSet<Box<str>>,
    blocks: BTreeSet<Box<str>>,
    /// New contacts within the window.
    recent: BTreeSet<ContactId>,
    today: u64,
    /// Keys at which this commit introduces.
    taken: BTreeSet<Box<str>>,
}

impl<'a> Introducing<'a> {
    /// Reads the facts; `None` where no group of these introduces, or nobody stands behind the owner.
    pub(in crate::usecase) async fn begin(
        env: &'a Env,
        owner: &Owner,
        joins: &[GroupId],
        way: Way,
        now: Time,
    ) -> Result<Option<Self>, StoreError> {
        if !owner.claimed || joins.is_empty() {
            return Ok(None);
        }
        let groups = env.store.groups(owner.id).await?.into_iter();
        let groups: BTreeSet<GroupId> =
            groups.filter(|group| group.introduce && joins.contains(&group.id)).map(|group| group.id).collect();
        if groups.is_empty() {
            return Ok(None);
        }
        let limits = env.rules().exchange;
        let values = owner.points.iter().flat_map(|point| &point.values);
        Ok(Some(Self {
            env,
            owner: owner.id,
            way,
            now,
            limits,
            groups,
            own: values.map(|held| held.address.key().into()).collect(),
            blocks: env.store.blocks(owner.id).await?.into_iter().collect(),
            recent: if way == Way::Alone { recent(env, owner.id, now, &limits).await? } else { BTreeSet::new() },
            today: env.store.introductions_since(owner.id, now.before(DAY)).await?,
            taken: BTreeSet::new(),
        }))
    }

    /// What is left where this contact joins these groups.
    pub(in crate::usecase) async fn joined(
        &mut self,
        contact: &Contact,
        joins: &[GroupId],
    ) -> Result<Vec<Effect>, StoreError> {
        let keys: Vec<Box<str>> = contact.addresses.iter().map(|address| address.key().into()).collect();
        let any = |of: &BTreeSet<Box<str>>| keys.iter().any(|key| of.contains(key));
        self.recent.insert(contact.id);
        let known = any(&self.taken) || !self.env.store.introduced(self.owner, &keys).await?.is_empty();
        let joined = Joined {
            introduces: joins.iter().any(|group| self.groups.contains(group)),
            way: self.way,
            reachable: !keys.is_empty(),
            own: any(&self.own) || contact.linked == Some(self.owner),
            blocked: any(&self.blocks),
            before: known,
            recent: self.recent.len(),
            today: self.today,
        };
        let Some(stand) = exchange::introduce(joined, &self.limits) else { return Ok(Vec::new()) };
        let due = self.now.after(self.limits.window);
        let new = Introduction { owner: self.owner, contact: contact.id, at: self.now, stand, due };
        self.taken.extend(keys.iter().cloned());
        let mut effects = vec![Effect::Exchanged(Exchanged::Introduced(new, keys))];
        match stand {
            Stand::Goes => {
                self.today += 1;
                effects.push(notice(self.env, recipient(contact), self.owner, self.now, due));
            }
            Stand::Held(Why::Import) if self.way == Way::Alone => {
                // It began with these, and nothing of an import leaves until confirmed.
                for resting in self.env.store.introductions_due(self.owner, self.now, RESTING).await? {
                    let held = Introduction { stand, ..resting };
                    effects.push(Effect::Exchanged(Exchanged::IntroductionSet(held)));
                }
            }
            Stand::Held(_) => {}
        }
        Ok(effects)
    }
}

/// New contacts of an owner within the window, as many as decide something.
async fn recent(env: &Env, owner: OwnerId, now: Time, limits: &Limits) -> Result<BTreeSet<ContactId>, StoreError> {
    let (since, most) = (now.before(limits.window), limits.alone + 1);
    let mut found: BTreeSet<ContactId> = env.store.introductions_made(owner, since, most).await?.into_iter().collect();
    for book in env.store.books(owner).await? {
        if found.len() > limits.alone {
            break;
        }
        let page = env.store.contacts(owner, book.id, Some(ContactId::since(since)), most).await?;
        found.extend(page.items.iter().map(|contact| contact.id));
    }
    Ok(found)
}

/// The notice by which an introduction leaves.
fn notice(env: &Env, recipient: Recipient, owner: OwnerId, now: Time, due: Time) -> Effect {
    Effect::NoticeDue(Notice {
        id: NoticeId::fresh(now, &*env.random),
        owner,
        recipient,
        state: NoticeState::Open,
        first: now,
        due,
        since: due,
        attempts: 0,
        reason: "".into(),
        settled: None,
    })
}

/// What follows where a contact is taken out of a group or a book: what has not left yet never does, and its addresses are
/// as if they had never been there.
pub(in crate::usecase) async fn taken_out(
    env: &Env,
    owner: OwnerId,
    contact: ContactId,
    now: Time,
) -> Result<Option<Effect>, StoreError> {
    let known = env.store.introduction(owner, contact).await?;
    let left = |known: &Introduction| known.stand == Stand::Goes && known.due <= now;
    Ok(known.filter(|known| !left(known)).map(|_| Effect::Exchanged(Exchanged::IntroductionDropped(owner, contact))))
}

/// What a notice has to do with an introduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::usecase) enum Introduces {
    /// Nothing: it tells what has changed.
    No,
    /// It introduces the owner, now.
    Now,
    /// It does so later.
    Later(Time),
}

/// Asked right before a notice to somebody leaves who was shown nothing before; `contacts` make its recipient one.
pub(in crate::usecase) async fn introduces(
    env: &Env,
    notice: &Notice,
    contacts: &[Contact],
    now: Time,
) -> Result<Introduces, StoreError> {
    let mut first: Option<Introduction> = None;
    for contact in contacts {
        let known = env.store.introduction(notice.owner, contact.id).await?;
        // A notice that began later is about a change: what did not arrive then is not told by it.
        let this = known.filter(|known| known.stand == Stand::Goes && notice.first <= known.due);
        first = first.into_iter().chain(this).min_by_key(|known| known.due);
    }
    let Some(known) = first else { return Ok(Introduces::No) };
    if known.due > now {
        return Ok(Introduces::Later(known.due));
    }
    let mut keys: Vec<Box<str>> =
        contacts.iter().flat_map(|one| &one.addresses).map(|address| address.key().into()).collect();
    keys.sort_unstable();
    keys.dedup();
    if let Recipient::Contact(_) = notice.recipient
        && let Some(instead) = readdressed(env, known, &keys, now).await?
    {
        return Ok(instead);
    }
    let mut others = env.store.introductions_to(notice.owner, &keys, now.before(DAY)).await?;
    others.retain(|other| (other.due, other.owner) < (known.due, known.owner));
    let others: Vec<Time> = others.iter().map(|other| other.due).collect();
    let Some(due) = exchange::crowded(&others, now, &env.rules().exchange) else { return Ok(Introduces::Now) };
    // So that those of others who wait as well come after it.
    let effects = vec![Effect::Exchanged(Exchanged::IntroductionSet(Introduction { due, ..known }))];
    env.store.commit(Commit { effects, ..Commit::default() }).await?;
    Ok(Introduces::Later(due))
}

/// What becomes of it where the contact has got other addresses since it was added: they are remembered and wait as if it had
/// been added with them, and where the owner was introduced at one of them before nothing is (rule E1).
async fn readdressed(
    env: &Env,
    known: Introduction,
    keys: &[Box<str>],
    now: Time,
) -> Result<Option<Introduces>, StoreError> {
    let own = env.store.introduced_for(known.owner, known.contact).await?;
    let other: Vec<Box<str>> = keys.iter().filter(|key| !own.contains(key)).cloned().collect();
    if other.is_empty() {
        return Ok(None);
    }
    if !env.store.introduced(known.owner, &other).await?.is_empty() {
        return Ok(Some(Introduces::No));
    }
    let due = now.after(env.rules().exchange.window);
    let effects = vec![Effect::Exchanged(Exchanged::Introduced(Introduction { due, ..known }, other))];
    env.store.commit(Commit { effects, ..Commit::default() }).await?;
    Ok(Some(Introduces::Later(due)))
}

/// An introduction that waits for the owner's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// To whom.
    pub contact: Contact,
    /// Why it waits.
    pub because: Why,
    /// When they were added.
    pub at: Time,
}

/// Those that wait, in the order of contacts; a contact that is gone is left out.
pub async fn held(env: &Env, owner: OwnerId, after: Option<ContactId>, limit: usize) -> Result<Page<Held>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let page = env.store.introductions_held(owner.id, after, limit).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for Introduction { contact, at, stand, .. } in page.items {
        let Stand::Held(because) = stand else { continue };
        if let Some(contact) = env.store.contact(owner.id, contact).await? {
            items.push(Held { contact, because, at });
        }
    }
    Ok(Page { items, more: page.more })
}

/// What came of the owner's word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Confirmed {
    /// So many leave now.
    pub go: usize,
    /// So many wait on: more than an owner may introduce in a day, or than are looked at in one go.
    pub wait: usize,
}

/// The owner wants those introductions to leave that are held: all, or to these contacts. As many go as are left of the
/// day.
pub async fn confirm(env: &Env, actor: &Actor, owner: OwnerId, only: &[ContactId]) -> Result<Plan<Confirmed>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let now = env.store.now().await?;
    let (held, more) = asked_for(env, &owner, only, (false, now)).await?;
    let today = env.store.introductions_since(owner.id, now.before(DAY)).await?;
    let left = exchange::left_today(today, &env.rules().exchange);
    let (mut effects, mut done) = (Vec::new(), Confirmed::default());
    for one in held {
        let goes = done.go < left;
        let Some(contact) = env.store.contact(owner.id, one.contact).await? else {
            effects.push(Effect::Exchanged(Exchanged::IntroductionDropped(owner.id, one.contact)));
            continue;
        };
        if goes {
            done.go += 1;
            let set = Introduction { stand: Stand::Goes, due: now, ..one };
            effects.push(Effect::Exchanged(Exchanged::IntroductionSet(set)));
            effects.push(notice(env, recipient(&contact), owner.id, now, now));
        } else {
            done.wait += 1;
            let set = Introduction { stand: Stand::Held(Why::Cap), ..one };
            effects.push(Effect::Exchanged(Exchanged::IntroductionSet(set)));
        }
    }
    done.wait += more;
    if effects.is_empty() {
        return Ok(Plan::nothing(done));
    }
    let detail = json!({"go": done.go, "wait": done.wait});
    effects.push(audited(env, owner.id, &actor.by, now, "introductions_confirmed", &detail));
    Ok(Plan::on(&owner, effects, done))
}

/// The owner does not want them: all that are held, or those to these contacts, resting ones too. The people stay where they are.
pub async fn drop(env: &Env, actor: &Actor, owner: OwnerId, only: &[ContactId]) -> Result<Plan<usize>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let now = env.store.now().await?;
    let (held, _) = asked_for(env, &owner, only, (true, now)).await?;
    if held.is_empty() {
        return Ok(Plan::nothing(0));
    }
    let gone = |one: &Introduction| Effect::Exchanged(Exchanged::IntroductionDropped(one.owner, one.contact));
    let mut effects: Vec<Effect> = held.iter().map(gone).collect();
    let detail = json!({"dropped": held.len()});
    effects.push(audited(env, owner.id, &actor.by, now, "introductions_dropped", &detail));
    Ok(Plan::on(&owner, effects, held.len()))
}

/// The held ones that are meant, and how many more there are at least.
async fn asked_for(
    env: &Env,
    owner: &Owner,
    only: &[ContactId],
    (resting, now): (bool, Time),
) -> Result<(Vec<Introduction>, usize), Refused> {
    if only.is_empty() {
        let page = env.store.introductions_held(owner.id, None, AT_ONCE).await?;
        return Ok((page.items, usize::from(page.more)));
    }
    let mut found = Vec::new();
    for contact in only.iter().take(AT_ONCE) {
        let known = env.store.introduction(owner.id, *contact).await?;
        found.extend(known.filter(|known| known.stand != Stand::Goes || (resting && known.due > now)));
    }
    Ok((found, 0))
}
