//! Requests to Redial, by one who is used to its dying.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use std::time::Duration;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Clones share their connections.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Api {
    pub(crate) fn new() -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        Self { client: Client::builder(TokioExecutor::new()).build(tcp) }
    }

    /// One request; `None` where there is no answer.
    async fn send(&self, request: http::request::Builder, body: &str) -> Option<(u16, Value)> {
        let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).expect("a good request");
        let answer = tokio::time::timeout(PATIENCE, async {
            let response = self.client.request(request).await.ok()?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.ok()?.to_bytes();
            Some((status, serde_json::from_slice(&body).unwrap_or_default()))
        });
        answer.await.ok()?
    }

    /// With `once`, a repeat is the same request.
    pub(crate) async fn post(&self, url: &str, token: &str, once: Option<&str>, body: &str) -> Option<(u16, Value)> {
        let mut request = Request::builder().method(Method::POST).uri(url);
        request = request.header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
        if let Some(once) = once {
            request = request.header("idempotency-key", once);
        }
        self.send(request, body).await
    }

    pub(crate) async fn get(&self, url: &str, token: &str) -> Option<(u16, Value)> {
        self.send(Request::builder().uri(url).header("authorization", format!("Bearer {token}")), "").await
    }
}

/// Redial's `/v1`, asked until it answers.
#[derive(Clone, Debug)]
pub(crate) struct V1 {
    pub(crate) api: Api,
    pub(crate) base: String,
    pub(crate) key: String,
}

impl V1 {
    /// Makes something once, however often it has to be asked for.
    pub(crate) async fn make(&self, path: &str, once: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.base);
        let text = body.to_string();
        until(async || self.api.post(&url, &self.key, Some(once), &text).await).await
    }

    pub(crate) async fn read(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.base);
        until(async || self.api.get(&url, &self.key).await).await
    }
}

/// A process that is dead, or just starts, answers later.
async fn until(ask: impl AsyncFn() -> Option<(u16, Value)>) -> Value {
    for _ in 0..600 {
        match ask().await {
            Some((200..300, body)) => return body,
            // Under the same key an answer is being made; others changed the same owner; the store is busy.
            None | Some((409 | 429 | 500.., _)) => tokio::time::sleep(Duration::from_millis(100)).await,
            Some((status, body)) => panic!("Redial answered {status}: {body}"),
        }
    }
    panic!("Redial does not answer")
}
