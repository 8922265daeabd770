//! `[read]`: having the text of a message back from the provider, to send it once more (rule Q6, *after*).

use super::{EndpointFile, NotWritten, reply::Answered};
use crate::provider::{
    Account, FileError, Request,
    compiled::Read,
    file::{Encoding, ReadFile},
    load::Loader,
    rule::Subjects,
};
use std::collections::BTreeMap;

/// A message as the provider still has it, where its text is all of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Whole {
    /// The text.
    pub text: Box<str>,
    /// The sender as the provider knows it: a number, a short code, a name.
    pub from: Option<Box<str>>,
}

masked! { Whole: ; }

impl Loader<'_> {
    pub(in crate::provider) fn read(&self, file: &ReadFile) -> Result<Read, FileError> {
        let about = Subjects { names: &[], places: true, variables: false, status: true };
        Ok(Read {
            endpoint: self.endpoint(&EndpointFile {
                method: &file.method,
                upstream: file.upstream.as_ref(),
                path: file.path.as_ref(),
                url: file.url.as_ref(),
                encoding: Encoding::Query,
                content_type: None,
                headers: &file.headers,
                fields: &BTreeMap::new(),
                names: &["id"],
            })?,
            whole: self.when(&file.when, about)?,
            text: self.reply_places(Some(&file.text))?,
            from: self.reply_places(file.from.as_ref())?,
        })
    }
}

impl Account {
    /// The request that asks for a message by the provider's id; `None` where the provider gives no text back.
    pub fn read_back(&self, id: &str) -> Option<Result<Request, NotWritten>> {
        let read = self.provider().read.as_ref()?;
        Some(self.request(&read.endpoint, &[("id", id)], &[], None))
    }

    /// The message in the reply to [`Account::read_back`]; `None` where it is not there, or its text is not all of it.
    pub fn read_whole(&self, status: http::StatusCode, headers: &http::HeaderMap, body: &[u8]) -> Option<Whole> {
        let read = self.provider().read.as_ref()?;
        let answered = Answered::read(status, headers, body);
        if !read.whole.holds(&answered) {
            return None;
        }
        let some = |text: String| Some(text).filter(|text| !text.is_empty()).map(Box::from);
        Some(Whole { text: some(answered.first(&read.text))?, from: some(answered.first(&read.from)) })
    }
}
