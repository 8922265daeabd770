//! What the held introductions would send (rule E2): a ceiling of how many, by which channels, in which words, at what
//! cost. It is made of what the owner's own book says, so it tells nothing of who is registered or has stopped messages.

use crate::{
    domain::{
        address::Kind,
        group::Member,
        id::{GroupId, OwnerId},
        notice::{Difference, Seen, channels, difference},
        owner::{Channel, Contact},
    },
    template::{CardWay, Changed, Letterhead},
    usecase::{Env, deliver_notice::Post, view::Views, write::Refused},
};
use std::collections::{BTreeMap, HashMap};

/// So many people are counted; there may be more.
const PEOPLE_MOST: usize = 2_000;
/// In pages of this many.
const PAGE: usize = 200;
/// Different texts that are shown.
const TEXTS_MOST: usize = 8;

/// What held introductions would send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ceiling {
    /// How many people at most.
    pub people: usize,
    /// There are more than were counted.
    pub more: bool,
    /// By text message and e-mail.
    pub by: Vec<(Channel, usize)>,
    /// Of them nobody has an address that an account can write to.
    pub nowhere: usize,
    /// Parts of text messages, all together: what is paid for.
    pub parts: usize,
    /// The texts, those first that most people get.
    pub texts: Vec<Words>,
}

/// One text, and how many get it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// At most.
    pub people: usize,
    /// The text message, where somebody gets one.
    pub sms: Option<String>,
    /// Its parts.
    pub parts: usize,
    /// Subject and text of the e-mail.
    pub email: Option<(String, String)>,
}

/// People who see the same.
#[derive(Default)]
struct Alike {
    sms: usize,
    email: usize,
    nowhere: usize,
}

/// Looks at what the held introductions of an owner would send.
pub async fn preview(env: &Env, post: &Post, owner: OwnerId) -> Result<Ceiling, Refused> {
    let Some(views) = Views::read(env, owner).await? else { return Err(Refused::NotFound("owner")) };
    let mut found = Ceiling::default();
    let mut alike: BTreeMap<Vec<GroupId>, Alike> = BTreeMap::new();
    let mut last = None;
    'all: loop {
        let page = env.store.introductions_held(owner, last, PAGE).await?;
        last = page.items.last().map(|one| one.contact);
        for one in &page.items {
            let Some(contact) = env.store.contact(owner, one.contact).await? else { continue };
            if found.people == PEOPLE_MOST {
                found.more = true;
                break 'all;
            }
            found.people += 1;
            let groups = env.store.memberships(owner, Member::Contact(contact.id)).await?;
            let way = way(post, &views, &groups, &contact);
            let same = alike.entry(groups).or_default();
            match way {
                Some(Channel::Email) => same.email += 1,
                Some(_) => same.sms += 1,
                None => same.nowhere += 1,
            }
        }
        if !page.more {
            break;
        }
    }
    let now = env.store.now().await?;
    let mut count: HashMap<Channel, usize> = HashMap::new();
    let mut texts = Vec::new();
    for (groups, same) in alike {
        let told = difference(&Seen::default(), &views.introduced(&groups));
        found.nowhere += same.nowhere;
        if told.is_empty() {
            // Nothing is shown to them, so nothing is sent.
            found.nowhere += same.sms + same.email;
            continue;
        }
        *count.entry(Channel::Sms).or_default() += same.sms;
        *count.entry(Channel::Email).or_default() += same.email;
        let words = words(post, &views, &told, now, &same);
        found.parts += words.parts * same.sms;
        texts.push(words);
    }
    let by = [Channel::Sms, Channel::Email].into_iter();
    found.by = by.filter_map(|one| count.get(&one).filter(|count| **count > 0).map(|count| (one, *count))).collect();
    texts.sort_by_key(|words| std::cmp::Reverse(words.people));
    texts.truncate(TEXTS_MOST);
    found.texts = texts;
    Ok(found)
}

/// The channel by which a contact would be written to, by the owner's own book alone.
fn way(post: &Post, views: &Views, groups: &[GroupId], contact: &Contact) -> Option<Channel> {
    let has = |kind: Kind| contact.addresses.iter().any(|address| address.kind() == kind);
    let sends = |channel: Channel| post.carriers.iter().any(|(speaks, _)| *speaks == channel);
    channels(views.channels(groups)).into_iter().find(|channel| match channel {
        Channel::Sms => has(Kind::Phone) && sends(Channel::Sms),
        Channel::Email => has(Kind::Email) && sends(Channel::Email),
        Channel::Push => false,
    })
}

/// The exact words, in the owner's own language; each reader gets their own.
fn words(post: &Post, views: &Views, told: &Difference, now: crate::clock::Time, alike: &Alike) -> Words {
    let letterhead = |channel: Channel| Letterhead {
        service: post.service.clone(),
        reply: post.carriers.iter().any(|(known, carrier)| *known == channel && carrier.replies()),
        help: post.help.clone(),
        card: if channel == Channel::Email { CardWay::Attached } else { CardWay::None },
        ..Letterhead::default()
    };
    let languages = [&*views.owner.language, post.language.as_str()];
    let name = &views.owner.profile.name;
    let changed = |channel| Changed::new(told, name, now, &letterhead(channel)).introducing();
    let sms = (alike.sms > 0).then(|| post.templates.sms(&languages, &changed(Channel::Sms)).ok()).flatten();
    let email = (alike.email > 0).then(|| post.templates.email(&languages, &changed(Channel::Email)).ok()).flatten();
    Words {
        people: alike.sms + alike.email,
        parts: sms.as_ref().map_or(0, |sms| sms.segments.parts),
        sms: sms.map(|sms| sms.text),
        email: email.map(|email| (email.subject, email.text)),
    }
}
