//! The first page: the owner's own numbers and addresses, and what is under way.

use super::{Answered, Desk, Signed, facts};
use crate::{
    domain::{change::RequestState, owner::Profile},
    template::picture,
    usecase::history,
};
use http::StatusCode;
use serde_json::{Value, json};

/// So many decided changes are shown.
const PAST: usize = 5;

/// The page.
pub(super) async fn page(desk: &Desk<'_>, me: &Signed) -> Answered {
    let now = desk.env.store.now().await?;
    let requests = desk.env.store.requests(me.owner.id, None, 50).await?.items;
    let holds = desk.env.rules().holds;
    let history = history::of(desk.env, &me.owner).await?;
    let shown = |open: bool| {
        let some = requests.iter().filter(move |request| request.state.is_open() == open && history.shows(request));
        some.map(|request| facts::request(request, &me.owner, &holds, now)).collect::<Vec<Value>>()
    };
    let held = requests.iter().any(|request| request.state == RequestState::Held);
    let groups = desk.env.store.groups(me.owner.id).await?.len();
    let past: Vec<Value> = shown(false).into_iter().take(PAST).collect();
    let facts = json!({
        "points": facts::points(&me.owner), "silenced": me.owner.silenced, "open": shown(true), "past": past,
        "held": held, "groups": groups, "name": me.owner.profile.name,
        "photo": picture(&me.owner.profile.photo), "does": does(&me.owner.profile),
    });
    Ok(desk.page(Some(me), StatusCode::OK, "home", facts))
}

/// Title and company.
fn does(profile: &Profile) -> String {
    let both = [profile.title.as_str(), profile.organisation.as_str()];
    both.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ")
}
