//! `[hooks]`: what webhooks hold and what answers them.

use super::{CALL_NAMES, Loader, MESSAGE_NAMES, Result, STATE_NAMES, signature::reads};
use crate::provider::{
    compiled::{Answer, CallHook, InboundHook, MediaPlaces, MessageHook, Restore, Rule, StatusHook},
    file::{
        AnswerFile, AnswerKind, CallFile, InboundFile, MediaFile, MessageFile, OneOrMore, RestoreFile, StatusFile,
        Written,
    },
    place::Place,
    rule::{Subjects, When},
    text::Escape,
};
use std::{ops::Range, time::Duration};
use toml::Spanned;

/// Names in the rules that tell a call's phase, and in its caller id.
const CALLER_NAMES: &[&str] = &["called", "called_number", "from", "from_number", "call_id"];
/// What the rules of a webhook look at.
const WEBHOOK: Subjects = Subjects { names: &[], places: true, variables: false, status: false };

impl Loader<'_> {
    pub(super) fn call(&self, file: &Spanned<CallFile>) -> Result<CallHook> {
        let (span, file) = (file.span(), file.get_ref());
        let [id, from, to] = [&file.id, &file.from, &file.to].map(|place| self.webhook_place(place));
        let (id, from, to) = (id?, from?, to?);
        let caller_id = file.caller_id.iter().map(|text| self.text(text, CALLER_NAMES, Escape::Plain));
        Ok(CallHook {
            account: self.account(&file.account)?,
            reads: reads([&id, &from, &to]),
            id,
            from,
            to,
            caller_id: caller_id.collect::<Result<_>>()?,
            context: self.optional_webhook_place(file.context.as_ref())?,
            others: self.rules(
                &file.others,
                WEBHOOK,
                |rule| &rule.when,
                |rule| {
                    let (kind, body) = (rule.content_type.as_ref(), rule.body.as_ref());
                    self.document(rule.status.as_ref(), kind, body, &[], 200)
                },
            )?,
            phases: self.rules(
                &file.phases,
                Subjects { names: CALLER_NAMES, ..WEBHOOK },
                |rule| &rule.when,
                |rule| Ok(rule.phase),
            )?,
            answers: self.answers(&file.answers, span, CALL_NAMES)?,
        })
    }

    pub(super) fn message(&self, file: &Spanned<MessageFile>) -> Result<MessageHook> {
        let (span, file) = (file.span(), file.get_ref());
        let (id, to) = (self.webhook_place(&file.id)?, self.webhook_place(&file.to)?);
        let (from, text) =
            (self.optional_webhook_place(file.from.as_ref())?, self.optional_webhook_place(file.text.as_ref())?);
        Ok(MessageHook {
            account: self.account(&file.account)?,
            reads: reads([&id, &to].into_iter().chain(&from).chain(&text)),
            id,
            from,
            to,
            text,
            unreadable: file.unreadable.iter().map(|place| self.webhook_place(place)).collect::<Result<_>>()?,
            identity_bound: file.identity_bound.iter().map(|when| self.when(when, WEBHOOK)).collect::<Result<_>>()?,
            answers: self.answers(&file.answers, span, MESSAGE_NAMES)?,
        })
    }

    /// The answers to a webhook that asks where to connect; `span` is its section.
    fn answers(
        &self,
        files: &[Spanned<AnswerFile>],
        span: Range<usize>,
        names: &'static [&'static str],
    ) -> Result<Vec<Rule<Answer>>> {
        for kind in [AnswerKind::Connect, AnswerKind::Unchanged] {
            let always = |rule: &Spanned<AnswerFile>| rule.get_ref().answer == kind && rule.get_ref().when.is_empty();
            if !files.iter().any(always) {
                let name = if kind == AnswerKind::Connect { "connect" } else { "unchanged" };
                let wanted =
                    format!("the answers need one for `{name}` without `when`, for what no other rule foresees");
                return Err(self.wrong(span.clone(), wanted));
            }
        }
        self.rules_for(
            files,
            Subjects { names, places: false, ..WEBHOOK },
            |rule| &rule.when,
            |rule| {
                let (kind, body) = (rule.content_type.as_ref(), rule.body.as_ref());
                Ok(Answer {
                    kind: rule.answer,
                    document: self.document(rule.status.as_ref(), kind, body, names, 200)?,
                    command: rule.command.as_ref().map(|name| self.command_named(name)).transpose()?,
                })
            },
            |earlier, later| earlier.kind == later.kind,
        )
    }

    /// The position of a command.
    fn command_named(&self, written: &Written) -> Result<usize> {
        let position = self.commands.iter().position(|name| **name == **written.get_ref());
        let wanted = || format!("the name of a [commands.…] is needed: {}", self.commands.join(", "));
        position.ok_or_else(|| self.wrong(written.span(), wanted()))
    }

    pub(super) fn status(&self, file: &StatusFile) -> Result<StatusHook> {
        Ok(StatusHook {
            each: file.each.as_ref().map(|each| self.pointer(each)).transpose()?,
            when: self.when(&file.when, WEBHOOK)?,
            account: self.account(&file.account)?,
            id: self.webhook_place(&file.id)?,
            state: self.webhook_place(&file.state)?,
            code: self.optional_webhook_place(file.code.as_ref())?,
            to: self.optional_webhook_place(file.to.as_ref())?,
            from: self.optional_webhook_place(file.from.as_ref())?,
            sequence: self.optional_webhook_place(file.sequence.as_ref())?,
            within: file.within_hours.as_ref().map(|hours| self.within(hours)).transpose()?,
            states: self.rules(
                &file.states,
                Subjects { names: STATE_NAMES, ..WEBHOOK },
                |rule| &rule.when,
                |rule| Ok((rule.state, rule.is_final, rule.flags.iter().copied().collect())),
            )?,
            acknowledge: self.plain_document(&file.acknowledge)?,
        })
    }

    pub(super) fn inbound(&self, file: &InboundFile) -> Result<InboundHook> {
        let media = |media: &MediaFile| {
            let content_type = media.content_type.as_ref();
            let all = content_type.map(|place| self.numbered(place)).transpose()?;
            Ok(MediaPlaces { url: self.numbered(&media.url)?, content_type: all })
        };
        Ok(InboundHook {
            each: file.each.as_ref().map(|each| self.pointer(each)).transpose()?,
            when: self.when(&file.when, WEBHOOK)?,
            account: self.account(&file.account)?,
            id: self.webhook_place(&file.id)?,
            from: self.webhook_places(&file.from)?,
            to: self.webhook_places(&file.to)?,
            texts: self.inbound_texts(file)?,
            part: match &file.part {
                None => None,
                Some(part) => Some([
                    self.webhook_place(&part.reference)?,
                    self.webhook_place(&part.total)?,
                    self.webhook_place(&part.number)?,
                ]),
            },
            media: file.media.as_ref().map(media).transpose()?,
            words: self.rules(&file.words, WEBHOOK, |rule| &rule.when, |rule| Ok(rule.word))?,
            acknowledge: self.plain_document(&file.acknowledge)?,
        })
    }

    fn within(&self, hours: &Spanned<u64>) -> Result<Duration> {
        const LONGEST: u64 = 24 * 31;
        let wanted = || self.wrong(hours.span(), format!("reports take 1 to {LONGEST} hours"));
        Some(*hours.get_ref())
            .filter(|hours| (1..=LONGEST).contains(hours))
            .map(Duration::from_hours)
            .ok_or_else(wanted)
    }

    fn webhook_places(&self, all: &OneOrMore) -> Result<Vec<Place>> {
        all.0.iter().map(|place| self.webhook_place(place)).collect()
    }

    /// Where the text of a message from a person stands.
    fn inbound_texts(&self, file: &InboundFile) -> Result<Vec<Rule<Vec<Place>>>> {
        match &file.text {
            Some(text) if file.texts.is_empty() => {
                Ok(vec![Rule { line: 0, when: When::default(), value: self.webhook_places(text)? }])
            }
            None if !file.texts.is_empty() => {
                self.rules(&file.texts, WEBHOOK, |rule| &rule.when, |rule| self.webhook_places(&rule.place))
            }
            _ => Err(self.wrong(file.id.span(), "a message has a text: either `text` or `[[hooks.inbound.texts]]`")),
        }
    }

    /// A place, or with `{n}` in it the places for n = 0, 1, ….
    fn numbered(&self, written: &Written) -> Result<Vec<Place>> {
        const MOST: usize = 32;
        if !written.get_ref().contains("{n}") {
            return Ok(vec![self.webhook_place(written)?]);
        }
        let place = |n: usize| Place::parse(&written.get_ref().replace("{n}", &n.to_string()));
        (0..MOST).map(|n| place(n).map_err(|wanted| self.wrong(written.span(), wanted))).collect()
    }

    /// Names of attributes, elements and members.
    pub(super) fn document_urls(&self, names: &[Written]) -> Result<Vec<Box<str>>> {
        let sign = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        let is_name = |name: &str| !name.is_empty() && name.chars().all(sign);
        let name = |written: &Written| match written.get_ref().as_str() {
            name if is_name(name) => Ok(name.into()),
            _ => {
                Err(self.wrong(written.span(), "the name of an attribute, an element or a member, such as \"action\""))
            }
        };
        names.iter().map(name).collect()
    }

    pub(super) fn restore(&self, file: &RestoreFile) -> Result<Restore> {
        Ok(Restore { drop: self.places(&file.drop)?, keep: self.places(&file.keep)? })
    }
}
