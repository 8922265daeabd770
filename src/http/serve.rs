//! The accept loop around warp's routes: limits, time-outs, TLS, and a stop that lets what is under way end.
//!
//! warp's own server has no header time-out, no connection limit and no TLS.

use super::{
    arrival::{Arrival, network_of},
    hooks::Hooks,
    proxies::Proxies,
    via::Via,
    waiting::{Answering, Timer, Waiting},
};
use crate::telemetry::Metrics;
use hyper::{body::Incoming, server::conn::http1, service::Service as _};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use std::{
    collections::{HashMap, hash_map::Entry},
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    path::Path,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore},
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use warp::{filters::BoxedFilter, reply::Response};

/// Limits of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; more wait in the system's queue.
    pub connections: usize,
    /// Connections at once from one network; more are closed. A proxy in front may have as many as there may be.
    pub of_one_network: usize,
    /// Until a request's head, or a TLS handshake, is complete; also how long a connection may stay idle.
    pub header_timeout: Duration,
    /// Bytes of a request's head.
    pub header_bytes: usize,
    /// How long what is under way at a stop may take.
    pub stop_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            of_one_network: 2_500,
            header_timeout: Duration::from_secs(10),
            header_bytes: 64 << 10,
            stop_timeout: Duration::from_secs(20),
        }
    }
}

/// Answers with this in their extensions are not sent: the connection is closed instead, as the upstream closed its.
#[derive(Clone, Copy, Debug)]
pub struct HangUp;

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the upstream gave no answer")]
struct NoAnswer;

/// What a listener answers.
pub struct Routes {
    /// Before all others, and not through warp: every call and message waits for them.
    pub(super) first: Option<(Hooks, Via)>,
    /// The rest.
    pub(super) rest: BoxedFilter<(Response,)>,
    /// Proxies in front.
    pub(super) proxies: Proxies,
}

impl From<BoxedFilter<(Response,)>> for Routes {
    fn from(rest: BoxedFilter<(Response,)>) -> Self {
        Self { first: None, rest, proxies: Proxies::default() }
    }
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Routes").field("first", &self.first.is_some()).finish_non_exhaustive()
    }
}

/// A socket that listens.
pub struct Listener {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("tcp", &self.tcp).field("tls", &self.tls.is_some()).finish()
    }
}

impl Listener {
    /// Listens without encryption; port 0 takes a free one.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        Ok(Self { tcp: TcpListener::bind(address).await?, tls: None })
    }

    /// Encrypts with this certificate chain and key.
    #[must_use]
    pub fn with_tls(mut self, config: Arc<ServerConfig>) -> Self {
        self.tls = Some(TlsAcceptor::from(config));
        self
    }

    /// Where it listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// Why a certificate or key was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read, or holds no PEM of that sort.
    #[error("{file}: {why}")]
    File {
        /// Which.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// Chain and key do not belong together, or are of an unknown kind.
    #[error("certificate and key: {0}")]
    Pair(#[from] tokio_rustls::rustls::Error),
}

/// Reads a certificate chain, the server's own first, and its key, both PEM.
pub fn tls_config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
    let wrong = |file: &Path, why: &dyn std::fmt::Display| TlsError::File {
        file: file.display().to_string(),
        why: why.to_string(),
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| wrong(certificate, &error))?;
    if chain.is_empty() {
        return Err(wrong(certificate, &"no certificate in it; a PEM file is needed"));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Serves until `stop`, then lets what is under way end, at most for [`Limits::stop_timeout`].
pub async fn serve(
    listener: Listener,
    routes: impl Into<Routes>,
    limits: Limits,
    metrics: Metrics,
    stop: CancellationToken,
) {
    let server = Arc::new(Server {
        routes: routes.into(),
        limits,
        metrics,
        tls: listener.tls,
        stopping: AtomicBool::new(false),
        stopped: Notify::new(),
        kill: CancellationToken::new(),
    });
    let tracker = TaskTracker::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    let networks = Arc::new(Networks::default());
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener.tcp, &places) => accepted,
        };
        let Some((socket, peer, place)) = accepted else { continue };
        let most = if server.routes.proxies.have(peer.ip()) { limits.connections } else { limits.of_one_network };
        let Some(share) = networks.enter(network_of(peer.ip()), most) else {
            tracing::debug!("a network has as many connections as it may");
            continue;
        };
        let server = Arc::clone(&server);
        tracker.spawn(async move {
            server.metrics.connections.inc();
            server.connection(socket, peer).await;
            server.metrics.connections.dec();
            drop((place, share));
        });
    }
    server.stopping.store(true, Ordering::SeqCst);
    server.stopped.notify_waiters();
    drop(listener.tcp);
    tracker.close();
    if tokio::time::timeout(limits.stop_timeout, tracker.wait()).await.is_err() {
        tracing::warn!(connections = tracker.len(), "connections were cut off at the stop");
        server.kill.cancel();
        tracker.wait().await;
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((socket, peer)) => Some((socket, peer, place)),
        Err(error) => {
            // Out of file handles, most likely: waiting lets some of them close.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

/// How many connections each network has: one of them cannot take the places of all others, the providers' whose calls wait
/// for an answer among them (rule Q7).
#[derive(Default)]
struct Networks(Mutex<HashMap<IpAddr, usize>>);

impl Networks {
    /// One connection more of this network, until what is given is dropped; none where it has as many.
    fn enter(self: &Arc<Self>, network: IpAddr, most: usize) -> Option<Share> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let there = all.entry(network).or_default();
        if *there >= most {
            return None;
        }
        *there += 1;
        Some(Share { of: Arc::clone(self), network })
    }
}

/// A connection of a network.
struct Share {
    of: Arc<Networks>,
    network: IpAddr,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut all = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut there) = all.entry(self.network) {
            *there.get_mut() -= 1;
            if *there.get() == 0 {
                there.remove();
            }
        }
    }
}

struct Server {
    routes: Routes,
    limits: Limits,
    metrics: Metrics,
    tls: Option<TlsAcceptor>,
    /// Looked at whenever a connection's task runs; `stopped` makes it run.
    stopping: AtomicBool,
    stopped: Notify,
    kill: CancellationToken,
}

impl Server {
    async fn connection(&self, socket: TcpStream, peer: SocketAddr) {
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "a connection ended at once");
            return;
        }
        let Some(tls) = &self.tls else { return self.exchange(socket, peer, false).await };
        match tokio::time::timeout(self.limits.header_timeout, tls.accept(socket)).await {
            Ok(Ok(stream)) => self.exchange(stream, peer, true).await,
            Ok(Err(error)) => tracing::debug!(%error, "no TLS handshake"),
            Err(_) => tracing::debug!("the TLS handshake took too long"),
        }
    }

    async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, peer: SocketAddr, encrypted: bool) {
        let shortest_body = self.routes.first.as_ref().map_or(Duration::MAX, |(hooks, _)| hooks.body_time());
        let waiting = Arc::new(Waiting::new(self.limits.header_timeout, shortest_body));
        let rest = TowerToHyperService::new(warp::service(self.routes.rest.clone()));
        let service = hyper::service::service_fn(|mut request: hyper::Request<Incoming>| {
            let (waiting, rest) = (Arc::clone(&waiting), &rest);
            waiting.busy();
            let asker = self.routes.proxies.asker(peer.ip(), request.headers());
            async move {
                let answer = match &self.routes.first {
                    Some((hooks, _)) if Hooks::are_at(request.uri().path()) => {
                        hooks.answer(request, asker, encrypted, &waiting).await
                    }
                    Some((_, via)) if let Some(place) = via.place(&request) => {
                        Box::pin(via.answer(place, request, &waiting)).await
                    }
                    _ => {
                        let arrival = Arrival::of(&request, asker, encrypted);
                        request.extensions_mut().insert(arrival);
                        let answer: Result<Response, Infallible> = rest.call(request).await;
                        let Ok(answer) = answer;
                        answer
                    }
                };
                if answer.extensions().get::<HangUp>().is_some() {
                    return Err(NoAnswer);
                }
                Ok(answer.map(|body| Answering::new(body, waiting)))
            }
        });
        let connection = http1::Builder::new()
            .header_read_timeout(None)
            .max_header_size(self.limits.header_bytes)
            .serve_connection(TokioIo::new(stream), service);
        let (mut connection, mut timer) = (pin!(connection), Timer::new(&waiting));
        let (mut stopped, mut killed) = (pin!(self.stopped.notified()), pin!(self.kill.cancelled()));
        let (mut asked, mut told) = (false, false);
        let ended = std::future::poll_fn(|context| {
            if timer.poll(&waiting, context).is_ready() {
                return Poll::Ready(None);
            }
            if !asked {
                // Once is enough: a stop wakes this task, which then sees that it is stopping.
                asked = true;
                let _not_yet = stopped.as_mut().poll(context);
            }
            if self.stopping.load(Ordering::SeqCst) {
                if !told {
                    told = true;
                    connection.as_mut().graceful_shutdown();
                }
                if killed.as_mut().poll(context).is_ready() {
                    return Poll::Ready(None);
                }
            }
            connection.as_mut().poll(context).map(Some)
        })
        .await;
        match ended {
            None => tracing::debug!("a connection was cut off: no head in time, or the stop took too long"),
            Some(Err(error)) => tracing::debug!(%error, "a connection ended early"),
            Some(Ok(())) => {}
        }
    }
}
