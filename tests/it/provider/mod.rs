//! Provider files as an operator and a sender meet them: errors, accounts, and bytes that stay.

mod account;
mod bytes;
pub(crate) mod example;
mod file;
mod language;
mod scheme;
mod table;
mod token;
mod web_push;

use redial::provider::{Account, AccountSettings, Custody, Provider};
use std::sync::Arc;

/// An account of a provider that is compiled in.
fn account(name: &str, parameters: &[(&str, &[&str])], change: impl FnOnce(&mut AccountSettings)) -> Account {
    let provider = Arc::new(Provider::built_in(name).expect("compiled in").expect("loads"));
    let values = parameters
        .iter()
        .map(|(name, values)| ((*name).to_owned(), values.iter().map(|value| (*value).to_owned()).collect()));
    let mut settings = AccountSettings {
        name: "main".into(),
        parameters: provider.parameters(values.collect()).expect("right parameters"),
        provider,
        custody: Custody::Sender,
        senders: Vec::new(),
        public_urls: Vec::new(),
        upstream: None,
        application: None,
    };
    change(&mut settings);
    Account::new(settings).expect("right settings")
}

const SID: &str = "AC00000000000000000000000000000001";

fn twilio(change: impl FnOnce(&mut AccountSettings)) -> Account {
    account("twilio", &[("account_sid", &[SID]), ("auth_token", &["12345", "old"])], change)
}

fn telnyx(change: impl FnOnce(&mut AccountSettings)) -> Account {
    let key: &[&str] = &["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="];
    account("telnyx", &[("api_key", &["KEY1"]), ("public_key", key)], change)
}
