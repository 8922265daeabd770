//! `/healthz`, `/readyz` and `/metrics`.

use super::problem::{Kind, Problem};
use futures_util::future::BoxFuture;
use http::{HeaderValue, header};
use std::sync::Arc;
use warp::{Filter, Reply as _, filters::BoxedFilter, reply::Response};

/// Whether requests can be served: the store answers and no stop has begun, and why nothing is sent, where that is so. The
/// error is for the operator.
pub type Ready = Arc<dyn Fn() -> BoxFuture<'static, Result<Option<String>, String>> + Send + Sync>;

/// The body of `/metrics`.
pub type Scrape = Arc<dyn Fn() -> String + Send + Sync>;

/// `/healthz`: the process answers. `/readyz`: it can do its work, else 503; while sending is held it says so and is ready, for
/// queries are answered.
pub fn routes(ready: Ready) -> BoxedFilter<(Response,)> {
    let healthz = warp::path!("healthz").and(warp::get()).map(|| text("ok\n"));
    let readyz = warp::path!("readyz").and(warp::get()).then(move || {
        let state = ready();
        async move {
            match state.await {
                Ok(None) => text("ready\n"),
                Ok(Some(why)) => text(format!("ready, but nothing is sent: {why}\n")),
                Err(why) => {
                    tracing::warn!(%why, "not ready");
                    Problem::new(Kind::Unavailable).retry_after(1).into_response()
                }
            }
        }
    });
    healthz.or(readyz).unify().boxed()
}

/// `/metrics`, for a listener that only the operator's own machines reach.
pub fn metrics(scrape: Scrape) -> BoxedFilter<(Response,)> {
    warp::path!("metrics")
        .and(warp::get())
        .map(move || {
            let mut answer = Response::new(scrape().into());
            answer.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8"),
            );
            answer
        })
        .boxed()
}

fn text(body: impl Into<String>) -> Response {
    warp::reply::with_header(body.into(), header::CONTENT_TYPE, "text/plain; charset=utf-8").into_response()
}
