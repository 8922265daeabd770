use super::*;
use crate::{clock::Time, transport::mail::Mail};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};

fn mail() -> Written {
    Mail {
        from: "Redial <notices@example.com>",
        reply_to: None,
        return_path: None,
        to: "bo@example.org",
        subject: "A new number",
        text: "text",
        html: "<p>text</p>",
        card_file: "card.vcf",
        card: None,
        reference: "ntc_1-ab",
        list_id: "Redial notices <notices.example.com>",
        unsubscribe: None,
        date: Time(0),
    }
    .write()
    .expect("all is in order")
}

/// A server that answers one command with `answer`, all others well; an empty answer closes the connection.
async fn answering(stage: &'static str, answer: &'static str) -> Delivery {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            let mut data = false;
            let mut verb = "GREETING".to_owned();
            loop {
                if !data || verb == "." {
                    let usual = match verb.as_str() {
                        "GREETING" => "220 test",
                        "DATA" => "354 go on",
                        "EHLO" => "250-test\r\n250 ENHANCEDSTATUSCODES",
                        _ => "250 2.0.0 queued as 4711",
                    };
                    data = verb == "DATA" && stage != "DATA";
                    let reply = if verb == stage { answer } else { usual };
                    if reply.is_empty() || write.write_all(format!("{reply}\r\n").as_bytes()).await.is_err() {
                        break;
                    }
                }
                let Ok(Some(line)) = lines.next_line().await else { break };
                verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            }
        }
    });
    let settings = Settings { url: format!("smtp://127.0.0.1:{port}"), ..Settings::default() };
    let delivery = Smtp::new(&settings).unwrap().deliver(&mail()).await;
    server.abort();
    delivery
}

#[tokio::test]
async fn n3_what_a_servers_answer_says_about_the_message() {
    use AttemptOutcome::{Never, Sent, TryAgain, Unknown};
    for (stage, answer, outcome) in [
        ("NONE", "", Sent),
        ("GREETING", "421 busy", TryAgain),
        ("MAIL", "451 4.3.0 later", TryAgain),
        ("RCPT", "450 4.2.1 greylisted", TryAgain),
        ("RCPT", "452 4.5.3 too many", TryAgain),
        ("RCPT", "550 5.1.1 no such user", Never),
        ("RCPT", "551 user not local; please try elsewhere", Never),
        ("RCPT", "553 5.1.10 null MX", Never),
        ("RCPT", "552 5.2.2 mailbox full", TryAgain),
        ("RCPT", "554 5.7.1 relay access denied", TryAgain),
        (".", "550 5.7.515 sender not authenticated", TryAgain),
        (".", "552 5.3.4 too large", TryAgain),
        (".", "554 5.6.0 bad content", Never),
        (".", "", Unknown),
        (".", "what", Unknown),
    ] {
        let delivery = answering(stage, answer).await;
        assert_eq!(delivery.outcome, outcome, "{stage} answered {answer}: {}", delivery.detail);
    }
}

#[tokio::test]
async fn n3_nothing_was_sent_where_nobody_listens() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let settings = Settings { url: format!("smtp://127.0.0.1:{port}"), ..Settings::default() };
    let delivery = Smtp::new(&settings).unwrap().deliver(&mail()).await;
    assert_eq!(delivery.outcome, AttemptOutcome::TryAgain, "{}", delivery.detail);
}

#[test]
fn urls_say_how_the_connection_is_protected() {
    for (url, read) in [
        ("smtp://mail.example", Some((Security::None, "mail.example", 25))),
        ("smtp://127.0.0.1:2525/", Some((Security::None, "127.0.0.1", 2525))),
        ("smtp+starttls://mail.example", Some((Security::StartTls, "mail.example", 587))),
        ("smtps://mail.example", Some((Security::Implicit, "mail.example", 465))),
        ("smtps://[::1]:4465", Some((Security::Implicit, "::1", 4465))),
        ("smtp://[::1]", Some((Security::None, "::1", 25))),
        ("smtp://user:pass@mail.example", None),
        ("smtp://mail.example:0", None),
        ("smtp://mail.example:99999", None),
        ("http://mail.example", None),
        ("smtp://", None),
        ("mail.example:25", None),
    ] {
        assert_eq!(read_url(url), read.map(|(security, host, port)| (security, host.to_owned(), port)), "{url}");
    }
}

#[tokio::test]
async fn a_password_needs_tls() {
    let open = Settings {
        url: "smtp://mail.example".to_owned(),
        credentials: Some(("redial".to_owned(), "secret".to_owned())),
        ..Settings::default()
    };
    assert_eq!(Smtp::new(&open).map(|_| ()), Err(BadSettings::Open));
    for scheme in ["smtp+starttls", "smtps"] {
        let settings = Settings { url: format!("{scheme}://mail.example"), ..open.clone() };
        assert_eq!(Smtp::new(&settings).map(|_| ()), Ok(()), "{scheme}");
    }
}
