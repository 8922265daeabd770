//! Provider files: from data to requests, replies, webhooks and signatures. Pure: nothing here opens a connection,
//! a file or a clock.
//!
//! A provider file (`providers/KIND.toml`, reference in `docs/provider-files.md`) is made of three constructs:
//! a *place* ([`place`]: where a value stands), a *text* ([`text`]: letters with minijinja expressions) and a *rule*
//! ([`rule`]: first match wins). Everything is read and checked once, at load ([`Provider::load`]); an [`Account`] is
//! an operator's use of it, with its keys prepared.
//!
//! To add an HTTP provider: write the file and its samples; no Rust. To add a signature scheme: a file in
//! `signature/`, a variant of its `Scheme` and of [`mod@file`]'s `SignatureFile`, its vectors as a sample.

/// `Debug` that shows some fields; what is not shown may hold numbers, texts, URLs with secrets or credentials.
macro_rules! masked {
    ($($name:ident: $($shown:ident),*;)*) => {$(
        /// Masked.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))$(.field(stringify!($shown), &self.$shown))*.finish_non_exhaustive()
            }
        }
    )*};
}

mod account;
mod answer;
mod auth;
mod built_in;
mod certificate;
mod compiled;
mod digest;
mod file;
mod form;
mod incoming;
mod json;
mod jwt;
mod load;
mod message;
mod number;
mod outcome;
mod place;
mod recipients;
mod relative;
mod restore;
mod route;
mod rule;
mod sample;
mod send;
mod signature;
mod spot;
mod text;
mod xml;

pub use account::{Account, AccountSettings, Custody, Parameters, Secret, SenderKey};
pub use answer::{Call, CallAnswer, Command, Document, ErrorKind, Phase};
pub use auth::{Moment, NoToken, Step};
pub use built_in::{BUILT_IN, BuiltIn};
pub use certificate::Certificate;
pub use incoming::{Hook, Incoming, Malformed, OneTime, Refused, Verified};
pub use message::{Message, MessageAnswer};
pub use outcome::{
    Email, Flag, Flags, Inbound, Media, MessageKind, Outcome, Outgoing, Part, Push, Reply, Request, State, StatusEvent,
    Word,
};
pub use route::{Action, Callback, Changes, Channel, Communication, Destination, MARKER, Restored, Route, Swap};
pub use send::{DeviceForm, Found, NotWritten, Rates, Sends, Whole, is_point};

/// One loaded provider file, shared by its accounts.
#[derive(Debug)]
pub struct Provider {
    /// The name that errors show.
    file: Box<str>,
    name: Box<str>,
    title: Box<str>,
    upstream: text::Text,
    numbers: file::Numbers,
    hosts: Vec<Box<str>>,
    declared: Vec<Declared>,
    patterns: Vec<Option<regex::Regex>>,
    auth: Vec<auth::Auth>,
    schemes: Vec<compiled::Rule<signature::Scheme>>,
    /// Whether the file names the status, and the document.
    errors: Vec<compiled::Rule<(bool, compiled::DocumentText)>>,
    commands: Vec<compiled::Command>,
    call: Option<compiled::CallHook>,
    message: Option<compiled::MessageHook>,
    status: Option<compiled::StatusHook>,
    inbound: Option<compiled::InboundHook>,
    document_urls: Vec<Box<str>>,
    restore: compiled::Restore,
    send: Option<compiled::Send>,
    read: Option<compiled::Read>,
    routes: Vec<compiled::RouteRule>,
}

/// What an operator may use a provider for; a file can do what it has sections for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Sending text messages of our own: `[send]`.
    Send,
    /// Answering call webhooks: `[hooks.call]`.
    CallHook,
    /// Answering webhooks that come before a message is sent: `[hooks.message]`.
    MessageHook,
    /// Delivery reports: `[hooks.status]`.
    Status,
    /// Messages from people: `[hooks.inbound]`.
    Inbound,
    /// Drop-in endpoints: `[[routes]]`.
    Via,
    /// A drop-in endpoint for messages.
    ViaSend,
    /// A drop-in endpoint for calls.
    ViaCall,
    /// Having the text of a message back, to send it once more after a report that its number is dead: `[read]`.
    Read,
}

/// A parameter that a provider file declares, for the operator's `config.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is said of its own in a file, in any combination")]
pub struct Declared {
    /// The key in the account's table.
    pub name: Box<str>,
    /// What it is, for a reader.
    pub about: Box<str>,
    /// Never shown: to be given by environment or file.
    pub secret: bool,
    /// The account does not start without it.
    pub required: bool,
    /// May have several values at once (rotation).
    pub several: bool,
    /// May hold line breaks: a key in PEM, a file in JSON.
    pub multiline: bool,
    /// What holds when it is left out.
    pub default: Option<Box<str>>,
}

/// What is wrong in a provider file or its samples, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: found {found}; {wanted}")]
pub struct FileError {
    /// As the caller named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What stands there.
    pub found: String,
    /// What would be right.
    pub wanted: String,
}

/// What is wrong in an account's parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parameter `{name}`: {wanted}")]
pub struct ParameterError {
    /// Which one.
    pub name: String,
    /// What would be right. Never holds the value of a secret.
    pub wanted: String,
}

impl Provider {
    /// Whether the file has the section for it.
    pub fn can(&self, capability: Capability) -> bool {
        match capability {
            Capability::Send => self.send.is_some(),
            Capability::CallHook => self.call.is_some(),
            Capability::MessageHook => self.message.is_some(),
            Capability::Status => self.status.is_some(),
            Capability::Inbound => self.inbound.is_some(),
            Capability::Via => !self.routes.is_empty(),
            Capability::ViaSend => self.routes.iter().any(|route| route.action == Action::Send),
            Capability::Read => self.read.is_some(),
            Capability::ViaCall => self.routes.iter().any(|route| route.action == Action::CreateCall),
        }
    }
}

impl Provider {
    /// The names of its signature schemes, in their order; one that follows itself once.
    pub fn signatures(&self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = self.schemes.iter().map(|rule| rule.value.name()).collect();
        names.dedup();
        names
    }

    /// Whether calls are connected by orders, and not by documents.
    pub fn takes_orders(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.answers.iter().any(|rule| rule.value.command.is_some()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn every_rule_of_every_built_in_file_agrees_with_its_samples() {
        for built_in in BUILT_IN {
            let provider = Provider::built_in(built_in.name).unwrap().map_err(|wrong| wrong.to_string()).unwrap();
            assert_eq!(provider.name(), built_in.name);
            let wrong: Vec<String> =
                Arc::new(provider).check(built_in.samples).iter().map(ToString::to_string).collect();
            assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
        }
    }
}
