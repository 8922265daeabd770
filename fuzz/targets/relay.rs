//! Requests at the drop-in endpoints of every provider, and what comes back: bytes that nobody asked to change stay.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use redial::provider::{Changes, Swap};
use redial_fuzz::Sent;

fuzz_target!(|data: &[u8]| {
    let Some(sent) = Sent::read(data) else { return };
    let (account, incoming) = (sent.account, sent.incoming());
    let same = |body: &[u8]| assert_eq!(body, sent.body(), "an unchanged request was changed");
    same(&account.forward(&incoming, None).body);
    let swap = Swap { id: None, connected: "+14155550199".into(), used: "+14155550100".into(), urls: Vec::new() };
    let swaps = [swap];
    account.restore_callback(&incoming, "https://sender.example.com/report?a=1", &swaps, None);
    account.read_reply(http::StatusCode::BAD_REQUEST, &http::HeaderMap::new(), sent.body());
    let Some(route) = account.route(&incoming) else { return };
    same(&account.forward(&incoming, Some((&route, &Changes::default()))).body);
    let wanted = account.read_request(&route, &incoming);
    let destinations = wanted.destinations.iter().map(|one| (one.index, "+14155550199".into())).collect();
    let callbacks = wanted.callbacks.iter().map(|one| (one.index, "https://redial.example.com/x".into())).collect();
    account.forward(&incoming, Some((&route, &Changes { destinations, callbacks })));
    let reply = Bytes::copy_from_slice(sent.body());
    same(&account.restore_reply(&route, &reply, &[]));
    let restored = account.restore_reply(&route, &reply, &swaps);
    if is_json(&reply) {
        assert!(is_json(&restored), "a reply is no JSON any more");
    }
    account.reply_ids(&route, &reply);
});

fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}
