//! The accept loop: limits, time-outs, TLS, a stop that lets what is under way end.

use crate::spawn::{Setup, spawn};
use bytes::Bytes;
use futures_util::FutureExt as _;
use redial::{
    http::{
        arrival::Arrival,
        body, health,
        problem::recover,
        proxies::{Network, Proxies},
        serve::{self, HangUp, Limits, Listener},
    },
    telemetry::Metrics,
    transport::http::{Client, Failure, Settings, reach::Reach},
};
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use warp::{Filter as _, Reply as _, filters::BoxedFilter, reply::Response};

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    ended: JoinHandle<()>,
}

async fn start(routes: BoxedFilter<(Response,)>, limits: Limits, tls: bool) -> Running {
    let mut listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    if tls {
        let file = |name| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/serve").join(name);
        let config = serve::tls_config(&file("test-only-certificate.pem"), &file("test-only-key.pem")).unwrap();
        listener = listener.with_tls(config);
    }
    let (address, stop) = (listener.address().unwrap(), CancellationToken::new());
    let ended = tokio::spawn(serve::serve(listener, routes, limits, Metrics::new(), stop.clone()));
    Running { address, stop, ended }
}

/// `/echo` answers the body, `/slow` when told to, `/hang-up` never; with health and problem documents around them.
fn routes(wanted: mpsc::UnboundedSender<()>, go: CancellationToken) -> BoxedFilter<(Response,)> {
    let limit = body::Limit { bytes: 1_000, time: Duration::from_millis(200) };
    let echo = warp::path!("echo").and(body::bytes(limit)).map(|body: Bytes| Response::new(body.into()));
    let slow = warp::path!("slow").then(move || {
        let (wanted, go) = (wanted.clone(), go.clone());
        async move {
            wanted.send(()).unwrap();
            go.cancelled().await;
            "late".into_response()
        }
    });
    let hang_up = warp::path!("hang-up").map(|| {
        let mut response = "never".into_response();
        response.extensions_mut().insert(HangUp);
        response
    });
    let ready: health::Ready = Arc::new(|| async { Err("the store is away".to_owned()) }.boxed());
    let metrics = health::metrics(Arc::new(|| "redial 1\n# EOF\n".to_owned()));
    let all = echo.or(slow).unify().or(hang_up).unify().or(health::routes(ready)).unify().or(metrics).unify();
    all.recover(recover).unify().boxed()
}

fn plain_routes() -> BoxedFilter<(Response,)> {
    routes(mpsc::unbounded_channel().0, CancellationToken::new())
}

fn client() -> Client {
    Client::new(&Settings { reach: Reach::Anywhere, ..Settings::default() }).unwrap()
}

async fn raw(address: SocketAddr, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _reset = socket.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Rule Q7: whoever opens connections without end keeps no provider out.
#[tokio::test]
async fn q7_one_network_takes_no_others_places() {
    let limits = Limits { connections: 8, of_one_network: 2, ..Limits::default() };
    let running = start(plain_routes(), limits, false).await;
    let from = async |address: &str| {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
        socket.connect(running.address).await.unwrap()
    };
    let served = async |socket: &mut TcpStream| {
        let _closed = socket.write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nok").await;
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).await.is_ok() && answer.starts_with(b"HTTP/1.1 200")
    };
    let (mut first, mut second) = (from("127.0.0.2").await, from("127.0.0.2").await);
    assert!(served(&mut first).await && served(&mut second).await);
    assert!(!served(&mut from("127.0.0.2").await).await, "a third one of that network");
    assert!(served(&mut from("127.0.0.3").await).await, "another network");
    drop(first);
    while !served(&mut from("127.0.0.2").await).await {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn bad_requests_get_their_answers_and_the_next_connection_is_served() {
    let limits = Limits { header_timeout: Duration::from_millis(200), header_bytes: 4 << 10, ..Limits::default() };
    let running = start(plain_routes(), limits, false).await;
    let large = format!(
        "POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 1001\r\n\r\n{}",
        "x".repeat(1_001)
    );
    let head = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(5 << 10));
    for (request, answer, why) in [
        ("GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "HTTP/1.1 404 ", "an unknown path"),
        (large.as_str(), "HTTP/1.1 413 ", "a body over the limit"),
        ("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf", "HTTP/1.1 408 ", "a body that never ends"),
        (
            "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 400 ",
            "broken chunks",
        ),
        (head.as_str(), "HTTP/1.1 431 ", "a head over the limit"),
        ("\x16\x03\x01 no http\r\n\r\n", "HTTP/1.1 400 ", "something else than HTTP"),
        ("GET /hang-up HTTP/1.1\r\nhost: x\r\n\r\n", "", "an upstream that gave no answer"),
        ("GET / HTTP/1.1\r\nhos", "", "a head that never ends"),
        (
            "POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 ",
            "all right",
        ),
    ] {
        let said = raw(running.address, request.as_bytes()).await;
        assert!(said.starts_with(answer) && said.is_empty() == answer.is_empty(), "{why}: {said:?}");
        let ours = ["404", "413", "408"].iter().any(|status| answer.contains(status));
        assert!(!ours || said.contains("application/problem+json"), "{why}: {said:?}");
    }
}

#[tokio::test]
async fn who_asks_is_the_proxys_word_only_where_the_proxy_is_known() {
    for (known, asker) in [(&[][..], "127.0.0.1"), (&["127.0.0.1"], "192.0.2.9"), (&["10.0.0.0/8"], "127.0.0.1")] {
        let networks: Vec<Network> = known.iter().map(|one| one.parse().unwrap()).collect();
        let others: crate::spawn::Others = Box::new(|_| {
            let asker = warp::path!("asker").and(warp::ext::get::<Arrival>());
            vec![asker.map(|arrival: Arrival| arrival.asker.to_string().into_response()).boxed()]
        });
        let running = spawn(Setup { others, proxies: Proxies::from(networks), ..Setup::default() }).await;
        let request = http::Request::get(format!("{}/asker", running.base)).header("x-forwarded-for", "192.0.2.9");
        let answer = client().send(request.body(Bytes::new()).unwrap()).await.unwrap();
        assert_eq!(answer.body(), asker, "{known:?}");
    }
}

#[tokio::test]
async fn health_and_metrics() {
    let running = start(plain_routes(), Limits::default(), false).await;
    let get = async |path: &str| {
        let request = http::Request::get(format!("http://{}{path}", running.address)).body(Bytes::new()).unwrap();
        client().send(request).await.unwrap()
    };
    assert_eq!(get("/healthz").await.status(), 200);
    assert_eq!(get("/readyz").await.status(), 503, "the store is away");
    assert!(get("/metrics").await.body().ends_with(b"# EOF\n"));
}

#[tokio::test]
async fn a_stop_lets_what_is_under_way_end_and_takes_nothing_new() {
    let (wanted, mut asked) = mpsc::unbounded_channel();
    let go = CancellationToken::new();
    let running = start(routes(wanted, go.clone()), Limits::default(), false).await;
    let url = format!("http://{}/slow", running.address);
    let under_way =
        tokio::spawn(async move { client().send(http::Request::get(url).body(Bytes::new()).unwrap()).await });
    let idle = TcpStream::connect(running.address).await.unwrap();
    asked.recv().await.unwrap();
    running.stop.cancel();
    while TcpStream::connect(running.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    go.cancel();
    assert_eq!(&under_way.await.unwrap().unwrap().body()[..], b"late");
    running.ended.await.unwrap();
    drop(idle);
}

#[tokio::test]
async fn a_stop_cuts_off_what_takes_too_long() {
    let (wanted, mut asked) = mpsc::unbounded_channel();
    let limits = Limits { stop_timeout: Duration::from_millis(20), ..Limits::default() };
    let running = start(routes(wanted, CancellationToken::new()), limits, false).await;
    let url = format!("http://{}/slow", running.address);
    let under_way =
        tokio::spawn(async move { client().send(http::Request::get(url).body(Bytes::new()).unwrap()).await });
    asked.recv().await.unwrap();
    running.stop.cancel();
    running.ended.await.unwrap();
    assert!(matches!(under_way.await.unwrap(), Err(Failure::Unknown(_))));
}

#[tokio::test]
async fn more_connections_than_allowed_wait() {
    let running = start(plain_routes(), Limits { connections: 1, ..Limits::default() }, false).await;
    let mut first = TcpStream::connect(running.address).await.unwrap();
    first.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut some = [0; 12];
    first.read_exact(&mut some).await.unwrap();
    let address = running.address;
    let second =
        tokio::spawn(
            async move { raw(address, b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await },
        );
    // The first connection is still served while the second waits for its place.
    first.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    first.read_exact(&mut some).await.unwrap();
    assert!(!second.is_finished());
    drop(first);
    assert!(second.await.unwrap().starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_and_nothing_else() {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let running = start(plain_routes(), Limits::default(), true).await;
    let certificate = include_bytes!("serve/test-only-certificate.pem");
    let root = CertificateDer::from_pem_slice(certificate).unwrap();
    let trusting = Settings { reach: Reach::Anywhere, extra_roots: vec![root], ..Settings::default() };
    let url = format!("https://localhost:{}/healthz", running.address.port());
    let request = || http::Request::get(&url).body(Bytes::new()).unwrap();
    assert_eq!(Client::new(&trusting).unwrap().send(request()).await.unwrap().status(), 200);
    // A certificate that is not trusted ends the matter before anything is sent.
    assert!(matches!(client().send(request()).await, Err(Failure::NotSent(_))));
    assert!(!raw(running.address, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.contains("200"));
}

#[test]
fn a_wrong_certificate_is_named() {
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let key = file("tests/it/serve/test-only-key.pem");
    let said = serve::tls_config(&file("nowhere.pem"), &key).unwrap_err().to_string();
    assert!(said.contains("nowhere.pem"), "{said}");
    let said = serve::tls_config(&key, &key).unwrap_err().to_string();
    assert!(said.contains("no certificate in it"), "{said}");
}
