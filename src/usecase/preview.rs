//! What a change would tell, before it is made (rule E2): a ceiling of how many people, by which channels, in which words.
//! Never who of them is registered, nor who has stopped messages.

use super::{
    Env, accepted,
    card_page::preferred,
    deliver_notice::{Post, reach},
    view::Views,
    wanted::{self, Wanted, impossible},
    write::{Refused, read_owner},
};
use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind},
        card::Card,
        change,
        id::{GroupId, OwnerId},
        notice::{Difference, channels, difference, preferring},
        owner::{Channel, Proof},
    },
    template::{CardWay, Changed, Letterhead},
};
use std::collections::HashMap;

/// So many people are counted; there may be more.
const PEOPLE_MOST: usize = 2_000;
/// In pages of this many.
const PAGE: usize = 200;

/// What a change would tell.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// How many people at most.
    pub people: usize,
    /// There are more than were counted.
    pub more: bool,
    /// By push, text message and e-mail.
    pub by: Vec<(Channel, usize)>,
    /// Of them nobody has an address to write to.
    pub nowhere: usize,
    /// The exact words, one for each language that is used, the most used first.
    pub texts: Vec<Words>,
    /// What they will see, by the groups that they are in; the largest first, a few of them.
    pub seen: Vec<Sight>,
}

/// The words of a change in one language.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Its tag.
    pub language: String,
    /// How many read it.
    pub people: usize,
    /// The text message, where somebody gets one.
    pub sms: Option<String>,
    /// Subject and text of the e-mail.
    pub email: Option<(String, String)>,
}

/// What people in the same groups will see.
#[derive(Clone, Debug)]
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

/// Those who read one language: the first of their news, and how many by each channel.
#[derive(Default)]
struct Readers {
    people: usize,
    by: HashMap<Channel, usize>,
    news: Option<Difference>,
}

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
    let mut count: HashMap<Channel, usize> = HashMap::new();
    let mut readers: HashMap<String, Readers> = HashMap::new();
    let mut sights: HashMap<Vec<GroupId>, usize> = HashMap::new();
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
            let own = contacts.iter().find_map(|contact| contact.language.as_deref());
            let tags: Vec<&str> = own.into_iter().chain([&*after.owner.language, post.language.as_str()]).collect();
            let reader = readers.entry(post.templates.told_in(&tags)).or_default();
            reader.people += 1;
            reader.news.get_or_insert_with(|| news.clone());
            *sights.entry(audience.groups.clone()).or_default() += 1;
            let (addresses, _) = reach(env, audience.recipient, &contacts).await?;
            let wish = preferred(env, &addresses).await?;
            let order = preferring(channels(after.channels(&audience.groups)), wish.and_then(|wish| wish.first));
            match order.into_iter().find(|channel| leads(*channel, &addresses, post)) {
                Some(channel) => {
                    *count.entry(channel).or_default() += 1;
                    *reader.by.entry(channel).or_default() += 1;
                }
                None => found.nowhere += 1,
            }
        }
        if !page.more {
            break;
        }
    }
    let all = [Channel::Push, Channel::Sms, Channel::Email];
    found.by = all.into_iter().filter_map(|channel| Some((channel, *count.get(&channel)?))).collect();
    found.texts = readers.into_iter().map(|(language, readers)| words(post, &after, language, readers, now)).collect();
    found.texts.sort_by(|one, other| other.people.cmp(&one.people).then_with(|| one.language.cmp(&other.language)));
    let mut sights: Vec<(Vec<GroupId>, usize)> = sights.into_iter().collect();
    sights.sort_by(|(one, few), (other, many)| many.cmp(few).then_with(|| one.cmp(other)));
    let sight = |(groups, people): (Vec<GroupId>, usize)| Sight { card: after.promised_card(&groups), groups, people };
    found.seen = sights.into_iter().take(SEEN_MOST).map(sight).collect();
    Ok(found)
}

/// Whether an account can write to one of these by this channel.
fn leads(channel: Channel, addresses: &[Address], post: &Post) -> bool {
    let kind = match channel {
        Channel::Sms => Kind::Phone,
        Channel::Email => Kind::Email,
        Channel::Push => return false,
    };
    addresses.iter().any(|address| address.kind() == kind) && post.carriers.iter().any(|(speaks, _)| *speaks == channel)
}

/// The exact words in one language.
fn words(post: &Post, after: &Views, language: String, readers: Readers, now: Time) -> Words {
    let letterhead = |channel: Channel| Letterhead {
        service: post.service.clone(),
        reply: post.carriers.iter().any(|(known, carrier)| *known == channel && carrier.replies()),
        help: post.help.clone(),
        card: if channel == Channel::Email { CardWay::Attached } else { CardWay::None },
        ..Letterhead::default()
    };
    let languages = [language.as_str(), post.language.as_str()];
    let (name, news) = (&after.owner.profile.name, readers.news.unwrap_or_default());
    let changed = |channel| Changed::new(&news, name, now, &letterhead(channel));
    let by = |channel: Channel| readers.by.contains_key(&channel);
    let sms = by(Channel::Sms).then(|| post.templates.sms(&languages, &changed(Channel::Sms)).ok()).flatten();
    let email = by(Channel::Email).then(|| post.templates.email(&languages, &changed(Channel::Email)).ok()).flatten();
    Words {
        people: readers.people,
        sms: sms.map(|sms| sms.text),
        email: email.map(|email| (email.subject, email.text)),
        language,
    }
}
