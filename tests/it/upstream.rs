//! The far end on the internet, played: takes requests over HTTP/1.1, records them, and answers what a script says,
//! raw bytes included. Serves as a provider and as a sender's own callback address.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    /// Form fields of the body, the last of each name.
    pub(crate) fn form(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }
}

/// What to do with a request.
#[derive(Clone, Debug)]
pub(crate) enum Say {
    /// A whole reply: status, content type, body.
    Reply(u16, &'static str, String),
    /// These bytes and no others, then the connection is closed.
    Raw(Vec<u8>),
    /// Nothing; the connection is reset.
    Reset,
    /// Nothing, ever.
    Never,
}

impl Say {
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Say::Reply(status, "application/json", body.to_string())
    }

    pub(crate) fn xml(body: &str) -> Self {
        Say::Reply(200, "text/xml", body.to_owned())
    }

    pub(crate) fn empty(status: u16) -> Self {
        Say::Reply(status, "text/plain", String::new())
    }
}

/// A far end that runs until the test ends.
pub(crate) struct Upstream {
    pub(crate) base: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    count: watch::Receiver<usize>,
}

impl Upstream {
    /// Starts one that answers as `script` says.
    pub(crate) async fn start(script: impl Fn(&Seen) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (counter, count) = watch::channel(0);
        let (script, counter) = (Arc::new(script), Arc::new(counter));
        let kept = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (script, seen, counter) = (Arc::clone(&script), Arc::clone(&kept), Arc::clone(&counter));
                tokio::spawn(async move {
                    let _ended = connection(socket, &*script, &seen, &counter).await;
                });
            }
        });
        Self { base, seen, count }
    }

    /// All requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until there were so many, and returns the last of them.
    pub(crate) async fn wait(&self, count: usize) -> Seen {
        self.count.clone().wait_for(|seen| *seen >= count).await.unwrap();
        self.seen()[count - 1].clone()
    }
}

async fn connection(
    mut socket: TcpStream,
    script: &(dyn Fn(&Seen) -> Say + Send + Sync),
    all: &Mutex<Vec<Seen>>,
    counter: &watch::Sender<usize>,
) -> Option<()> {
    let mut buffer = Vec::new();
    loop {
        let seen = request(&mut socket, &mut buffer).await?;
        let say = script(&seen);
        let count = {
            let mut all = all.lock().unwrap();
            all.push(seen);
            all.len()
        };
        counter.send_replace(count);
        match say {
            Say::Reply(status, kind, body) => {
                let kind = if body.is_empty() { String::new() } else { format!("content-type: {kind}\r\n") };
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status} Said\r\n{kind}x-far-end: yes\r\ncontent-length: {length}\r\n\r\n");
                socket.write_all(format!("{head}{body}").as_bytes()).await.ok()?;
            }
            Say::Raw(bytes) => {
                socket.write_all(&bytes).await.ok()?;
                return socket.shutdown().await.ok();
            }
            Say::Reset => return socket.set_zero_linger().ok(),
            Say::Never => std::future::pending().await,
        }
    }
}

/// One request, with a body of known length or in chunks.
async fn request(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let head_end = loop {
        if let Some(at) = find(buffer, b"\r\n\r\n") {
            break at;
        }
        more(socket, buffer).await?;
    };
    let head = String::from_utf8(buffer.drain(..head_end + 4).collect()).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let (method, target) = (first.next().unwrap().to_owned(), first.next().unwrap().to_owned());
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value.trim()).unwrap());
    }
    let chunked = headers.contains_key("transfer-encoding");
    let length = headers.get("content-length").map_or(0, |value| value.to_str().unwrap().parse().unwrap());
    let mut body = Vec::new();
    if chunked {
        loop {
            let line = loop {
                if let Some(at) = find(buffer, b"\r\n") {
                    break buffer.drain(..at + 2).collect::<Vec<u8>>();
                }
                more(socket, buffer).await?;
            };
            let size = usize::from_str_radix(std::str::from_utf8(&line).unwrap().trim(), 16).unwrap();
            while buffer.len() < size + 2 {
                more(socket, buffer).await?;
            }
            body.extend(buffer.drain(..size));
            buffer.drain(..2);
            if size == 0 {
                break;
            }
        }
    } else {
        while buffer.len() < length {
            more(socket, buffer).await?;
        }
        body.extend(buffer.drain(..length));
    }
    Some(Seen { method, target, headers, body: body.into() })
}

async fn more(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let mut piece = [0; 4096];
    let count = socket.read(&mut piece).await.ok().filter(|count| *count > 0)?;
    buffer.extend_from_slice(&piece[..count]);
    Some(())
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
