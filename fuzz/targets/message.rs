//! Texts that people send, and those that are sent to them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redial::{
    clock::Time,
    domain::{opt_word, schedule::Cron},
    template::{Sms, folded, segments},
};

fuzz_target!(|text: &str| {
    opt_word::read(text);
    if let Ok(cron) = Cron::parse(text) {
        let now = Time(1_700_000_000_000_000);
        assert!(cron.next(now, &jiff::tz::TimeZone::UTC).is_none_or(|next| next > now));
    }
    let (counted, sent) = (segments(text.trim()), Sms::new(text));
    assert!(counted.units >= text.trim().chars().count());
    assert!(sent.segments.parts <= counted.parts, "folding costs nothing");
    assert_eq!(sent.segments, segments(&sent.text), "what is sent is what was counted");
    let plain = folded(text);
    assert_eq!(folded(&plain), plain, "what is folded stays");
});
