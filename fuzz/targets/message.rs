//! Texts that people send, and those that are sent to them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redial::{
    clock::Time,
    domain::{opt_word, schedule::Cron},
    template as sms,
};

fuzz_target!(|text: &str| {
    opt_word::read(text);
    if let Ok(cron) = Cron::parse(text) {
        let now = Time(1_700_000_000_000_000);
        assert!(cron.next(now, &jiff::tz::TimeZone::UTC).is_none_or(|next| next > now));
    }
    let (counted, folded) = (sms::segments(text), sms::folded(text));
    assert!(counted.units >= text.chars().count());
    assert!(sms::segments(&folded).parts <= counted.parts, "folding costs nothing");
    assert_eq!(sms::folded(&folded), folded, "what is folded stays");
});
