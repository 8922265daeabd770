//! A proxy in front of the database that loses a connection at the worst moment: around `COMMIT`.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// What becomes of the next `COMMIT` that stands alone in a packet, as a write's does.
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
pub(super) struct Proxy {
    /// The database's address through the proxy.
    pub(super) url: String,
    next: Mutex<Option<Lose>>,
    lost: AtomicU32,
    release: Notify,
}

const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

impl Proxy {
    /// In front of the database at `url`, which has a port.
    pub(super) async fn start(url: &str) -> Arc<Self> {
        let (head, rest) = url.split_once("@127.0.0.1:").expect("the cluster's address has a port");
        let (port, tail) = rest.split_once('/').expect("and a database");
        let port: u16 = port.parse().expect("a port is a number");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let own = listener.local_addr().expect("it is bound").port();
        let url = format!("{head}@127.0.0.1:{own}/{tail}");
        let proxy = Arc::new(Self { url, next: Mutex::default(), lost: AtomicU32::new(0), release: Notify::new() });
        let all = Arc::clone(&proxy);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                tokio::spawn(Arc::clone(&all).pass(client, server));
            }
        });
        proxy
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

    async fn pass(self: Arc<Self>, client: TcpStream, server: TcpStream) {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            let packet = &buffer[..count];
            let how = if packet == COMMIT { self.next.lock().expect("nobody panics with it").take() } else { None };
            if let Some(how) = how {
                back.abort();
                drop(back.await);
                drop(from_client);
                self.lost.fetch_add(1, Ordering::SeqCst);
                if how == Lose::Late {
                    self.release.notified().await;
                }
                if how != Lose::Before {
                    to_server.write_all(packet).await.expect("the server is there");
                }
                return;
            }
            if to_server.write_all(packet).await.is_err() {
                break;
            }
        }
        back.abort();
    }
}
