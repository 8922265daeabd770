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
    domain::{
        address::{Address, Kind},
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
    /// The text message, where somebody gets one.
    pub sms: Option<String>,
    /// Subject and text of the e-mail.
    pub email: Option<(String, String)>,
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
    let mut sample = None;
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
            sample.get_or_insert_with(|| news.clone());
            let (addresses, _) = reach(env, audience.recipient, &contacts).await?;
            let wish = preferred(env, &addresses).await?;
            let order = preferring(channels(after.channels(&audience.groups)), wish.and_then(|wish| wish.first));
            match order.into_iter().find(|channel| leads(*channel, &addresses, post)) {
                Some(channel) => *count.entry(channel).or_default() += 1,
                None => found.nowhere += 1,
            }
        }
        if !page.more {
            break;
        }
    }
    let all = [Channel::Push, Channel::Sms, Channel::Email];
    found.by = all.into_iter().filter_map(|channel| Some((channel, *count.get(&channel)?))).collect();
    if let Some(news) = sample {
        texts(post, &after, &news, now, &mut found);
    }
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

/// The exact words, in the owner's own language; each reader gets their own.
fn texts(post: &Post, after: &Views, news: &Difference, now: crate::clock::Time, found: &mut Preview) {
    let by = |channel: Channel| found.by.iter().any(|(known, _)| *known == channel);
    let letterhead = |channel: Channel| Letterhead {
        service: post.service.clone(),
        reply: post.carriers.iter().any(|(known, carrier)| *known == channel && carrier.replies()),
        help: post.help.clone(),
        card: if channel == Channel::Email { CardWay::Attached } else { CardWay::None },
        ..Letterhead::default()
    };
    let languages = [&*after.owner.language, post.language.as_str()];
    let name = &after.owner.profile.name;
    let changed = |channel| Changed::new(news, name, now, &letterhead(channel));
    let sms = by(Channel::Sms).then(|| post.templates.sms(&languages, &changed(Channel::Sms)).ok()).flatten();
    let email = by(Channel::Email).then(|| post.templates.email(&languages, &changed(Channel::Email)).ok()).flatten();
    found.sms = sms.map(|sms| sms.text);
    found.email = email.map(|email| (email.subject, email.text));
}
