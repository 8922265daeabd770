//! `/v1/resolve`: is this still how to reach them?

use super::{Api, call::Call, reply::Reply, slot::end_of_slot};
use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind as AddressKind, NotAnAddress, phone::NotAPhone},
        card::{self, Form},
        group::{Identity, Viewer, rights},
        id::QueryId,
        identity_bound::Traits,
        query::{Reason, Verdict},
    },
    http::problem::Problem,
    usecase::{
        harvest::Asker,
        keys::{Caller, Scope},
        resolve::{self, Answer, Ask, Met},
        write::{Fault, Refused, read_owner},
    },
};
use serde::{Deserialize, Serialize};

/// A question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// The number or address that the asker has. Without one `name` alone is looked up, among owners who put this key
    /// into a group by its id.
    #[serde(default)]
    pub to: Option<String>,
    /// The name that the asker has for it.
    #[serde(default)]
    pub name: Option<String>,
    /// Who sends or calls. Believed only from a key with the scope `assert_sender`; else it is not looked at.
    #[serde(default)]
    pub from: Option<String>,
    /// What is about to happen.
    #[serde(default)]
    pub channel: Option<Means>,
}

/// What is about to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Means {
    /// A text message.
    Sms,
    /// A call.
    Call,
    /// An e-mail.
    Email,
}

/// An answer. Everything that is not permitted, unknown or unclear has one face: `no_result` (rule Q4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub(super) enum VerdictView {
    /// It has changed.
    Moved {
        /// The new number or address.
        to: String,
        /// Whose it is.
        name: Box<str>,
        /// Since when the one asked for is no longer theirs; absent for a question with a name alone.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = DateTime)]
        since: Option<Time>,
        /// What this key may see of the owner, as a vCard 3.0.
        card: String,
        /// By which `explain` finds it.
        #[schema(value_type = String)]
        id: QueryId,
    },
    /// It is still how to reach them.
    Current {
        /// By which `explain` finds it.
        #[schema(value_type = String)]
        id: QueryId,
    },
    /// Nothing can be said.
    NoResult {
        /// By which `explain` finds it.
        #[schema(value_type = String)]
        id: QueryId,
    },
}

impl VerdictView {
    fn word(&self) -> &'static str {
        match self {
            VerdictView::Moved { .. } => "moved",
            VerdictView::Current { .. } => "current",
            VerdictView::NoResult { .. } => "no_result",
        }
    }
}

/// Asks whether a number or address is still how to reach somebody. The answer leaves at the end of a fixed slot.
#[utoipa::path(post, path = "/v1/resolve", request_body = Question, responses((status = 200, body = VerdictView)))]
pub(super) async fn resolve(call: &Call) -> Result<Reply, Problem> {
    let question: Question = call.json()?;
    // Everything that depends on the verdict comes before the end of the slot, its text included.
    let reply = verdict(&call.api, &call.caller, &question).await.map(|verdict| Reply::json(200, &verdict));
    let slot = call.api.live.now().slot;
    end_of_slot(call.head.arrived, slot).await;
    reply
}

/// Reads a question, has it answered, and says no more than the caller may know.
pub(super) async fn verdict(api: &Api, caller: &Caller, question: &Question) -> Result<VerdictView, Problem> {
    let (viewer, sender) = viewer(api, caller, question)?;
    let way = format!("api:{}", caller.app);
    let asker = Asker { app: caller.app, connects: false, most: api.env.rules().harvest };
    let name = question.name.as_deref();
    let answer = match (question.to.as_deref(), name) {
        (Some(text), _) => {
            let to = match Address::parse(text, api.env.rules().region) {
                Ok(to) => to,
                Err(why) if passes(&why) => return Ok(unasked(api)),
                Err(why) => return Err(Refused::Invalid(vec![Fault::address("/to", &why)]).into()),
            };
            let live = api.live.now();
            let key = caller.app.to_string();
            let what =
                Traits { sender: question.from.as_deref().filter(|_| sender.is_some()), key: Some(&key), text: None };
            let identity_bound = live.bound.listed(&what, api.env.rules().region);
            let ask =
                Ask { to, name, viewer, sender, identity_bound, targets: &live.targets, asker: Some(asker), way: &way };
            resolve::resolve(&api.env, ask).await?
        }
        (None, Some(name)) => {
            let email = question.channel == Some(Means::Email);
            let kind = if email { AddressKind::Email } else { AddressKind::Phone };
            resolve::resolve_name(&api.env, name, kind, &viewer, Some(&asker), &way).await?
        }
        (None, None) => return Err(Refused::invalid("/to", "a number or address is needed, or a name").into()),
    };
    if answer.decision.because == Reason::Harvest {
        super::harvested(&api.metrics);
    }
    let view = view(api, answer).await?;
    super::asked(&api.metrics, view.word());
    Ok(view)
}

/// What is no mistake but nobody's number either passes as it is (rule Q1): a sender may ask before each message.
fn passes(why: &NotAnAddress) -> bool {
    use NotAPhone::{AlphanumericSender, Emergency, NamedUser, OtherService, PrivatePlan, ServiceCode, ShortCode};
    matches!(
        why,
        NotAnAddress::Phone(
            AlphanumericSender | Emergency | NamedUser | OtherService | PrivatePlan | ServiceCode | ShortCode
        )
    )
}

/// The answer to a question that nobody has to be asked.
fn unasked(api: &Api) -> VerdictView {
    let view = VerdictView::NoResult { id: QueryId::fresh(api.env.clock.now(), &*api.env.random) };
    super::asked(&api.metrics, view.word());
    view
}

/// Who asks: the key, the owner that it is bound to, and, where it may say so, the sender (rule Q11).
fn viewer(api: &Api, caller: &Caller, question: &Question) -> Result<(Viewer, Option<Address>), Problem> {
    let mut viewer = Viewer::proved(Identity::Application(caller.app));
    viewer.proved.extend(caller.owner.map(Identity::Owner));
    let Some(from) = question.from.as_deref().filter(|_| caller.may(Scope::AssertSender)) else {
        return Ok((viewer, None));
    };
    let from = Address::parse(from, api.env.rules().region)
        .map_err(|why| Refused::Invalid(vec![Fault::address("/from", &why)]))?;
    viewer.proved.push(Identity::Address(from.clone()));
    Ok((viewer, Some(from)))
}

async fn view(api: &Api, answer: Answer) -> Result<VerdictView, Problem> {
    let id = answer.id;
    Ok(match (answer.decision.say, answer.met) {
        (Verdict::Moved(to), Some(met)) => VerdictView::Moved {
            to: to.wire().to_owned(),
            name: met.name.clone(),
            since: met.since,
            card: card(api, &met).await?,
            id,
        },
        (Verdict::Current, _) => VerdictView::Current { id },
        (Verdict::NoResult | Verdict::Moved(_), _) => VerdictView::NoResult { id },
    })
}

/// What the groups that gave the right let their members see of the owner.
async fn card(api: &Api, met: &Met) -> Result<String, Problem> {
    let owner = read_owner(&api.env, met.owner, None).await?;
    let grants = api.env.store.grants(met.owner).await?;
    let rights = rights(&grants, &met.groups.iter().copied().collect(), false);
    Ok(card::project(&owner, &rights).to_vcard(Form::V3))
}
