//! Web Push as a device reads it: decrypted by a library that is not ours.

use super::account;
use redial::{
    clock::Time,
    provider::{MessageKind, Moment, Outgoing, Push, Step},
};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

/// A device: makes its keys, tells the public ones, reads a body in base64 and tells its text.
const DEVICE: &str = r#"
import base64, os, sys, http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
key, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
for secret in (point, auth):
    print(base64.urlsafe_b64encode(secret).rstrip(b"=").decode(), flush=True)
body = base64.b64decode(sys.stdin.readline())
sys.stdout.write(http_ece.decrypt(body, private_key=key, auth_secret=auth, version="aes128gcm").decode())
"#;

#[test]
fn a_web_push_is_read_by_its_device_alone_and_bears_a_token_for_its_service() {
    let Some(python) = std::env::var_os("REDIAL_TEST_PYTHON").map(PathBuf::from) else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "REDIAL_TEST_PYTHON is needed; tests/run sets it");
        eprintln!("LEFT OUT: Web Push needs http-ece; run tests/run, which sets REDIAL_TEST_PYTHON");
        return;
    };
    let mut device =
        Command::new(python).args(["-c", DEVICE]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(device.stdout.take().unwrap());
    let mut line = || {
        let mut text = String::new();
        told.read_line(&mut text).unwrap();
        text.trim_end().to_owned()
    };
    let (p256dh, auth) = (line(), line());

    let samples = include_str!("../../../providers/webpush/messages.toml");
    let samples: toml::Table = samples.parse().unwrap();
    let own = &samples["account"]["parameters"];
    let own = |name: &str| own[name].as_str().unwrap();
    let parameters = ["key", "public_key", "contact"].map(|name| (name, own(name)));
    let parameters = parameters.each_ref().map(|(name, value)| (*name, std::slice::from_ref(value)));
    let account = account("webpush", &parameters, |_| {});
    let push =
        Push { title: "Neu", ttl: Duration::from_mins(5), p256dh: Some(&p256dh), auth: Some(&auth), ..Push::default() };
    let outgoing = Outgoing {
        to: "https://push.example.net/push/1",
        from: None,
        text: "Ann hat eine neue Nummer \u{2014} +14155550199",
        media: &[],
        reference: "ntc_1",
        callback: None,
        kind: MessageKind::Push(&push),
    };
    let mut request = account.send(&outgoing).unwrap();
    let again = account.send(&outgoing).unwrap();
    assert_ne!(request.body, again.body, "each with a key of its own");
    assert!(!String::from_utf8_lossy(&request.body).contains("4155550199"));

    let moment = Moment { now: Time(1_795_431_600_000_000), bits: 7 };
    assert!(matches!(account.authorize(&mut request, moment), Ok(Step::Ready)));
    let shown = request.headers["authorization"].to_str().unwrap();
    assert!(shown.starts_with("vapid t=ey") && shown.ends_with(&format!(", k={}", own("public_key"))), "{shown}");

    let body = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &request.body);
    writeln!(device.stdin.take().unwrap(), "{body}").unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut told, &mut text).unwrap();
    assert!(device.wait().unwrap().success());
    let text: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((text["title"].as_str(), text["body"].as_str()), (Some("Neu"), Some(outgoing.text)));
}
