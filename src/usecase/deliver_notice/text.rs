//! What a notice says by the way that was chosen (rule N5).

use super::{Post, plan::Plan};
use crate::{
    domain::{
        address::Address,
        device::{Device, Place},
        notice::Reach,
        owner::Channel,
    },
    store::Claimed,
    template::{CardWay, Changed, Letterhead, Sms, TemplateError},
    usecase::carrier::{Cards, Carrier, Content},
};

impl Plan {
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
}
