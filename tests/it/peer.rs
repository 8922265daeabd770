//! Other programs: where they are, ports for them, and waiting for them.

use crate::via::client;
use bytes::Bytes;
use std::{net::TcpListener, path::PathBuf, time::Duration};

/// Says that something is left out, and what would bring it back.
///
/// # Panics
/// With `CI=true`, where nothing may be left out.
pub(crate) fn left_out(what: &str, needs: &str) {
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "with CI=true {what} may not be left out; it needs {needs}");
    eprintln!("LEFT OUT: {what} needs {needs}");
}

/// What `tests/run` has installed for `what`, and names in this variable.
pub(crate) fn installed(variable: &str, what: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable);
    if found.is_none() {
        left_out(what, &format!("{variable}, which tests/run sets"));
    }
    found.map(PathBuf::from)
}

/// Node with these packages. A proxy of this machine would see requests that are meant for Redial.
pub(crate) fn node(packages: PathBuf) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("node");
    command.env("NODE_PATH", packages);
    past_proxies(&mut command);
    command
}

/// Lets a program reach this machine itself, and not by a proxy.
pub(crate) fn past_proxies(command: &mut tokio::process::Command) {
    for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(name);
    }
}

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
