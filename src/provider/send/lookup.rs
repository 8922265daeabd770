//! `[send.lookup]`: asking a provider for a message of which nobody knows whether it left (rule N3).

use super::{EVERY_NAME, EndpointFile, NotWritten, reply::Answered};
use crate::provider::{
    Account, FileError, Provider, Request,
    compiled::{Lookup, first},
    file::{FoundKind, LookupFile, LookupRuleFile},
    load::Loader,
    rule::Subjects,
};

/// What the provider says of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It has it, under this id.
    Sent(Option<Box<str>>),
    /// It never got it: it may be sent again.
    NotSent,
    /// It does not say.
    Unknown,
}

impl Loader<'_> {
    pub(in crate::provider) fn lookup(&self, file: &LookupFile) -> Result<Lookup, FileError> {
        let about = Subjects { names: &["id"], places: true, variables: false, status: true };
        let rules = self.rules(&file.rules, about, |rule: &LookupRuleFile| &rule.when, |rule| Ok(rule.found))?;
        Ok(Lookup {
            endpoint: self.endpoint(&endpoint_file!(file, None, EVERY_NAME))?,
            id: self.reply_places(file.id.as_ref())?,
            rules,
        })
    }
}

impl Provider {
    /// Whether it can be asked for a message by our reference.
    pub fn can_look_up(&self) -> bool {
        self.send.as_ref().is_some_and(|send| send.lookup.is_some())
    }
}

impl Account {
    /// The request that asks for a message by our reference; `None` where the provider cannot be asked.
    pub fn look_up(&self, to: &str, reference: &str) -> Option<Result<Request, NotWritten>> {
        let lookup = self.provider().send.as_ref()?.lookup.as_ref()?;
        Some(self.request(&lookup.endpoint, &[("to", to), ("reference", reference)], &[], None))
    }

    /// What the reply to [`Account::look_up`] says. What no rule foresees says nothing.
    pub fn read_look_up(&self, status: http::StatusCode, headers: &http::HeaderMap, body: &[u8]) -> Found {
        self.read_look_up_by_rule(status, headers, body).0
    }

    /// What it says, and the position of the rule that told it.
    pub(in crate::provider) fn read_look_up_by_rule(
        &self,
        status: http::StatusCode,
        headers: &http::HeaderMap,
        body: &[u8],
    ) -> (Found, Option<usize>) {
        let lookup = self.provider().send.as_ref().and_then(|send| send.lookup.as_ref());
        let Some(lookup) = lookup else { return (Found::Unknown, None) };
        let mut read = Answered::read(status, headers, body);
        let id = read.first(&lookup.id);
        read.names = vec![("id", id.clone())];
        match first(&lookup.rules, &read) {
            Some((rule, FoundKind::Sent)) => {
                (Found::Sent(Some(id).filter(|id| !id.is_empty()).map(Into::into)), Some(rule))
            }
            Some((rule, FoundKind::NotSent)) => (Found::NotSent, Some(rule)),
            Some((rule, FoundKind::Unknown)) => (Found::Unknown, Some(rule)),
            None => (Found::Unknown, None),
        }
    }
}
