//! Delivery reports: late, early, twice, in any order, and again until somebody takes them.

use super::{api::Api, far_end::id, script::Reports};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::Semaphore;

/// What reports show.
pub(crate) const TOKEN: &str = "reports-show-this";
/// At once.
const AT_ONCE: usize = 16;
/// A provider comes again while nobody takes its report.
const AGAIN: Duration = Duration::from_millis(300);

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Our name of the message.
    pub(crate) reference: String,
    /// For whom.
    pub(crate) to: String,
    /// Where reports go.
    pub(crate) report: Option<String>,
}

impl Wanted {
    /// From a JSON or form body.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let mut fields: HashMap<String, String> =
            serde_json::from_slice(body).unwrap_or_else(|_| form_urlencoded::parse(body).into_owned().collect());
        Some(Self { reference: fields.remove("reference")?, to: fields.remove("to")?, report: fields.remove("report") })
    }
}

/// Sends the reports of one provider.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    api: Api,
    places: Arc<Semaphore>,
    left: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
}

impl Desk {
    pub(crate) fn new(api: Api) -> Self {
        Self { api, places: Arc::new(Semaphore::new(AT_ONCE)), left: Arc::default(), sent: Arc::default() }
    }

    /// Reports that somebody still waits for.
    pub(crate) fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }

    /// Reports that were taken.
    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    /// Reports what becomes of a message that was taken the `nth` time.
    pub(crate) fn report(&self, wanted: &Wanted, nth: u32, reports: Reports) {
        let Some(url) = wanted.report.clone().filter(|_| !reports.never) else { return };
        let id = id(&wanted.reference, nth);
        let last = if reports.refused { "refused" } else { "delivered" };
        let mut states = vec!["accepted", last];
        if reports.reversed {
            states.reverse();
        }
        if reports.doubled {
            states = states.iter().flat_map(|state| [*state, *state]).collect();
        }
        let desk = self.clone();
        desk.left.fetch_add(states.len(), Ordering::Relaxed);
        tokio::spawn(async move {
            if !reports.early {
                tokio::time::sleep(reports.after).await;
            }
            for state in states {
                desk.until_taken(&url, &format!("{{\"id\":\"{id}\",\"state\":\"{state}\"}}")).await;
                desk.left.fetch_sub(1, Ordering::Relaxed);
                desk.sent.fetch_add(1, Ordering::Relaxed);
            }
        });
    }

    async fn until_taken(&self, url: &str, body: &str) {
        loop {
            let place = self.places.acquire().await.expect("it is never closed");
            let taken = self.api.post(url, TOKEN, None, body).await;
            drop(place);
            if taken.is_some_and(|(status, _)| status < 300) {
                return;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}
