//! `/v1`: owners' details, queries and what explains them, for programs.
//!
//! [`route::TABLE`] lists every route with its method, path, scope and handler. A handler parses, calls one use case and
//! answers. To add one: a line there, and an annotated function listed in [`openapi`]; a test walks the document against
//! the table. What every request has in common (credentials, scopes, `me`, sizes, repeats, problem documents) happens
//! in [`call`] and is not a handler's business.

mod access;
mod batch;
mod blocks;
mod books;
mod call;
mod contacts;
mod devices;
mod exchange;
mod explain;
mod groups;
mod json;
mod members;
pub mod openapi;
mod opt_outs;
mod owners;
mod passkeys;
mod points;
mod preview;
mod record_view;
mod records;
mod reply;
mod requests;
mod resolve;
mod route;
mod slot;
mod view;

pub use route::{Route, TABLE};

use super::{
    body::Limit,
    problem::{Kind, Problem},
};
use crate::{
    domain::{id::AppId, identity_bound::Lists, target::Targets},
    telemetry::{
        Metrics,
        metrics::{Asked, Refused},
    },
    usecase::{Env, Live, deliver_notice::Post, devices::PushAccounts},
};
use bytes::{Buf, Bytes};
use call::{Call, Head};
use futures_util::{Stream, StreamExt as _, stream::BoxStream};
use http::{HeaderMap, HeaderValue, Method, header};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};
use warp::{Filter, filters::BoxedFilter, reply::Response};

/// What the operator has set for queries over `/v1`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What may stand in an answer to a query as the new number (rule Q12).
    pub targets: Targets,
    /// Every verdict leaves at the end of a slot of this length (rule Q4).
    pub slot: Duration,
    /// Which keys and senders ask for one-time codes and the like (rule Q8).
    pub bound: Lists,
    /// The accounts that push.
    pub push: PushAccounts,
    /// All of them, for explaining what their providers' ids stand for.
    pub accounts: Vec<Box<str>>,
}

impl Default for Settings {
    /// Slots of 5 ms.
    fn default() -> Self {
        Self {
            targets: Targets::default(),
            slot: Duration::from_millis(5),
            bound: Lists::default(),
            push: PushAccounts::default(),
            accounts: Vec::new(),
        }
    }
}

/// What `/v1` works with; `app` fills it.
#[derive(Clone)]
pub struct Api {
    /// Store, clock, randomness, rules.
    pub env: Env,
    /// What a reload replaces.
    pub live: Live<Settings>,
    /// What request bodies may be.
    pub body: Limit,
    /// How many lines of a batch are answered at once.
    pub batch_concurrency: usize,
    /// Where answers, verdicts and refusals are counted.
    pub metrics: Metrics,
    /// What our own messages leave with, for previews; empty where this process sends none.
    pub post: Arc<OnceLock<Live<Post>>>,
    under_way: Arc<Mutex<HashSet<(AppId, String)>>>,
}

impl Api {
    /// With 64 lines of a batch at once, and counters of its own.
    pub fn new(env: Env, settings: Settings, body: Limit) -> Self {
        Self {
            env,
            live: Live::new(settings),
            body,
            batch_concurrency: 64,
            metrics: Metrics::new(),
            post: Arc::default(),
            under_way: Arc::default(),
        }
    }
}

/// Everything below `/v1`, and `/openapi.json`.
pub fn routes(api: Api) -> BoxedFilter<(Response,)> {
    let document: Bytes = openapi::document().to_string().into();
    let document = warp::path("openapi.json").and(warp::path::end()).and(warp::get()).map(move || {
        let mut response = Response::new(document.clone().into());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    });
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::path("v1")
        .and(warp::path::tail())
        .and(warp::method())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |tail: warp::path::Tail, method, query: String, headers, body| {
            let api = api.clone();
            async move { answer(api, tail.as_str(), method, &query, headers, pieces(body)).await }
        })
        .or(document)
        .unify()
        .boxed()
}

fn pieces<B: Buf>(
    body: impl Stream<Item = Result<B, warp::Error>> + Send + 'static,
) -> BoxStream<'static, Result<Bytes, warp::Error>> {
    body.map(|piece| piece.map(|mut piece| piece.copy_to_bytes(piece.remaining()))).boxed()
}

async fn answer(
    api: Api,
    tail: &str,
    method: Method,
    query: &str,
    headers: HeaderMap,
    body: BoxStream<'static, Result<Bytes, warp::Error>>,
) -> Response {
    let arrived = tokio::time::Instant::now();
    let metrics = api.metrics.clone();
    let outcome = async {
        let (route, segments) = route::find(&method, tail)?;
        let head = Head { arrived, route, segments, tail: tail.to_owned(), query: query.to_owned(), headers };
        let call = Call::admit(api, head, body).await?;
        (route.handler)(&call).await
    };
    let response = match outcome.await {
        Ok(reply) => reply.into_response(),
        Err(problem) => {
            refused(&metrics, &problem);
            problem.response()
        }
    };
    super::count(&metrics, "api", response)
}

fn refused(metrics: &Metrics, problem: &Problem) {
    let reason = match problem.kind() {
        Kind::Unauthorized => "credentials",
        Kind::Forbidden => "scope",
        Kind::TooLarge => "too_large",
        Kind::Timeout => "time",
        Kind::Malformed | Kind::Invalid | Kind::UnsupportedMedia => "malformed",
        Kind::NotFound | Kind::MethodNotAllowed => "path",
        Kind::Conflict | Kind::Taken | Kind::KeyReused | Kind::Stale => "state",
        _ => "failure",
    };
    metrics.refused.get_or_create(&Refused { surface: "api", reason }).inc();
}

/// Counts a key that has had its share of the day (rule Q13).
fn harvested(metrics: &Metrics) {
    metrics.refused.get_or_create(&Refused { surface: "api", reason: "harvest" }).inc();
}

/// Counts a verdict; all kinds of no are one (rule Q4).
fn asked(metrics: &Metrics, verdict: &'static str) {
    metrics.queries.get_or_create(&Asked { way: "api", verdict, account: String::new() }).inc();
}
