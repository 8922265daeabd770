//! The provider files that are compiled in, with their samples. To add one: a line below.

/// A provider that is compiled in.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// Its file, as in `providers/`.
    pub text: &'static str,
    /// Its samples: file name and text.
    pub samples: &'static [(&'static str, &'static str)],
}

/// `providers/NAME.toml` and `providers/NAME/SAMPLE.toml`.
macro_rules! built_in {
    ($($name:literal: $($sample:literal)*;)*) => {&[$(
        BuiltIn {
            name: $name,
            text: include_str!(concat!("../../providers/", $name, ".toml")),
            samples: &[$((
                concat!("providers/", $name, "/", $sample, ".toml"),
                include_str!(concat!("../../providers/", $name, "/", $sample, ".toml")),
            )),*],
        }
    ),*]};
}

/// The providers that are compiled in; a file of the same name in the operator's `providers/` goes before.
pub const BUILT_IN: &[BuiltIn] = built_in! {
    "twilio": "signatures" "calls" "messages" "endpoints";
    "telnyx": "signatures" "calls" "messages" "endpoints";
    "plivo": "signatures" "calls" "messages" "endpoints";
    "bandwidth": "signatures" "calls" "messages" "endpoints";
    "signalwire": "signatures" "calls" "messages" "endpoints";
    "signalwire-swml": "calls";
    "vonage-sms": "signatures" "calls" "messages" "endpoints";
    "vonage-messages": "signatures" "calls" "messages" "endpoints";
    "vonage-voice": "signatures" "calls" "messages" "endpoints";
    "sinch-sms": "signatures" "calls" "messages" "endpoints";
    "sinch-voice": "signatures" "calls" "messages" "endpoints";
    "sinch-voice-v2": "signatures" "calls" "messages" "endpoints";
    "infobip": "signatures" "calls" "messages" "endpoints";
    "kannel": "hooks" "messages";
    "jasmin": "hooks" "messages";
    "jambonz": "hooks" "messages";
    "messagebird": "hooks" "messages";
    "bird": "hooks" "messages";
    "freeswitch": "calls";
    "freeswitch-httapi": "calls";
    "asterisk": "calls";
    "ntfy": "messages" "basic";
    "gotify": "messages";
    "unifiedpush": "messages";
    "fcm": "messages";
    "apns": "messages";
    "webpush": "messages";
    "sendgrid": "messages";
    "postmark": "messages";
    "mailgun": "messages";
    "ses": "messages" "hooks";
    "aws-sns": "messages";
    "aws-sms": "messages" "hooks";
};
