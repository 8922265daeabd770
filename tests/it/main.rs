//! Every test that needs more than one module, in one binary.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

mod after;
mod announce;
mod api;
mod both;
mod browser;
mod console;
mod export;
mod far_end;
mod hold;
mod hook_message;
mod hooks;
mod import;
mod kannel;
mod layers;
mod notes;
mod notice;
mod orders;
mod peer;
mod people;
mod phone;
mod portal;
mod program;
mod provider;
mod push;
mod recipients;
mod record;
mod restored;
mod sdk;
mod sdk_others;
mod secrets;
mod serve;
mod sms;
mod spawn;
mod still;
mod store;
mod upstream;
mod via;
