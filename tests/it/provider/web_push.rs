//! Web Push as a device reads it: decrypted by a library that is not ours.

use super::account;
use crate::push::device::Device;
use redial::{
    clock::Time,
    provider::{MessageKind, Moment, Outgoing, Push, Step},
};
use std::time::Duration;

#[test]
fn a_web_push_is_read_by_its_device_alone_and_bears_a_token_for_its_service() {
    let Some(mut device) = Device::start() else { return };
    let (p256dh, auth) = (device.p256dh.clone(), device.auth.clone());

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

    let text = device.read(&request.body);
    assert_eq!((text["title"].as_str(), text["body"].as_str()), (Some("Neu"), Some(outgoing.text)));
}
