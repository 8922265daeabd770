//! The store on a real `PostgreSQL`: what every store does alike, and the model with two nodes whose connections are cut.

use super::{
    cluster,
    conformance::suite,
    model::{self, STORES, Subject},
    proxy::Proxy,
    rows::{self, Row},
};
use redial::{
    clock::ManualClock,
    store::{SharedStore, Store as _, postgres::Postgres},
};
use std::sync::Arc;

/// One that has looked for former numbers.
async fn open(url: &str) -> Arc<Postgres> {
    let store = Postgres::connect(url, 4, None).await.expect("the database is there");
    store.follow().await.expect("it can look");
    Arc::new(store)
}

/// An empty store in a database of its own.
async fn fresh() -> Option<SharedStore> {
    Some(open(&cluster::database().await?).await)
}

suite!(super::fresh);

/// Nodes on one database, each behind a proxy of its own.
struct Nodes {
    url: String,
    proxies: Vec<Arc<Proxy>>,
    stores: Vec<Arc<Postgres>>,
}

impl Nodes {
    async fn new() -> Option<Self> {
        let url = cluster::database().await?;
        let mut nodes = Self { url, proxies: Vec::new(), stores: Vec::new() };
        for _ in 0..STORES {
            let proxy = Proxy::start(&nodes.url).await;
            nodes.stores.push(open(&proxy.url).await);
            nodes.proxies.push(proxy);
        }
        Some(nodes)
    }
}

#[async_trait::async_trait]
impl Subject for Nodes {
    fn store(&self, which: usize) -> SharedStore {
        Arc::<Postgres>::clone(&self.stores[which])
    }

    fn clock(&self) -> Option<Arc<ManualClock>> {
        None
    }

    /// The connection is cut there; the store is to go on as if nothing had happened.
    fn crash_before(&self, which: usize, statements: u32) {
        self.proxies[which].cut_before(statements);
    }

    async fn rows(&self) -> Vec<Row> {
        rows::of_server(&self.url).await
    }

    async fn restart(&mut self, which: usize, gently: bool) {
        if gently {
            self.stores[which].close().await;
        }
        self.stores[which] = open(&self.proxies[which].url).await;
    }
}

#[tokio::test]
async fn behaves_as_the_model() {
    model::run(1, Nodes::new).await;
}
