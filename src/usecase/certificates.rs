//! Certificates that providers sign webhooks with: fetched from the provider's own hosts (rule W2), and kept for a day.

use super::gateway::Gateway;
use crate::{clock::Time, provider::Certificate, transport::http::Client};
use async_trait::async_trait;
use bytes::Bytes;
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// No certificate is longer.
const LONGEST: usize = 16 << 10;
/// How long one is used before it is fetched again.
const KEPT: Duration = Duration::from_hours(24);
/// More than all regions of all accounts have at a time.
const MOST: usize = 32;

/// Gets what lies at an address of a provider's own.
#[async_trait]
pub trait Fetch: Send + Sync + std::fmt::Debug {
    /// The body; an error says why there is none.
    async fn get(&self, url: &str) -> Result<Bytes, String>;
}

#[async_trait]
impl Fetch for Client {
    async fn get(&self, url: &str) -> Result<Bytes, String> {
        let request = http::Request::get(url).body(Bytes::new()).map_err(|error| error.to_string())?;
        let reply = self.send(request).await.map_err(|error| error.to_string())?;
        if reply.status() == http::StatusCode::OK { Ok(reply.into_body()) } else { Err(reply.status().to_string()) }
    }
}

/// Those that were fetched. One is fetched at a time, so that many webhooks at once are one request.
#[derive(Debug, Default)]
pub(super) struct Certificates(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    url: Box<str>,
    certificate: Arc<Certificate>,
    until: Time,
}

/// The certificate at an address that [`crate::provider::Account::certificate_url`] gave; `None` where there is none now.
pub async fn get(gateway: &Gateway, url: &str) -> Option<Arc<Certificate>> {
    let now = gateway.env.clock.now();
    let mut kept = gateway.certificates.0.lock().await;
    kept.retain(|one| now < one.until);
    if let Some(found) = kept.iter().find(|one| &*one.url == url) {
        return Some(Arc::clone(&found.certificate));
    }
    let read = |body: Bytes| {
        let text = std::str::from_utf8(&body).ok().filter(|text| text.len() <= LONGEST)?;
        Certificate::read(text)
    };
    let certificate = match gateway.ways.fetch.get(url).await.map(read) {
        Ok(Some(certificate)) => Arc::new(certificate),
        Ok(None) => {
            tracing::error!("what lies at a signature's certificate address is no certificate");
            return None;
        }
        Err(error) => {
            tracing::error!(error, "the certificate of a signature could not be fetched");
            return None;
        }
    };
    if kept.len() >= MOST {
        kept.remove(0);
    }
    kept.push(Kept { url: url.into(), certificate: Arc::clone(&certificate), until: now.after(KEPT) });
    Some(certificate)
}

/// Confirms a subscription in the background, and again after each pause where it fails.
pub fn confirm(gateway: &Arc<Gateway>, account: &str, url: String) {
    let task = {
        let (gateway, account) = (Arc::clone(gateway), account.to_owned());
        async move {
            for pause in gateway.ways.retries.iter().map(Some).chain([None]) {
                match (gateway.ways.fetch.get(&url).await, pause) {
                    (Ok(_), _) => return tracing::info!(account, "a subscription was confirmed"),
                    (Err(error), None) => return tracing::error!(account, error, "a subscription was not confirmed"),
                    (Err(_), Some(pause)) => {
                        tokio::select! {
                            () = tokio::time::sleep(*pause) => {}
                            () = gateway.stop.cancelled() => return,
                        }
                    }
                }
            }
        }
    };
    gateway.tasks.spawn(task);
}
