//! What the tests of `/v1` have in common: a server, keys, and owners made through the API itself.

use crate::{
    spawn::{Running, Setup, spawn},
    store::database,
};
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use redial::{
    domain::id::OwnerId,
    http::{
        api::{self, Api, Settings},
        body,
    },
    store::{SharedStore, Store as _, postgres::Postgres},
    telemetry::Metrics,
    usecase::{
        Live,
        deliver_notice::Post,
        keys::{self, NewKey, Scope},
        write::carry_out,
    },
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

pub(crate) struct World {
    pub(crate) running: Running,
    client: Client<HttpConnector, Full<Bytes>>,
    /// May do everything.
    pub(crate) root: String,
    /// What the API counted.
    pub(crate) metrics: Metrics,
    /// What messages of our own would leave with; a process that sends none has it empty.
    pub(crate) post: Arc<OnceLock<Live<Post>>>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// `null` where the body is no JSON.
    pub(crate) body: Value,
}

impl Answer {
    /// The last word of a problem document's `type`.
    pub(crate) fn problem(&self) -> String {
        let kind = self.body["type"].as_str().unwrap_or_default();
        kind.strip_prefix("urn:redial:problem:").unwrap_or_default().to_owned()
    }

    pub(crate) fn id(&self) -> String {
        self.body["id"].as_str().unwrap_or_else(|| panic!("no id in {}", self.text)).to_owned()
    }

    pub(crate) fn etag(&self) -> String {
        self.headers["etag"].to_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn ok(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

/// A phone number that is valid and nobody's: 0 to 99.
pub(crate) fn number(n: u32) -> String {
    format!("+14155550{:03}", 100 + n)
}

pub(crate) const LIMIT: usize = 128 << 10;

/// On an `SQLite` file.
pub(crate) async fn on_sqlite() -> World {
    World::on(None).await
}

/// On a database of its own; none where there is no `PostgreSQL`.
pub(crate) async fn on_postgres() -> Option<World> {
    let store = Postgres::connect(&database().await?, 4, None).await.expect("the database is there");
    store.follow().await.expect("it can look for former numbers");
    Some(World::on(Some(Arc::new(store))).await)
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::on(None).await
    }

    /// One more on the same kind of store.
    pub(crate) async fn another(&self) -> Self {
        if self.running.sqlite.is_there() { on_sqlite().await } else { on_postgres().await.expect("there was one") }
    }

    async fn on(store: Option<SharedStore>) -> Self {
        let metrics = Metrics::new();
        let counted = metrics.clone();
        let post: Arc<OnceLock<Live<Post>>> = Arc::default();
        let sends = Arc::clone(&post);
        let others = move |env: &redial::usecase::Env| {
            let limit = body::Limit { bytes: LIMIT, time: Duration::from_secs(5) };
            let settings = Settings { slot: Duration::from_millis(1), ..Settings::default() };
            let mut api = Api::new(env.clone(), settings, limit);
            api.metrics = counted;
            api.post = sends;
            vec![api::routes(api)]
        };
        let running = spawn(Setup { others: Box::new(others), store, ..Setup::default() }).await;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut world = Self { running, client, root: String::new(), metrics, post };
        world.root = world.key(&World::all(), None).await;
        world
    }

    /// Every scope that a key for all owners may have.
    pub(crate) fn all() -> Vec<Scope> {
        Scope::ALL.into_iter().filter(|scope| !matches!(scope, Scope::CardDav | Scope::Api)).collect()
    }

    /// A key's secret.
    pub(crate) async fn key(&self, scopes: &[Scope], owner: Option<OwnerId>) -> String {
        let wanted = NewKey { label: "test".into(), scopes: scopes.to_vec(), owner };
        let (_, secret) = carry_out(&self.running.env, || keys::create(&self.running.env, &wanted)).await.unwrap();
        secret.reveal().to_owned()
    }

    /// Any request.
    pub(crate) async fn send(
        &self,
        key: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.running.base));
        if !key.is_empty() {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&text).unwrap_or_default();
        Answer { status, headers, text: String::from_utf8_lossy(&text).into_owned(), body }
    }

    /// With the key that may do everything.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(&self.root, Method::GET, path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(&self.root, Method::POST, path, &[], body.to_string()).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(&self.root, Method::PATCH, path, &[], body.to_string()).await
    }

    pub(crate) async fn put(&self, path: &str) -> Answer {
        self.send(&self.root, Method::PUT, path, &[], "").await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(&self.root, Method::DELETE, path, &[], "").await
    }

    /// An owner with these points as `(label, value)`; its path.
    pub(crate) async fn owner(&self, name: &str, points: &[(&str, &str)]) -> String {
        let points: Vec<Value> = points.iter().map(|(label, value)| json!({"label": label, "value": value})).collect();
        let made = self.post("/v1/owners", &json!({"profile": {"name": name}, "points": points})).await.ok(201);
        format!("/v1/owners/{}", made.body["owner"]["id"].as_str().unwrap())
    }

    /// A book; its id.
    pub(crate) async fn book(&self, owner: &str, name: &str) -> String {
        self.post(&format!("{owner}/books"), &json!({"name": name})).await.ok(201).id()
    }

    /// A group whose members may learn these points, by label, and are told at once; its id.
    pub(crate) async fn group(&self, owner: &str, book: &str, reveal: &[&str], forward: &[&str]) -> String {
        let wanted = json!({"book": book, "name": "group", "told": "at_once", "reveal": reveal, "forward": forward});
        self.post(&format!("{owner}/groups"), &wanted).await.ok(201).id()
    }

    /// A contact of a book, a member of these groups; its id.
    pub(crate) async fn contact(&self, owner: &str, book: &str, name: &str, number: &str, groups: &[&str]) -> String {
        let wanted = json!({"book": book, "name": name, "addresses": [number]});
        let id = self.post(&format!("{owner}/contacts"), &wanted).await.ok(201).id();
        for group in groups {
            self.put(&format!("{owner}/groups/{group}/members/{id}")).await.ok(204);
        }
        id
    }

    /// Gives the point with this label another value, a minute later.
    pub(crate) async fn change(&self, owner: &str, label: &str, value: &str) {
        self.running.clock.advance(Duration::from_mins(1));
        let wanted = json!({"points": [{"replace": {"point": label, "value": value}}]});
        self.post(&format!("{owner}/requests"), &wanted).await.ok(201);
    }

    /// What `from` is told of somebody's number: the new one, or the verdict.
    pub(crate) async fn asks(&self, from: &str, to: &str, name: &str) -> String {
        let answer = self.post("/v1/resolve", &json!({"to": to, "name": name, "from": from})).await.ok(200);
        match answer.body["verdict"].as_str() {
            Some("moved") => answer.body["to"].as_str().unwrap().to_owned(),
            other => other.unwrap().to_owned(),
        }
    }

    /// The fan-outs that wait, as `(only how many, silent)`; they are taken.
    pub(crate) async fn fanouts(&self) -> Vec<(usize, bool)> {
        let mut found = Vec::new();
        while let Some(fanout) = self.running.store.claim_fanout(Duration::from_hours(1)).await.unwrap() {
            found.push((fanout.only.len(), fanout.silent));
        }
        found
    }

    /// The id in an owner's path.
    pub(crate) fn id_of(owner: &str) -> OwnerId {
        owner.rsplit('/').next().unwrap().parse().unwrap()
    }
}
