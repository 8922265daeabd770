//! Which account would carry a message, in which words, at what cost: what every preview counts with (rule E2).

use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind},
        notice::Difference,
        owner::{Channel, Contact, Owner},
    },
    template::{CardWay, Changed, Letterhead, Price},
    usecase::{carrier::Cards, deliver_notice::Post, view::Views},
};
use std::collections::BTreeMap;

/// As long as the token of a link to somebody's card.
const TOKEN: &str = "00000000000000000000000000000000";

/// The words of one message, and how many get it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The tag of their language.
    pub language: String,
    /// How many at most.
    pub people: usize,
    /// The text message, where somebody gets one.
    pub sms: Option<String>,
    /// Its parts.
    pub parts: usize,
    /// Subject and text of the e-mail.
    pub email: Option<(String, String)>,
}

/// What text messages cost, all together: a ceiling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Their parts.
    pub parts: usize,
    /// What the operator says that they cost, in each currency.
    pub prices: Vec<Price>,
    /// How many messages are by accounts or to countries of which the operator has not said what they cost.
    pub unpriced: usize,
}

impl Cost {
    pub(in crate::usecase) fn add(&mut self, other: Self) {
        self.parts += other.parts;
        self.unpriced += other.unpriced;
        self.prices = Price::sum(self.prices.drain(..).chain(other.prices));
    }
}

/// Who would get the same words.
#[derive(Debug, Default)]
pub(in crate::usecase) struct Readers {
    /// Where text messages would go, by account.
    sms: BTreeMap<Box<str>, Vec<Address>>,
    email: usize,
    /// Those to whom nothing could be written.
    pub nowhere: usize,
}

impl Readers {
    /// One more, written to by the first of these channels that leads anywhere.
    pub(in crate::usecase) fn add(&mut self, post: &Post, order: &[Channel], addresses: &[&Address]) {
        match order.iter().find_map(|channel| Some((*channel, way(post, *channel, addresses)?))) {
            Some((Channel::Sms, (account, to))) => self.sms.entry(account.into()).or_default().push(to.clone()),
            Some(_) => self.email += 1,
            None => self.nowhere += 1,
        }
    }

    /// How many by this channel.
    pub(in crate::usecase) fn by(&self, channel: Channel) -> usize {
        match channel {
            Channel::Sms => self.sms.values().map(Vec::len).sum(),
            Channel::Email => self.email,
            Channel::Push => 0,
        }
    }

    /// How many would be written to.
    pub(in crate::usecase) fn reached(&self) -> usize {
        self.by(Channel::Sms) + self.email
    }

    /// The exact words in `language`, and what they cost.
    pub(in crate::usecase) fn words(
        &self,
        post: &Post,
        views: &Views,
        (news, introduces): (&Difference, bool),
        language: &str,
        now: Time,
    ) -> (Words, Cost) {
        let languages = [language, post.language.as_str()];
        let name = &views.owner.profile.name;
        let changed = |channel| {
            let changed = Changed::new(news, name, now, &letterhead(post, channel));
            if introduces { changed.introducing() } else { changed }
        };
        let wanted = |channel| self.by(channel) > 0;
        let sms = wanted(Channel::Sms).then(|| post.templates.sms(&languages, &changed(Channel::Sms)).ok()).flatten();
        let email = wanted(Channel::Email);
        let email = email.then(|| post.templates.email(&languages, &changed(Channel::Email)).ok()).flatten();
        let parts = sms.as_ref().map_or(0, |sms| sms.segments.parts);
        let words = Words {
            language: language.to_owned(),
            people: self.reached(),
            sms: sms.map(|sms| sms.text),
            parts,
            email: email.map(|email| (email.subject, email.text)),
        };
        (words, self.cost(post, parts))
    }

    /// What a text message of so many parts costs to each of them.
    fn cost(&self, post: &Post, parts: usize) -> Cost {
        let (mut prices, mut unpriced) = (Vec::new(), 0);
        for (account, all) in &self.sms {
            let known = post.caps.get(account).map(|caps| &caps.prices);
            for to in all {
                match known.and_then(|known| known.of(to, parts)) {
                    Some(price) => prices.push(price),
                    None => unpriced += 1,
                }
            }
        }
        Cost { parts: parts * self.by(Channel::Sms), prices: Price::sum(prices), unpriced }
    }
}

/// The language in which somebody is told whose entry is this, by the owner's own book.
pub(in crate::usecase) fn told_in(post: &Post, owner: &Owner, contacts: &[Contact]) -> String {
    let own = contacts.iter().find_map(|contact| contact.language.as_deref());
    let tags: Vec<&str> = own.into_iter().chain([&*owner.language, post.language.as_str()]).collect();
    post.templates.told_in(&tags)
}

/// The first account that writes to one of these addresses by this channel.
fn way<'a>(post: &'a Post, channel: Channel, addresses: &[&'a Address]) -> Option<(&'a str, &'a Address)> {
    let kind = match channel {
        Channel::Sms => Kind::Phone,
        Channel::Email => Kind::Email,
        Channel::Push => return None,
    };
    let mut of_kind = addresses.iter().copied().filter(|address| address.kind() == kind);
    of_kind.find_map(|address| {
        let goes = |account: &str| post.caps.get(account).is_none_or(|caps| caps.reach(address));
        let mut speak = post.carriers.iter().filter(|(speaks, _)| *speaks == channel);
        speak.find(|(_, carrier)| goes(carrier.name())).map(|(_, carrier)| (carrier.name(), address))
    })
}

/// What the first account of a channel would write on.
fn letterhead(post: &Post, channel: Channel) -> Letterhead {
    let first = post.carriers.iter().find(|(speaks, _)| *speaks == channel).map(|(_, carrier)| carrier);
    let card = match (channel, first.map(|carrier| carrier.cards())) {
        (Channel::Email, _) => CardWay::Attached,
        (Channel::Sms, Some(Cards::Mms)) if !post.public_url.is_empty() => CardWay::Attached,
        (Channel::Sms, Some(Cards::Link)) if !post.public_url.is_empty() => {
            CardWay::Link(format!("{}/c/{TOKEN}", post.public_url))
        }
        _ => CardWay::None,
    };
    Letterhead {
        service: post.service.clone(),
        reply: first.is_some_and(|carrier| carrier.replies()),
        help: post.help.clone(),
        card,
        ..Letterhead::default()
    }
}
