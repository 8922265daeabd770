//! The ways in over HTTP: parse, one use case, answer.
//!
//! [`routes`] is the one layout: hooks first, for every call waits for them, then drop-in endpoints, by the account's own
//! host name or below `/via`, then every other surface below one prefix each. To add a surface: a module with a filter that answers its
//! prefix, handed to [`routes`] by `app`.

pub mod api;
pub mod arrival;
pub mod body;
mod browser;
pub mod console;
pub mod health;
mod hooks;
mod pages;
mod portal;
pub mod problem;
pub mod proxies;
pub mod serve;
pub mod stand_in;
mod via;
mod waiting;

use crate::{
    provider::Document,
    telemetry::{Metrics, metrics::Answered},
    usecase::gateway::Gateway,
};
use http::header;
use std::sync::Arc;
use warp::{Filter, filters::BoxedFilter, reply::Response};

/// What the surfaces work with; `app` fills it.
#[derive(Clone)]
pub struct Surface {
    /// Accounts, store, ways out.
    pub gateway: Arc<Gateway>,
    /// What request bodies may be.
    pub body: body::Limit,
    /// For `/readyz`.
    pub ready: health::Ready,
    /// Proxies in front, whose word on who asks is believed.
    pub proxies: proxies::Proxies,
}

/// All routes of the main listener. `others`: one filter for each further surface, which answers all of its prefix.
pub fn routes(surface: &Surface, others: Vec<BoxedFilter<(Response,)>>) -> serve::Routes {
    let mut all = pages::routes(surface).or(portal::routes(surface)).unify().boxed();
    for other in others {
        all = all.or(other).unify().boxed();
    }
    let metrics = surface.gateway.metrics.clone();
    let nowhere = move |rejection| {
        let metrics = metrics.clone();
        async move { problem::recover(rejection).await.map(|answer| count(&metrics, "unknown", answer)) }
    };
    let rest = all.or(health::routes(Arc::clone(&surface.ready))).unify().recover(nowhere).unify().boxed();
    let first = Some((hooks::Hooks::new(surface), via::Via::new(surface)));
    serve::Routes { first, rest, proxies: surface.proxies.clone() }
}

/// A provider's document as an answer.
fn document_response(document: Document) -> Response {
    let mut response = Response::new(document.body.into());
    *response.status_mut() = document.status;
    if let Some(content_type) = document.content_type {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    response
}

/// Counts an answer.
fn count(metrics: &Metrics, surface: &'static str, answer: Response) -> Response {
    let class = match answer.status().as_u16() {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    };
    if (surface, class) == ("hook", "2xx") {
        metrics.hook_answers.inc();
    } else {
        metrics.requests.get_or_create(&Answered { surface, class }).inc();
    }
    answer
}
