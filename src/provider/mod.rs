//! Provider files: from data to requests, replies, webhooks and signatures. Pure: nothing here opens a connection,
//! a file or a clock.
//!
//! A provider file (`providers/KIND.toml`, reference in `docs/provider-files.md`) is made of three constructs:
//! a *place* ([`place`]: where a value stands), a *text* ([`text`]: letters with minijinja expressions) and a *rule*
//! ([`rule`]: first match wins). Everything is read and checked once, at load ([`Provider::load`]).
//!
//! To add an HTTP provider: write the file and its samples; no Rust. To add a signature scheme: a file in
//! `signature/`, a variant of [`signature::Scheme`], its vectors as a sample.

mod account;
mod answer;
mod incoming;
mod outcome;
mod route;

pub use account::{Account, AccountSettings, Custody, Parameters, Secret, SenderKey};
pub use answer::{Call, CallAnswer, Document, ErrorKind, Phase};
pub use incoming::{Hook, Incoming, Malformed, Refused, Verified};
pub use outcome::{Flag, Flags, Inbound, Media, Outcome, Outgoing, Reply, Request, State, StatusEvent, Word};
pub use route::{Action, Callback, Changes, Channel, Communication, Destination, Restored, Route, Swap};

/// One loaded provider file, shared by its accounts.
#[derive(Debug)]
pub struct Provider {
    name: Box<str>,
}

/// What an operator may use a provider for; a file can do what it has sections for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Sending text messages of our own: `[send]`.
    Send,
    /// Answering call webhooks: `[hooks.call]`.
    CallHook,
    /// Delivery reports: `[hooks.status]`.
    Status,
    /// Messages from people: `[hooks.inbound]`.
    Inbound,
    /// Drop-in endpoints: `[[routes]]`.
    Via,
}

/// A parameter that a provider file declares, for the operator's `config.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Reads and checks one file; `file` is the name that errors show.
    pub fn load(text: &str, file: &str) -> Result<Self, FileError> {
        let _ = (text, file);
        todo!("the engine follows")
    }

    /// The text of a provider file that is compiled in: `twilio`, `telnyx`.
    pub fn built_in(name: &str) -> Option<&'static str> {
        let _ = name;
        todo!("the engine follows")
    }

    /// The name by which `config.toml` refers to it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the file has the section for it.
    pub fn can(&self, capability: Capability) -> bool {
        let _ = capability;
        todo!("the engine follows")
    }

    /// The provider's own host names, for accounts that are reached by host name.
    pub fn hosts(&self) -> &[Box<str>] {
        todo!("the engine follows")
    }

    /// The parameters that an account may or must have.
    pub fn declared(&self) -> &[Declared] {
        todo!("the engine follows")
    }

    /// Checks an account's values against the declared parameters: missing, unknown, malformed ones are errors.
    pub fn parameters(&self, values: Vec<(String, Vec<String>)>) -> Result<Parameters, Vec<ParameterError>> {
        let _ = values;
        todo!("the engine follows")
    }

    /// Runs a sample file (recorded requests, replies, vectors) and tells what is wrong; for `redial check`.
    /// `samples` are `(file name, text)`. Rules that no sample reaches are problems too.
    pub fn check(&self, samples: &[(&str, &str)]) -> Vec<FileError> {
        let _ = samples;
        todo!("the engine follows")
    }
}
