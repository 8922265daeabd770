//! A far end that speaks HTTP/2 alone, as Apple does; with TLS where a test wants the handshake to choose.

use crate::upstream::Seen;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, sync::watch};

/// Status, headers and body of a reply.
pub(super) type Said = (u16, Vec<(&'static str, String)>, String);

type Script = Arc<dyn Fn(&Seen) -> Said + Send + Sync>;

pub(super) struct Far {
    pub(super) address: std::net::SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    count: watch::Receiver<usize>,
}

impl Far {
    /// Starts one that answers as `script` says. With TLS it offers these protocols, and speaks the one that is chosen.
    pub(super) async fn start(
        tls: Option<(Arc<rustls::ServerConfig>, bool)>,
        script: impl Fn(&Seen) -> Said + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (counter, count) = watch::channel(0);
        let (counter, script, kept) = (Arc::new(counter), Arc::new(script) as Script, Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (tls, script, kept, counter) = (tls.clone(), script.clone(), kept.clone(), counter.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let (script, kept, counter) = (script.clone(), kept.clone(), counter.clone());
                    async move { Ok::<_, Infallible>(answer(request, &script, &kept, &counter).await) }
                });
                tokio::spawn(async move {
                    let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    let Some((config, one)) = tls else {
                        let _ended = http2.serve_connection(TokioIo::new(socket), service).await;
                        return;
                    };
                    let Ok(stream) = tokio_rustls::TlsAcceptor::from(config).accept(socket).await else { return };
                    if one {
                        let one = hyper::server::conn::http1::Builder::new();
                        let _ended = one.serve_connection(TokioIo::new(stream), service).await;
                    } else {
                        let _ended = http2.serve_connection(TokioIo::new(stream), service).await;
                    }
                });
            }
        });
        Self { address, seen, count }
    }

    /// Waits until there were so many requests; all of them.
    pub(super) async fn wait(&self, count: usize) -> Vec<Seen> {
        self.count.clone().wait_for(|seen| *seen >= count).await.unwrap();
        self.seen.lock().unwrap().clone()
    }
}

async fn answer(
    request: Request<Incoming>,
    script: &Script,
    kept: &Mutex<Vec<Seen>>,
    counter: &watch::Sender<usize>,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let seen = Seen { method: head.method.to_string(), target, headers: head.headers, body };
    let (status, headers, said) = script(&seen);
    let mut reply = Response::builder().status(status).header("x-version", format!("{:?}", head.version));
    for (name, value) in headers {
        reply = reply.header(name, value);
    }
    let count = {
        let mut all = kept.lock().unwrap();
        all.push(seen);
        all.len()
    };
    counter.send_replace(count);
    reply.body(Full::new(said.into())).unwrap()
}
