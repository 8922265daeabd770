//! `/v1/owners/{owner}/preview` and `/introductions/preview`: what would be sent, before anything is (rule E2).

use super::{call::Call, reply::Reply};
use crate::{
    domain::{
        id::{GroupId, OwnerId},
        owner::Channel,
    },
    http::problem::{Kind, Problem},
    usecase::{
        Live,
        deliver_notice::Post,
        exchange,
        preview::{self, Cost, Preview, Sight, Words},
        wanted::Wanted,
        write::read_owner,
    },
};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What would be sent: a ceiling, which tells nothing of who is registered or wants no messages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PreviewView {
    /// How many people at most.
    pub people: usize,
    /// There are more than were counted.
    pub more: bool,
    /// How many by each channel.
    pub by: Vec<ByChannel>,
    /// How many of them there is no way to write to.
    pub nowhere: usize,
    /// What the text messages cost.
    pub cost: CostView,
    /// The exact words, those first that most people get.
    pub texts: Vec<WordsView>,
    /// What they will see, by their groups, the largest first; of introductions it stands in the words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<SightView>,
}

/// How many by one channel.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ByChannel {
    /// Which.
    pub channel: Channel,
    /// So many.
    pub people: usize,
}

/// What text messages cost at most.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CostView {
    /// Their parts, all together.
    pub parts: usize,
    /// By the operator's prices, one amount in each currency.
    #[schema(example = json!(["1.185 USD"]))]
    pub amounts: Vec<String>,
    /// How many messages go where the operator has stated no price: they are not in the amounts.
    pub unpriced: usize,
}

impl CostView {
    fn of(cost: &Cost) -> Self {
        let amounts = cost.prices.iter().map(ToString::to_string).collect();
        Self { parts: cost.parts, amounts, unpriced: cost.unpriced }
    }
}

/// The words of a message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WordsView {
    /// The tag of their language.
    pub language: String,
    /// How many get them at most.
    pub people: usize,
    /// The text message, where somebody gets one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sms: Option<String>,
    /// Its parts.
    pub parts: usize,
    /// The e-mail, where somebody gets one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailView>,
}

/// An e-mail.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EmailView {
    /// Its subject.
    pub subject: String,
    /// Its plain text.
    pub text: String,
}

impl WordsView {
    fn of(words: Words) -> Self {
        let email = words.email.map(|(subject, text)| EmailView { subject, text });
        Self { language: words.language, people: words.people, sms: words.sms, parts: words.parts, email }
    }
}

/// What people in the same groups will see.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SightView {
    /// Their groups.
    #[schema(value_type = Vec<String>)]
    pub groups: Vec<GroupId>,
    /// How many they are.
    pub people: usize,
    /// The card, as a vCard.
    pub card: String,
}

impl SightView {
    fn of(sight: &Sight) -> Self {
        Self { groups: sight.groups.clone(), people: sight.people, card: sight.card.to_bare_vcard(None) }
    }
}

impl PreviewView {
    fn of(found: Preview) -> Self {
        Self {
            people: found.people,
            more: found.more,
            by: found.by.iter().map(|&(channel, people)| ByChannel { channel, people }).collect(),
            nowhere: found.nowhere,
            cost: CostView::of(&found.cost),
            texts: found.texts.into_iter().map(WordsView::of).collect(),
            seen: found.seen.iter().map(SightView::of).collect(),
        }
    }
}

/// The owner who is asked about, and what messages would leave with.
async fn asked(call: &Call) -> Result<(OwnerId, Arc<Post>), Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?.id;
    let post = call.api.post.get().map(Live::kept);
    Ok((owner, post.ok_or_else(|| Problem::new(Kind::Unavailable).detail("this process sends no messages"))?))
}

/// What a wanted change would tell, as if every value in it were proved: to how many, by which channels, in which words, at
/// what cost. Nothing is written.
#[utoipa::path(post, path = "/v1/owners/{owner}/preview", request_body = Wanted,
    responses((status = 200, body = PreviewView)))]
pub(super) async fn change(call: &Call) -> Result<Reply, Problem> {
    let wanted: Wanted = call.json()?;
    let (owner, post) = asked(call).await?;
    let found = preview::preview(&call.api.env, &post, owner, &wanted).await?;
    Ok(Reply::json(200, &PreviewView::of(found)))
}

/// What the introductions would send that wait for the owner's word.
#[utoipa::path(get, path = "/v1/owners/{owner}/introductions/preview", responses((status = 200, body = PreviewView)))]
pub(super) async fn introductions(call: &Call) -> Result<Reply, Problem> {
    let (owner, post) = asked(call).await?;
    let found = exchange::preview::preview(&call.api.env, &post, owner).await?;
    Ok(Reply::json(200, &PreviewView::of(found)))
}
