//! Signed call webhooks over kept connections, one request at a time on each.

use crate::share::share;
use base64::Engine as _;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::Instant,
};

/// The account's secret.
pub(crate) const TOKEN: &str = "12345";
/// The address with which the provider signs.
pub(crate) const PUBLIC: &str = "http://redial.test";
/// Where the webhooks go.
pub(crate) const HOOK: &str = "/hooks/bench/call";
/// The account's id in the body.
pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000001";
/// The account of the drop-in endpoint.
pub(crate) const VIA: &str = "via";
/// Enough that commits meet in one flush, as under load they do.
const CONNECTIONS: usize = 64;

/// Which numbers are called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    /// Numbers that never moved.
    Miss,
    /// Numbers that moved, see [`crate::filled::former`].
    Hit,
    /// Messages to numbers that never moved, at a drop-in endpoint.
    Message,
    /// The same, marked as substituted before (rule Q12).
    Marked,
}

/// Times of a run, in microseconds.
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

pub(crate) async fn run(address: &str, path: Path, known: usize, requests: usize) -> Latency {
    let each = requests / CONNECTIONS + 1;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let address = address.to_owned();
        tasks.spawn(async move { one(&address, path, known, each).await });
    }
    let times: Vec<Duration> = tasks.join_all().await.concat();
    let at = |below| share(times.iter().map(|time| time.as_secs_f64() * 1e6), below);
    Latency { p50: at(0.5), p99: at(0.99) }
}

async fn one(address: &str, path: Path, known: usize, count: usize) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.set_nodelay(true).expect("a socket option");
    let mut times = Vec::with_capacity(count);
    let mut reply = vec![0; 8192];
    for _ in 0..count {
        // A call's id is answered once (rule W1), so each request has its own, and with it its own signature.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let message = message(path, known, NEXT.fetch_add(1, Ordering::Relaxed));
        let start = Instant::now();
        stream.write_all(&message).await.expect("the server reads");
        let mut got = 0;
        loop {
            got += stream.read(&mut reply[got..]).await.expect("the server answers");
            if whole(&reply[..got]) {
                break;
            }
        }
        times.push(start.elapsed());
        assert!(reply.starts_with(b"HTTP/1.1 20"), "{}", String::from_utf8_lossy(&reply[..got]));
    }
    times
}

/// Whether head and body have arrived.
fn whole(reply: &[u8]) -> bool {
    let Some(head) = reply.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&reply[..head]).to_ascii_lowercase();
    let length: usize = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|value| value.trim().parse().ok())
        .expect("the answer has a length");
    reply.len() >= head + 4 + length
}

fn message(path: Path, known: usize, index: usize) -> Vec<u8> {
    let never = format!("+1646{:07}", 2_000_000 + index % 7_000_000);
    let to = match path {
        Path::Hit => crate::filled::former(index % known),
        Path::Miss => never,
        Path::Message | Path::Marked => return relayed(&never, path == Path::Marked),
    };
    // Ids of a provider lie anywhere, and so does what an index keeps of them; an odd factor repeats none.
    let sid = format!("CA{:032x}", (index as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
    let fields = [
        ("AccountSid", ACCOUNT),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", &sid),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("From", "+14155550142"),
        ("To", &to),
    ];
    let signed = fields.iter().fold(format!("{PUBLIC}{HOOK}"), |all, (name, value)| all + name + value);
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, TOKEN.as_bytes());
    let signature = base64::engine::general_purpose::STANDARD.encode(ring::hmac::sign(&key, signed.as_bytes()));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!(
        "POST {HOOK} HTTP/1.1\r\nhost: redial.test\r\ncontent-type: application/x-www-form-urlencoded\r\nx-twilio-signature: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A message as an SDK sends it to a drop-in endpoint.
fn relayed(to: &str, is_marked: bool) -> Vec<u8> {
    let fields = [("To", to), ("From", "+14155550142"), ("Body", "hello")];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"));
    let mark = if is_marked { "redial-substituted: 1\r\n" } else { "" };
    format!(
        "POST /via/{VIA}/2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1\r\nhost: redial.test\r\nauthorization: Basic {credentials}\r\ncontent-type: application/x-www-form-urlencoded\r\nuser-agent: bench\r\naccept: application/json\r\n{mark}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A repeatable random order.
pub(crate) struct Order(u64);

impl Order {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for at in (1..count).rev() {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from(self.0 >> 33).unwrap_or(0) % (at + 1);
            order.swap(at, other);
        }
        order
    }
}
