//! What the held introductions would send (rule E2): a ceiling of how many, by which channels, in which words, at what
//! cost. It is made of what the owner's own book says, so it tells nothing of who is registered or has stopped messages.

use crate::{
    domain::{
        address::Address,
        group::Member,
        id::{GroupId, OwnerId},
        notice::{Seen, channels, difference},
    },
    usecase::{
        Env,
        deliver_notice::Post,
        preview::{PAGE, PEOPLE_MOST, Preview, Readers, channels_of, most_first, told_in},
        view::Views,
        write::Refused,
    },
};
use std::collections::BTreeMap;

/// Different texts that are shown.
const TEXTS_MOST: usize = 8;

/// Looks at what the held introductions of an owner would send.
pub async fn preview(env: &Env, post: &Post, owner: OwnerId) -> Result<Preview, Refused> {
    let Some(views) = Views::read(env, owner).await? else { return Err(Refused::NotFound("owner")) };
    let mut found = Preview::default();
    let mut alike: BTreeMap<(Vec<GroupId>, String), Readers> = BTreeMap::new();
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
            let order = channels(views.channels(&groups));
            let language = told_in(post, &views.owner, std::slice::from_ref(&contact));
            let addresses: Vec<&Address> = contact.addresses.iter().collect();
            alike.entry((groups, language)).or_default().add(post, &order, &addresses);
        }
        if !page.more {
            break;
        }
    }
    let now = env.store.now().await?;
    let mut texts = Vec::new();
    alike.retain(|(groups, language), readers| {
        let told = difference(&Seen::default(), &views.introduced(groups));
        found.nowhere += readers.nowhere;
        if told.is_empty() {
            // Nothing is shown to them, so nothing is sent.
            found.nowhere += readers.reached();
            return false;
        }
        let (words, cost) = readers.words(post, &views, (&told, true), language, now);
        found.cost.add(cost);
        texts.extend(Some(words).filter(|words| words.people > 0));
        true
    });
    found.by = channels_of(&alike);
    most_first(&mut texts);
    texts.truncate(TEXTS_MOST);
    found.texts = texts;
    Ok(found)
}
