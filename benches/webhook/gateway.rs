//! Redial itself, on one thread like the bare server, with so many former numbers in an embedded database.

use super::load;
use crate::filled;
use redial::{
    clock::{Clock, SystemClock, SystemRandom},
    domain::{address::phone::Region, target::Targets},
    http::{self, Surface, body, proxies::Proxies, serve},
    provider::{self, AccountSettings, Provider},
    store::{SharedStore, sqlite::Sqlite},
    telemetry::Metrics,
    transport::http::{Client, Settings, relay::Relay},
    usecase::{
        Env, Rules,
        gateway::{Account, Accounts, Gateway, Ways},
    },
};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

pub(crate) fn serve(numbers: usize, upstream: &str) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let folder = filled::folder(std::process::id(), 0);
        std::fs::create_dir_all(&folder).expect("a folder for the database");
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store: SharedStore =
            Arc::new(Sqlite::open(&folder.join("redial.db"), Arc::clone(&clock), 1).expect("an empty store"));
        filled::fill(&store, &*clock, numbers).await;
        let rules = Rules { region: Region::new("US"), ..Rules::default() };
        let env = Env::new(Arc::clone(&store), clock, Arc::new(SystemRandom::new()), rules);
        let stop = CancellationToken::new();
        let metrics = Metrics::new();
        let gateway = Gateway::new(env, ways(), metrics.clone(), Accounts::new(accounts(upstream)), stop.clone());
        let surface = Surface {
            gateway: Arc::new(gateway),
            body: body::Limit { bytes: 1 << 20, time: Duration::from_secs(20) },
            proxies: Proxies::default(),
            ready: Arc::new(|| Box::pin(async { Ok(None) })),
        };
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = serve::Listener::bind(address).await.expect("a port is free");
        println!("{}", listener.address().expect("it is bound"));
        serve::serve(listener, http::routes(&surface, vec![]), serve::Limits::default(), metrics, stop).await;
    });
}

fn ways() -> Ways {
    let client = Client::new(&Settings::default()).expect("a client");
    Ways {
        relay: Relay::new(&Settings::default()).expect("a relay"),
        fetch: Arc::new(client.clone()),
        public: client.clone(),
        private: client,
        retries: vec![],
        reply_limit: 1 << 20,
    }
}

/// One for webhooks, and one for a drop-in endpoint whose senders have the provider's own credentials.
fn accounts(upstream: &str) -> [Account; 2] {
    [
        account("bench", provider::Custody::Operator, None),
        account(load::VIA, provider::Custody::Sender, Some(format!("http://{upstream}").into())),
    ]
}

fn account(name: &str, custody: provider::Custody, upstream: Option<Box<str>>) -> Account {
    let file = Provider::built_in("twilio").expect("it comes with Redial");
    let file = Arc::new(file.expect("a good file"));
    let values = [("account_sid", load::ACCOUNT), ("auth_token", load::TOKEN)];
    let values = values.map(|(name, value)| (name.to_owned(), vec![value.to_owned()])).to_vec();
    let parameters = file.parameters(values).expect("the values that it asks for");
    let settings = AccountSettings {
        name: name.into(),
        provider: file,
        parameters,
        custody,
        senders: vec![],
        public_urls: vec![load::PUBLIC.into()],
        upstream,
        application: None,
    };
    Account {
        provider: provider::Account::new(settings).expect("good settings"),
        app: Account::app_id(name),
        deadline: Duration::from_millis(250),
        harvest: Some(u32::MAX),
        identity_bound: false,
        bound: Arc::default(),
        announce: None,
        region: None,
        targets: Targets::default(),
        public_url: load::PUBLIC.into(),
        private_callbacks: false,
        inbound_url: None,
        after: false,
        host: None,
        no_results: std::sync::OnceLock::new(),
    }
}
