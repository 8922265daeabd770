//! A store of either kind whose clock stands still until the test moves it.

use crate::store::{Moment, database_at};
use redial::{
    clock::{Clock as _, ManualClock, Time},
    store::{SharedStore, postgres::Postgres, sqlite::Sqlite},
};
use std::{sync::Arc, time::Duration};

/// Connections of one node.
const CONNECTIONS: usize = 4;

/// A store and its clock.
pub(crate) struct Still {
    pub(crate) store: SharedStore,
    pub(crate) clock: Arc<ManualClock>,
    /// Where the store is the database, and its clock.
    database: Option<(String, Moment)>,
}

impl Still {
    /// The embedded one, in memory.
    pub(crate) fn embedded(start: Time) -> Self {
        let clock = Arc::new(ManualClock::at(start));
        let store = Sqlite::in_memory(Arc::clone(&clock) as _).expect("there is memory");
        Self::over(Arc::new(store), clock)
    }

    /// An embedded one that is there, over this clock.
    pub(crate) fn over(store: SharedStore, clock: Arc<ManualClock>) -> Self {
        Self { store, clock, database: None }
    }

    /// On a database of its own; none where that engine is not there.
    pub(crate) async fn database(start: Time) -> Option<Self> {
        let (url, moment) = database_at(start).await?;
        let store = connected(&url, CONNECTIONS).await;
        Some(Self { store, clock: Arc::new(ManualClock::at(start)), database: Some((url, moment)) })
    }

    /// The same with its store reached in another way, by this many connections.
    pub(crate) async fn by_way_of(self, url: &str, connections: usize) -> Self {
        Self { store: connected(url, connections).await, ..self }
    }

    /// Another one of the same kind.
    pub(crate) async fn anew(&self, start: Time) -> Self {
        if self.database.is_some() {
            Self::database(start).await.expect("there was one")
        } else {
            Self::embedded(start)
        }
    }

    /// What a second node works on: connections of its own to the same database. Of the embedded store there is one process
    /// only.
    pub(crate) async fn of_a_second_node(&self) -> SharedStore {
        match &self.database {
            Some((url, _)) => connected(url, CONNECTIONS).await,
            None => Arc::clone(&self.store),
        }
    }

    /// Where the database is.
    pub(crate) fn url(&self) -> Option<&str> {
        self.database.as_ref().map(|(url, _)| url.as_str())
    }

    /// Time passes, and nobody has looked yet at what then is due.
    pub(crate) async fn passes(&self, span: Duration) {
        self.clock.advance(span);
        if let Some((_, moment)) = &self.database {
            moment.set(self.clock.now()).await;
        }
    }
}

async fn connected(url: &str, connections: usize) -> SharedStore {
    Arc::new(Postgres::connect(url, connections, None).await.expect("the database is there"))
}
