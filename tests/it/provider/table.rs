//! `docs/providers.md` is made from the provider files. `REDIAL_WRITE_DOCS=1` writes it anew.

use redial::provider::{BUILT_IN, Capability, Provider, Sends};
use std::fmt::Write as _;

const HEAD: &str = "# Providers

What the provider files that are compiled in can do. This page is made from the files by a test; do not edit it. How such
a file is written: [provider-files.md](provider-files.md).

- *sends*: messages of Redial's own (notices). *Again*: a repeat of one message is one message, or Redial can ask whether
  it left; else a message of which nobody knows that is never repeated.
- *Text back*: the text of a message can be read at the provider, so that it is sent once more after a report that its number
  is dead, where the account wants that.
- *In place*: the provider's own endpoint for messages or calls, with the new number put in.
- *Call webhook*: connects the new number, or leaves the call as it is, by a document or by an order.
- *Message webhook*: the same, before a message is sent.
- *Signature*: how webhooks prove who sent them; `none` and `query` never lead to another number. Infobip's are believed by
  the user name and password in their header alone: no public page says what its HMAC signatures sign, so these are not taken.

| provider | file | sends | again | text back | messages in place | calls in place | call webhook | message webhook | reports | inbound | signature |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
";

fn row(provider: &Provider) -> String {
    let yes = |there: bool, word: &'static str| if there { word } else { "" };
    let sends = match provider.sends() {
        Some(Sends::Sms) => "text messages",
        Some(Sends::Push) => "push",
        Some(Sends::Email) => "e-mail",
        None => "",
    };
    let again = match (provider.idempotent_for().is_some(), provider.can_look_up()) {
        (true, _) => "repeat",
        (false, true) => "ask",
        (false, false) => "",
    };
    let call = yes(provider.can(Capability::CallHook), if provider.takes_orders() { "order" } else { "document" });
    format!(
        "| {} | `{}` | {sends} | {again} | {} | {} | {} | {call} | {} | {} | {} | {} |",
        provider.title(),
        provider.name(),
        yes(provider.can(Capability::Read), "yes"),
        yes(provider.can(Capability::ViaSend), "yes"),
        yes(provider.can(Capability::ViaCall), "yes"),
        yes(provider.can(Capability::MessageHook), "yes"),
        yes(provider.can(Capability::Status), "yes"),
        yes(provider.can(Capability::Inbound), "yes"),
        provider.signatures().join(", "),
    )
}

#[test]
fn the_table_of_providers_is_that_of_the_files() {
    let mut rows: Vec<String> =
        BUILT_IN.iter().map(|one| row(&Provider::built_in(one.name).expect("compiled in").expect("loads"))).collect();
    rows.sort_unstable();
    let mut page = HEAD.to_owned();
    for row in rows {
        let _never_fails = writeln!(page, "{row}");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/providers.md");
    if std::env::var_os("REDIAL_WRITE_DOCS").is_some() {
        std::fs::write(path, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(written, page, "run the tests with REDIAL_WRITE_DOCS=1 and commit docs/providers.md");
}
