//! A proxy in front of the database that loses connections: between any two messages, and at the worst moment, around
//! `COMMIT`.

use bytes::BytesMut;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// What becomes of the next `COMMIT`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lose {
    /// It never arrives.
    Before,
    /// It arrives, its answer does not.
    After,
    /// The client is cut off, and it arrives only when the test says so.
    Late,
}

/// The proxy; ends with its runtime.
pub(crate) struct Proxy {
    /// The database's address through the proxy.
    pub(crate) url: String,
    next: Mutex<Option<Lose>>,
    lost: AtomicU32,
    release: Notify,
    left: AtomicU32,
    cut: AtomicU32,
    heard: Mutex<Vec<String>>,
}

const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

impl Proxy {
    /// In front of the database at `url`, which has a port.
    pub(crate) async fn start(url: &str) -> Arc<Self> {
        let (head, rest) = url.split_once("@127.0.0.1:").expect("the cluster's address has a port");
        let (port, tail) = rest.split_once('/').expect("and a database");
        let port: u16 = port.parse().expect("a port is a number");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let own = listener.local_addr().expect("it is bound").port();
        let url = format!("{head}@127.0.0.1:{own}/{tail}");
        let proxy = Arc::new(Self {
            url,
            next: Mutex::default(),
            lost: AtomicU32::new(0),
            release: Notify::new(),
            left: AtomicU32::new(0),
            cut: AtomicU32::new(0),
            heard: Mutex::default(),
        });
        let all = Arc::clone(&proxy);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                // It passes on small pieces: each would wait for the acknowledgement of the one before.
                if client.set_nodelay(true).and(server.set_nodelay(true)).is_err() {
                    continue;
                }
                tokio::spawn(Arc::clone(&all).pass(client, server));
            }
        });
        proxy
    }

    /// The statements since the last time, by the names that stand in their first comments.
    pub(crate) fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().expect("nobody panics with it"))
    }

    /// Loses the next `COMMIT`.
    pub(super) fn lose(&self, how: Lose) {
        *self.next.lock().expect("nobody panics with it") = Some(how);
    }

    /// How many were lost.
    pub(super) fn lost(&self) -> u32 {
        self.lost.load(Ordering::SeqCst)
    }

    /// Lets a late one arrive.
    pub(super) fn release(&self) {
        self.release.notify_one();
    }

    /// Cuts a connection off instead of passing on the `messages`-th message to the database from now on, from 1.
    pub(super) fn cut_before(&self, messages: u32) {
        self.left.store(messages, Ordering::SeqCst);
    }

    /// How many connections were cut off by [`Proxy::cut_before`].
    pub(super) fn cut(&self) -> u32 {
        self.cut.load(Ordering::SeqCst)
    }

    async fn pass(self: Arc<Self>, client: TcpStream, server: TcpStream) {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        let mut buffer = BytesMut::new();
        let mut started = false;
        let mut plans = HashMap::new();
        'all: while let Ok(1..) = from_client.read_buf(&mut buffer).await {
            while let Some(message) = message(&mut buffer, started) {
                if started && let Some(name) = statement(&message, &mut plans) {
                    self.heard.lock().expect("nobody panics with it").push(name);
                }
                started = true;
                let last = self.left.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
                if last == Ok(1) {
                    self.cut.fetch_add(1, Ordering::SeqCst);
                    break 'all;
                }
                let how =
                    if *message == *COMMIT { self.next.lock().expect("nobody panics with it").take() } else { None };
                if let Some(how) = how {
                    back.abort();
                    drop(back.await);
                    drop(from_client);
                    self.lost.fetch_add(1, Ordering::SeqCst);
                    if how == Lose::Late {
                        self.release.notified().await;
                    }
                    if how != Lose::Before {
                        to_server.write_all(&message).await.expect("the server is there");
                    }
                    return;
                }
                if to_server.write_all(&message).await.is_err() {
                    break 'all;
                }
            }
        }
        back.abort();
        drop(back.await);
    }
}

/// The statement that a message asks for: `Query` says it, `Bind` names the plan that `Parse` made of it.
fn statement(message: &[u8], plans: &mut HashMap<String, String>) -> Option<String> {
    let mut texts = message.get(5..)?.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
    match message[0] {
        b'Q' => texts.next(),
        b'P' => {
            let (plan, sql) = (texts.next()?, texts.next()?);
            let name = sql.split("/* ").nth(1).and_then(|rest| rest.split(" */").next()).unwrap_or(&sql).to_owned();
            plans.insert(plan, name);
            None
        }
        b'B' => plans.get(&texts.nth(1)?).cloned(),
        _ => None,
    }
}

/// The next whole message; the very first of a connection has no letter before its length.
fn message(buffer: &mut BytesMut, started: bool) -> Option<BytesMut> {
    let letter = usize::from(started);
    let length = buffer.get(letter..letter + 4)?;
    let length = u32::from_be_bytes(length.try_into().expect("these are four bytes"));
    let whole = letter + usize::try_from(length).expect("a length fits into memory");
    (buffer.len() >= whole).then(|| buffer.split_to(whole))
}
