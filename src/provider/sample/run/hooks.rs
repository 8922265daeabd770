//! Runs samples of webhooks.

use super::{
    super::hooks::{
        CallSample, InboundSample, MediaSample, MessageSample, OtherSample, PartSample, PreSendSample, StatusSample,
    },
    Parts, Run, Runner, Special, boxed, same, written,
};
use crate::provider::{CallAnswer, Media, MessageAnswer, Part, StatusEvent};

impl Runner<'_> {
    pub(super) fn call(&mut self, sample: &CallSample) -> Run {
        let application = sample.application.as_deref();
        let account = self.account(&Special { parameters: Some(&sample.parameters), public_url: None, application })?;
        let parts = Parts::read(&sample.request)?;
        let incoming = parts.incoming(0);
        let (call, rule) = account.read_call_by_rule(&incoming).map_err(|wrong| wrong.to_string())?;
        self.reach("hooks.call.phases", rule);
        same("id", &&*call.id, &&*sample.id)?;
        same("from", &&*call.from, &&*sample.from)?;
        same("to", &&*call.to, &&*sample.to)?;
        same("phase", &call.phase, &sample.phase)?;
        let mut answers = Vec::new();
        if let Some(connect) = &sample.connect {
            let answer = CallAnswer::Connect { to: &connect.new, say: connect.say.as_deref() };
            answers.push((answer, &connect.document, &connect.command));
        }
        let unchanged = sample.unchanged.as_ref();
        answers.extend(unchanged.map(|document| (CallAnswer::Unchanged, document, &sample.unchanged_command)));
        for (answer, wanted, command) in answers {
            let (document, rule) = account.answer_call_by_rule(&call, answer);
            self.reach("hooks.call.answers", rule);
            same("the document", &&*String::from_utf8_lossy(&document.body), &&**wanted)?;
            match (account.command(&call, answer).transpose().map_err(|wrong| wrong.to_string())?, command) {
                (None, None) => {}
                (Some(found), Some(wanted)) => {
                    written(&found.request, wanted)?;
                }
                (Some(_), None) => return Err("a command follows, the sample names none".to_owned()),
                (None, Some(_)) => return Err("no command follows".to_owned()),
            }
        }
        Ok(())
    }

    pub(super) fn other(&mut self, sample: &OtherSample) -> Run {
        let account = self.account(&Special::default())?;
        let parts = Parts::read(&sample.request)?;
        let found = account.answer_other_by_rule(&parts.incoming(0));
        let (document, rule) = found.ok_or("no rule of hooks.call.others is for it")?;
        self.reach("hooks.call.others", Some(rule));
        same("the status", &document.status.as_u16(), &sample.status)?;
        same("the document", &&*String::from_utf8_lossy(&document.body), &&*sample.document)
    }

    pub(super) fn message(&mut self, sample: &PreSendSample) -> Run {
        let account = self.account(&Special { parameters: Some(&sample.parameters), ..Special::default() })?;
        let parts = Parts::read(&sample.request)?;
        let incoming = parts.incoming(0);
        let message = account.read_message(&incoming).map_err(|wrong| wrong.to_string())?;
        same("id", &&*message.id, &&*sample.id)?;
        same("from", &&*message.from, &&*sample.from)?;
        same("to", &&*message.to, &&*sample.to)?;
        same("the text", &message.text.as_deref(), &sample.text.as_deref())?;
        same("whether it is identity-bound", &message.identity_bound, &sample.identity_bound)?;
        let connect = sample.connect.as_ref();
        let connect = connect.map(|one| (MessageAnswer::Connect { to: &one.new }, &one.document));
        let unchanged = sample.unchanged.as_ref().map(|document| (MessageAnswer::Unchanged, document));
        for (answer, wanted) in connect.into_iter().chain(unchanged) {
            let (document, rule) = account.answer_message_by_rule(&message, answer);
            self.reach("hooks.message.answers", rule);
            same("the document", &&*String::from_utf8_lossy(&document.body), &&**wanted)?;
        }
        Ok(())
    }

    pub(super) fn status(&mut self, sample: &StatusSample) -> Run {
        let account = self.account(&Special::default())?;
        let parts = Parts::read(&sample.request)?;
        let found = account.read_status_by_rule(&parts.incoming(0)).map_err(|wrong| wrong.to_string())?;
        same("the number of reports", &found.len(), &sample.events.len())?;
        for ((event, rule), wanted) in found.into_iter().zip(&sample.events) {
            self.reach("hooks.status.states", rule);
            let wanted = StatusEvent {
                id: wanted.id.as_str().into(),
                state: wanted.state,
                is_final: wanted.is_final,
                code: boxed(wanted.code.as_ref()),
                flags: wanted.flags.iter().copied().collect(),
                to: wanted.to.as_str().into(),
                from: wanted.from.as_str().into(),
                sequence: wanted.sequence,
            };
            same("the report", &event, &wanted)?;
            same("the recipient", &event.to, &wanted.to)?;
            same("the sender", &event.from, &wanted.from)?;
        }
        Ok(())
    }

    pub(super) fn inbound(&mut self, sample: &InboundSample) -> Run {
        let account = self.account(&Special::default())?;
        let parts = Parts::read(&sample.request)?;
        let found = account.read_inbound_by_rule(&parts.incoming(0)).map_err(|wrong| wrong.to_string())?;
        let wanted: Vec<&MessageSample> = sample.message.iter().chain(&sample.messages).collect();
        same("the number of messages", &found.len(), &wanted.len())?;
        for ((found, rules), wanted) in found.into_iter().zip(wanted) {
            self.reach("hooks.inbound.words", rules.word);
            self.reach("hooks.inbound.texts", rules.text);
            let media = |one: &Media| format!("{} {:?}", one.url, one.content_type.as_deref());
            let media: Vec<String> = found.media.iter().map(media).collect();
            let wanted_media = |one: &MediaSample| format!("{} {:?}", one.url, one.content_type.as_deref());
            same("id", &&*found.id, &&*wanted.id)?;
            same("from", &&*found.from, &&*wanted.from)?;
            same("to", &&*found.to, &&*wanted.to)?;
            same("the text", &&*found.text, &&*wanted.text)?;
            same("the media", &media, &wanted.media.iter().map(wanted_media).collect())?;
            same("the word", &found.word, &wanted.word)?;
            let part = |part: &PartSample| Part {
                reference: part.reference.as_str().into(),
                total: part.total,
                number: part.number,
            };
            same("the part", &found.part, &wanted.part.as_ref().map(part))?;
        }
        Ok(())
    }
}
