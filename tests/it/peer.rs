//! Other programs: ports for them, and waiting for them.

use crate::via::client;
use bytes::Bytes;
use std::{net::TcpListener, time::Duration};

/// Free now; all are held until all are known, so that no two are the same.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    let held = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

/// Looks again until it is there.
pub(crate) async fn found<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..2400 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("not in time: {what}");
}

/// Looks again until it is so.
pub(crate) async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    found(what, async || holds().await.then_some(())).await;
}

/// Status and text of what is there, where it answers.
pub(crate) async fn get(url: &str) -> Option<(u16, String)> {
    let reply = client().send(http::Request::get(url).body(Bytes::new()).unwrap()).await.ok()?;
    Some((reply.status().as_u16(), String::from_utf8_lossy(reply.body()).into_owned()))
}
