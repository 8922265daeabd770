//! One provider, played: HTTP/1.1 on this machine, read and written by hand so that it can break off anywhere.

use super::{
    reports::{Desk, Wanted},
    script::{Fault, Script},
};
use redial::clock::{Clock as _, SystemClock, Time};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// How long it says that it is too much.
const LIMITED: Duration = Duration::from_secs(1);
/// Longer than anybody waits for an answer.
const SILENCE: Duration = Duration::from_secs(20);
/// More than a message and its head.
const LARGEST: usize = 64 << 10;

/// What is known of one message, by our reference.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// How often it was asked for.
    pub(crate) requests: u32,
    /// How often the person got it.
    pub(crate) taken: u32,
    /// When it was first taken.
    pub(crate) first: Option<Time>,
    /// How many of them the network refused later.
    pub(crate) refused: u32,
    body: u64,
}

/// What it has seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// By reference.
    pub(crate) messages: HashMap<String, Message>,
    /// Answers by kind.
    pub(crate) answers: BTreeMap<&'static str, u64>,
    /// Repeats under a key whose request differed.
    pub(crate) mismatched: u64,
    taken: u64,
    next_limit: u64,
    limits: u32,
    limited_until: Option<Time>,
}

/// A provider.
#[derive(Debug)]
pub(crate) struct FarEnd {
    /// As in its file.
    pub(crate) name: &'static str,
    /// Whether it knows a repeat.
    keyed: bool,
    /// `http://127.0.0.1:…`.
    pub(crate) url: String,
    /// What goes wrong.
    script: Script,
    seen: Mutex<Seen>,
    /// Messages taken, over all providers.
    progress: Arc<AtomicUsize>,
    /// Takes connections and says nothing.
    pub(crate) dead: AtomicBool,
    desk: Option<Desk>,
}

/// One request.
struct Request {
    head: String,
    body: Vec<u8>,
}

/// What is written back, and when.
struct Answer {
    kind: &'static str,
    after: Duration,
    status: &'static str,
    head: String,
    body: String,
    /// Reset instead, or after half of it, or never.
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    Half,
    Reset,
    Never,
}

impl FarEnd {
    /// Listens until the program ends.
    pub(crate) async fn start(
        name: &'static str,
        script: Script,
        progress: &Arc<AtomicUsize>,
        desk: Option<Desk>,
    ) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let seen = Seen { next_limit: script.until_limited(name, 0), ..Seen::default() };
        let far_end = Arc::new(Self {
            name,
            keyed: name == "keyed",
            url,
            script,
            seen: Mutex::new(seen),
            progress: Arc::clone(progress),
            dead: AtomicBool::new(false),
            desk,
        });
        let server = Arc::clone(&far_end);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = Arc::clone(&server);
                tokio::spawn(async move {
                    let _closed = server.talk(stream).await;
                });
            }
        });
        far_end
    }

    /// What it has seen so far.
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn talk(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut read = Vec::new();
        while let Some(request) = next(&mut stream, &mut read).await? {
            if self.dead.load(Ordering::Relaxed) {
                tokio::time::sleep(SILENCE).await;
                return Ok(());
            }
            let Some(answer) = self.answer(&request) else {
                return stream.write_all(b"HTTP/1.1 400 Bad\r\n\r\n").await;
            };
            tokio::time::sleep(answer.after).await;
            let whole = format!(
                "HTTP/1.1 {}\r\nContent-Type: text/plain\r\n{}Content-Length: {}\r\n\r\n{}",
                answer.status,
                answer.head,
                answer.body.len(),
                answer.body
            );
            match answer.end {
                End::Whole => stream.write_all(whole.as_bytes()).await?,
                End::Half => return stream.write_all(&whole.as_bytes()[..whole.len() - answer.body.len() / 2]).await,
                // Unsent and unread bytes are thrown away, and the other side is told so.
                End::Reset => return stream.set_zero_linger(),
                End::Never => {
                    tokio::time::sleep(SILENCE).await;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// What becomes of a request; `None` where it cannot be read.
    fn answer(&self, request: &Request) -> Option<Answer> {
        if let Some(question) = request.head.strip_prefix("GET /messages/") {
            return Some(self.tell(question.split_whitespace().next()?));
        }
        let wanted = Wanted::read(&request.body)?;
        if self.keyed && !request.head.contains(&format!("idempotency-key: {}\r\n", wanted.reference)) {
            return None;
        }
        let now = SystemClock.now();
        let body = self.script.dice(&[&String::from_utf8_lossy(&request.body)]);
        let mut seen = self.seen();
        let Seen { messages, mismatched, .. } = &mut *seen;
        let message = messages.entry(wanted.reference.clone()).or_insert_with(|| Message {
            requests: 0,
            taken: 0,
            first: None,
            refused: 0,
            body,
        });
        let nth = message.requests;
        message.requests += 1;
        if self.keyed && nth > 0 && message.body != body {
            *mismatched += 1;
        }
        let known = self.keyed && message.taken > 0;
        // One that is known has the id that it was given.
        let id = id(&wanted.reference, if known { message.taken } else { message.taken + 1 });
        let mut answer = if let Some(left) = seen.limited(now) {
            Answer {
                head: format!("Retry-After: {left}\r\n"),
                ..plain("429 with Retry-After", "429 Too Many Requests")
            }
        } else {
            self.by_fault(self.script.fault(&wanted.to, nth), &id)
        };
        if takes(answer.kind) && !known {
            answer.after += self.take(&mut seen, &wanted, now);
        }
        *seen.answers.entry(answer.kind).or_default() += 1;
        Some(answer)
    }

    /// What it says of a message that it is asked for.
    fn tell(&self, reference: &str) -> Answer {
        let mut seen = self.seen();
        let taken = seen.messages.get(reference).map_or(0, |message| message.taken);
        let answer = if taken > 0 {
            let body = format!("{{\"id\":\"{}\"}}", id(reference, taken));
            Answer { body, ..plain("asked, has it", "200 OK") }
        } else {
            plain("asked, never got it", "404 Not Found")
        };
        *seen.answers.entry(answer.kind).or_default() += 1;
        answer
    }

    /// The person gets it; what the reply waits for.
    fn take(&self, seen: &mut Seen, wanted: &Wanted, now: Time) -> Duration {
        seen.taken += 1;
        if seen.taken >= seen.next_limit {
            seen.limits += 1;
            seen.next_limit = seen.taken + self.script.until_limited(self.name, seen.limits);
            seen.limited_until = Some(now.after(LIMITED));
        }
        let message = seen.messages.get_mut(&wanted.reference).expect("it was entered before");
        message.taken += 1;
        if message.first.is_none() {
            message.first = Some(now);
            self.progress.fetch_add(1, Ordering::Relaxed);
        }
        let Some(desk) = &self.desk else { return Duration::ZERO };
        let reports = self.script.reports(&wanted.to, message.taken - 1);
        if reports.refused {
            message.refused += 1;
        }
        desk.report(wanted, message.taken, reports);
        // So that an early report can be earlier.
        if reports.early { Duration::from_millis(50) } else { Duration::ZERO }
    }

    fn by_fault(&self, fault: Option<Fault>, id: &str) -> Answer {
        let body = if self.name == "plain" { format!("OK {id}") } else { format!("{{\"id\":\"{id}\"}}") };
        let good = Answer { body, ..plain("taken", "202 Accepted") };
        let wrong = "<html><body><h1>It works!</h1></body></html>".to_owned();
        match fault {
            None => good,
            Some(Fault::Slow(after)) => Answer { kind: "taken, slow", after, ..good },
            Some(Fault::Busy) => plain("503, not taken", "503 Service Unavailable"),
            Some(Fault::Broken) => plain("500, not taken", "500 Internal Server Error"),
            Some(Fault::BrokenTaken) => plain("500, taken", "500 Internal Server Error"),
            Some(Fault::Reset) => Answer { end: End::Reset, ..plain("reset, not taken", "") },
            Some(Fault::ResetTaken) => Answer { end: End::Reset, ..plain("reset, taken", "") },
            Some(Fault::WrongBody) => Answer { kind: "taken, wrong body", body: wrong, ..good },
            Some(Fault::HalfBody) => Answer { kind: "taken, half a body", end: End::Half, ..good },
            Some(Fault::Silent) => Answer { end: End::Never, ..plain("taken, no answer", "") },
        }
    }
}

/// The provider's id of a message.
pub(crate) fn id(reference: &str, nth: u32) -> String {
    format!("{}{nth}", reference.to_ascii_lowercase().replace(['_', '-'], ""))
}

fn plain(kind: &'static str, status: &'static str) -> Answer {
    Answer { kind, after: Duration::ZERO, status, head: String::new(), body: String::new(), end: End::Whole }
}

/// Whether the person gets a message that is answered so.
fn takes(kind: &str) -> bool {
    kind.split(", ").any(|word| word == "taken")
}

impl Seen {
    /// For how many seconds it is still too much.
    fn limited(&mut self, now: Time) -> Option<u64> {
        let until = self.limited_until.filter(|until| *until > now);
        self.limited_until = until;
        until.map(|until| until.since(now).as_millis().div_ceil(1_000).try_into().unwrap_or(1))
    }
}

/// Reads one request; `None` at the end of the connection.
async fn next(stream: &mut TcpStream, read: &mut Vec<u8>) -> std::io::Result<Option<Request>> {
    let end = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if read.len() > LARGEST || stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    // Names of fields in lower case, values as they came.
    let line = |line: &str| match line.split_once(':') {
        Some((name, value)) => format!("{}:{value}\r\n", name.to_ascii_lowercase()),
        None => format!("{line}\r\n"),
    };
    let head: String = head.lines().map(line).collect();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    while read.len() < end + length {
        if end + length > LARGEST || stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    }
    let body = read[end..end + length].to_vec();
    read.drain(..end + length);
    Ok(Some(Request { head, body }))
}
