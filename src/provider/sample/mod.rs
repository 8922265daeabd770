//! Samples: recorded requests, replies, webhooks and signature vectors beside a provider file. `redial check` and the
//! tests run all of them, and tell which rules none of them reaches.

mod file;
mod hooks;
mod run;

use super::{BUILT_IN, FileError, Provider, load::Loader};
use std::collections::BTreeSet;

/// A rule, by what it is in and its position.
type Reached = BTreeSet<(&'static str, usize)>;

impl Provider {
    /// Runs sample files (recorded requests, replies, vectors) and tells what is wrong; for `redial check`.
    /// `samples` are `(file name, text)`. Rules that no sample reaches are problems too.
    pub fn check(self: &std::sync::Arc<Self>, samples: &[(&str, &str)]) -> Vec<FileError> {
        let mut wrong = Vec::new();
        let mut reached = Reached::new();
        for (file, text) in samples {
            let loader = Loader { file, text, parameters: Vec::new(), commands: Vec::new() };
            match toml::from_str::<file::Samples>(text) {
                Ok(read) => run::Runner {
                    provider: self,
                    loader,
                    account: read.account.clone(),
                    wrong: &mut wrong,
                    reached: &mut reached,
                }
                .run(&read),
                Err(error) => {
                    wrong.push(loader.wrong(error.span().unwrap_or(0..0), error.message().replace('\n', " ")));
                }
            }
        }
        wrong.extend(self.unreached(&reached));
        wrong
    }

    fn unreached(&self, reached: &Reached) -> Vec<FileError> {
        let mut all: Vec<(&'static str, Vec<usize>)> = Vec::new();
        if let Some(call) = &self.call {
            all.push(("hooks.call.others", call.others.iter().map(|rule| rule.line).collect()));
            all.push(("hooks.call.phases", call.phases.iter().map(|rule| rule.line).collect()));
            all.push(("hooks.call.answers", call.answers.iter().map(|rule| rule.line).collect()));
        }
        if let Some(message) = &self.message {
            all.push(("hooks.message.answers", message.answers.iter().map(|rule| rule.line).collect()));
        }
        if let Some(status) = &self.status {
            all.push(("hooks.status.states", status.states.iter().map(|rule| rule.line).collect()));
        }
        if let Some(inbound) = &self.inbound {
            all.push(("hooks.inbound.words", inbound.words.iter().map(|rule| rule.line).collect()));
            // One alone is no rule but a place.
            let texts = inbound.texts.iter().map(|rule| rule.line).filter(|_| inbound.texts.len() > 1);
            all.push(("hooks.inbound.texts", texts.collect()));
        }
        if let Some(send) = &self.send {
            let lookup = send.lookup.iter().flat_map(|lookup| &lookup.rules);
            all.push(("send.lookup.rules", lookup.map(|rule| rule.line).collect()));
            all.push(("send.reply.rules", send.reply.rules.iter().map(|rule| rule.line).collect()));
        }
        // One message whose text is all of it, and one of which that is not so.
        all.push(("read", vec![1; if self.read.is_some() { 2 } else { 0 }]));
        all.push(("errors", self.errors.iter().map(|rule| rule.line).collect()));
        all.push(("routes", self.routes.iter().map(|rule| rule.line).collect()));
        let missing = |(list, lines): (&'static str, Vec<usize>)| {
            let unreached = move |(index, _): &(usize, usize)| !reached.contains(&(list, *index));
            lines.into_iter().enumerate().filter(unreached).map(move |(index, line)| FileError {
                file: self.file.to_string(),
                line,
                column: 1,
                found: format!("rule {} of {list}, which no sample reaches", index + 1),
                wanted: "add a sample for it, or remove it".to_owned(),
            })
        };
        all.into_iter().flat_map(missing).collect()
    }

    /// Loads a provider that is compiled in.
    pub fn built_in(name: &str) -> Option<Result<Self, FileError>> {
        let built_in = BUILT_IN.iter().find(|built_in| built_in.name == name)?;
        Some(Self::load(built_in.text, &format!("providers/{name}.toml")))
    }
}
