use super::{reach::is_public, relay, *};
use http_body_util::{BodyExt as _, Full};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// Answers every connection with the same bytes, then closes it; hands out what it read.
async fn scripted(reply: &'static [u8]) -> (String, tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (seen, reader) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut read = vec![0; 4096];
            let count = socket.read(&mut read).await.unwrap_or(0);
            read.truncate(count);
            let _closed = seen.send(read);
            let _closed = socket.write_all(reply).await;
        }
    });
    (base, reader)
}

fn anywhere() -> Settings {
    Settings { reach: Reach::Anywhere, ..Settings::default() }
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

#[tokio::test]
async fn what_is_known_after_a_failure() {
    let client = Client::new(&anywhere()).unwrap();
    // Nobody listens on a port that was just given back.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert!(matches!(client.send(get(&format!("http://{free}/"))).await, Err(Failure::NotSent(_))));
    for (reply, why) in [
        (&b""[..], "closed without an answer"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", "closed within the body"),
        (b"\x00\x01 garbage\r\n\r\n", "not HTTP"),
    ] {
        let (base, _seen) = scripted(reply).await;
        let failure = client.send(get(&base)).await.unwrap_err();
        assert!(matches!(failure, Failure::Unknown(_)), "{why}: {failure:?}");
    }
    let (base, _seen) = scripted(b"HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\nno").await;
    let reply = client.send(get(&base)).await.unwrap();
    assert_eq!((reply.status().as_u16(), &reply.body()[..]), (500, &b"no"[..]));
}

#[tokio::test]
async fn redirects_are_not_followed_and_long_replies_not_read() {
    let client = Client::new(&Settings { reply_limit: 8, ..anywhere() }).unwrap();
    let (base, _seen) =
        scripted(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(client.send(get(&base)).await.unwrap().status(), 302);
    let (base, _seen) = scripted(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123456789").await;
    assert!(matches!(client.send(get(&base)).await, Err(Failure::Unknown(_))));
}

#[tokio::test]
async fn urls_from_outside_reach_public_addresses_only() {
    let client = Client::new(&Settings::default()).unwrap();
    for url in [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.1.2.3/",
        "https://user@example.com/",
        "ftp://example.com/",
        "https://localhost/",
        "/no-host",
    ] {
        assert!(matches!(client.send(get(url)).await, Err(Failure::Forbidden(_))), "{url}");
    }
}

#[test]
fn private_addresses_are_not_public() {
    for inside in [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "192.0.0.8",
        "198.18.0.1",
        "203.0.113.5",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
    ] {
        assert!(!is_public(inside.parse().unwrap()), "{inside}");
    }
    for outside in ["1.1.1.1", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "2a00::1"] {
        assert!(is_public(outside.parse().unwrap()), "{outside}");
    }
}

#[tokio::test]
async fn a_relayed_request_keeps_its_target_and_headers() {
    let (base, mut seen) =
        scripted(b"HTTP/1.1 201 Made\r\nx-own: 1\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok").await;
    let relay = relay::Relay::new(&anywhere()).unwrap();
    let path = "/a/../b//c/?q='x'&r=%7e&&s=";
    let target = relay::target(&base.parse().unwrap(), path).unwrap();
    let request = Request::post(target)
        .header("x-sender", "kept")
        .header("connection", "x-hop")
        .header("x-hop", "dropped")
        .body(Full::new(Bytes::from_static(b"body")).map_err(|never| match never {}).boxed())
        .unwrap();
    let reply = relay.pass(request).await.unwrap();
    assert_eq!((reply.status().as_u16(), &reply.headers()["x-own"]), (201, &"1".parse().unwrap()));
    assert!(!reply.headers().contains_key("connection"));
    let sent = String::from_utf8(seen.recv().await.unwrap()).unwrap();
    assert!(sent.starts_with(&format!("POST {path} HTTP/1.1\r\n")), "{sent}");
    assert!(sent.contains("x-sender: kept\r\n") && !sent.contains("x-hop") && !sent.contains("accept"), "{sent}");
}
