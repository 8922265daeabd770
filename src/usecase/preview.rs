//! What a change would tell, before it is made (rule E2): a ceiling of how many people, by which channels, in which words, at
//! what cost. Never who of them is registered, nor who has stopped messages.

mod words;

pub use words::{Cost, Words};

use super::{
    Env, accepted,
    deliver_notice::Post,
    view::Views,
    wanted::{self, Wanted, impossible},
    write::{Refused, read_owner},
};
use crate::domain::{
    address::Address,
    card::Card,
    change,
    id::{GroupId, OwnerId},
    notice::{Difference, channels, difference},
    owner::{Channel, Proof},
};
use std::collections::{BTreeMap, HashMap};
pub(super) use words::{Readers, told_in};

/// So many people are counted; there may be more.
pub(super) const PEOPLE_MOST: usize = 2_000;
/// In pages of this many.
pub(super) const PAGE: usize = 200;

/// What a change, or introductions, would tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// How many people at most.
    pub people: usize,
    /// There are more than were counted.
    pub more: bool,
    /// By push, text message and e-mail.
    pub by: Vec<(Channel, usize)>,
    /// Of them nobody has an address to write to.
    pub nowhere: usize,
    /// What the text messages cost.
    pub cost: Cost,
    /// The exact words, those first that most people get; of a change one for each language that is used.
    pub texts: Vec<Words>,
    /// What they will see of a change, by the groups that they are in; the largest first, a few of them.
    pub seen: Vec<Sight>,
}

/// What people in the same groups will see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Their groups.
    pub groups: Vec<GroupId>,
    /// How many they are.
    pub people: usize,
    /// The card.
    pub card: Card,
}

/// So many different cards are shown.
const SEEN_MOST: usize = 6;

/// Looks at what `wanted` would tell, as if every value in it were proved.
pub async fn preview(env: &Env, post: &Post, owner: OwnerId, wanted: &Wanted) -> Result<Preview, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let wish = wanted::wish(env, &owner, wanted).await?;
    let now = env.store.now().await?;
    let done = change::accept(&owner, &wish, &Proof::Code, now).map_err(|why| impossible(wanted, &why))?;
    let groups = accepted::granted(env, &done.after.points, owner.id, wanted).await?;
    let (Some(mut before), Some(mut after)) = (Views::read(env, owner.id).await?, Views::read(env, owner.id).await?)
    else {
        return Err(Refused::NotFound("owner"));
    };
    after.suppose(done.after, groups);
    let mut told: HashMap<Vec<GroupId>, Difference> = HashMap::new();
    let mut found = Preview::default();
    let mut alike: BTreeMap<(Vec<GroupId>, String), Readers> = BTreeMap::new();
    let mut last = None;
    'all: loop {
        let page = env.store.audience(owner.id, last, PAGE).await?;
        last = page.items.last().map(|audience| audience.recipient);
        for audience in page.items {
            let news = told.entry(audience.groups.clone()).or_insert_with(|| {
                difference(&before.view(&audience.groups).visible, &after.view(&audience.groups).told)
            });
            if news.is_empty() {
                continue;
            }
            let contacts = env.store.audience_of(owner.id, audience.recipient).await?;
            let contacts = contacts.map(|(_, contacts)| contacts).unwrap_or_default();
            if after.blocked(env, audience.recipient, &contacts).await? {
                continue;
            }
            if found.people == PEOPLE_MOST {
                found.more = true;
                break 'all;
            }
            found.people += 1;
            // By the owner's own book: what somebody chose for themselves would tell that they are registered.
            let order = channels(after.channels(&audience.groups));
            let language = told_in(post, &after.owner, &contacts);
            let addresses: Vec<&Address> = contacts.iter().flat_map(|contact| &contact.addresses).collect();
            alike.entry((audience.groups, language)).or_default().add(post, &order, &addresses);
        }
        if !page.more {
            break;
        }
    }
    let (mut texts, mut sights) = (Vec::new(), BTreeMap::<Vec<GroupId>, usize>::new());
    for ((groups, language), readers) in &alike {
        let Some(news) = told.get(groups) else { continue };
        let (words, cost) = readers.words(post, &after, (news, false), language, now);
        *sights.entry(groups.clone()).or_default() += readers.reached() + readers.nowhere;
        found.nowhere += readers.nowhere;
        found.cost.add(cost);
        texts.extend(Some(words).filter(|words| words.people > 0));
    }
    found.by = channels_of(&alike);
    most_first(&mut texts);
    found.texts = by_language(texts);
    let mut sights: Vec<(Vec<GroupId>, usize)> = sights.into_iter().collect();
    sights.sort_by(|(one, few), (other, many)| many.cmp(few).then_with(|| one.cmp(other)));
    let sight = |(groups, people): (Vec<GroupId>, usize)| Sight { card: after.promised_card(&groups), groups, people };
    found.seen = sights.into_iter().take(SEEN_MOST).map(sight).collect();
    Ok(found)
}

/// How many would be written to by each channel, where anybody would.
pub(super) fn channels_of<K>(all: &BTreeMap<K, Readers>) -> Vec<(Channel, usize)> {
    let count = |channel| (channel, all.values().map(|readers| readers.by(channel)).sum());
    [Channel::Push, Channel::Sms, Channel::Email].map(count).into_iter().filter(|(_, count)| *count > 0).collect()
}

/// What those read who have one language: in the words of most of them.
fn by_language(all: Vec<Words>) -> Vec<Words> {
    let mut found: Vec<Words> = Vec::new();
    for words in all {
        match found.iter_mut().find(|known| known.language == words.language) {
            Some(known) => {
                known.people += words.people;
                if known.sms.is_none() {
                    (known.sms, known.parts) = (words.sms, words.parts);
                }
                known.email = known.email.take().or(words.email);
            }
            None => found.push(words),
        }
    }
    most_first(&mut found);
    found
}

/// Those first that most people get.
pub(super) fn most_first(all: &mut [Words]) {
    all.sort_by(|one, other| other.people.cmp(&one.people).then_with(|| one.language.cmp(&other.language)));
}
