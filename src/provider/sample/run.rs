//! Runs samples against a provider.

mod hooks;

use super::{
    Reached,
    file::{
        AccountSample, CallbackSample, EmailSample, ErrorSample, HookSample, LookupSample, OneOrMore, PushSample,
        ReadSample, ReplySample, RequestSample, RestoreSample, RouteSample, Samples, SendSample, SignatureSample,
        SwapSample, Verdict, WantsSample, WrittenSample,
    },
};
use crate::{
    clock::Time,
    provider::{
        Account, AccountSettings, Certificate, Changes, Communication, Custody, ErrorKind, FileError, Flags, Found,
        Hook, Incoming, MessageKind, Outcome, Outgoing, Provider, Refused, Request, Route, Swap, Verified,
        file::{FoundKind, OutcomeKind},
        incoming::Reads,
        load::Loader,
    },
};
use std::{collections::BTreeMap, fmt::Debug, ops::Range, sync::Arc, time::Duration};
use toml::Spanned;

/// One sample file at work.
pub(super) struct Runner<'r> {
    pub(super) provider: &'r Arc<Provider>,
    pub(super) loader: Loader<'r>,
    pub(super) account: AccountSample,
    pub(super) wrong: &'r mut Vec<FileError>,
    pub(super) reached: &'r mut Reached,
}

/// What is wrong with a sample, for a reader.
type Run = Result<(), String>;

/// What an account of a sample has beside the file's own parameters.
#[derive(Default)]
struct Special<'s> {
    parameters: Option<&'s BTreeMap<String, OneOrMore>>,
    public_url: Option<&'s str>,
    application: Option<&'s str>,
}

/// A sample's request, in the parts that an [`Incoming`] borrows.
struct Parts {
    method: http::Method,
    origin: String,
    target: String,
    headers: http::HeaderMap,
    body: String,
}

impl Parts {
    fn read(sample: &RequestSample) -> Result<Self, String> {
        let mut headers = read_headers(&sample.headers)?;
        let (kind, body) = match (&sample.form, &sample.json, &sample.body) {
            (Some(form), None, None) => (Some("application/x-www-form-urlencoded"), form.clone()),
            (None, Some(json), None) => (Some("application/json"), json.clone()),
            (None, None, other) => (None, other.clone().unwrap_or_default()),
            _ => return Err("a request has one of `form`, `json` and `body`".to_owned()),
        };
        if let Some(kind) = kind {
            headers.entry(http::header::CONTENT_TYPE).or_insert(http::HeaderValue::from_static(kind));
        }
        let (origin, target) = split(&sample.url)?;
        let method = sample.method.parse().map_err(|_| "the method is none".to_owned())?;
        Ok(Self { method, origin, target, headers, body })
    }

    fn incoming(&self, now: i64) -> Incoming<'_> {
        let now = Time(now.saturating_mul(1_000_000));
        Incoming::new(&self.method, &self.origin, &self.target, &self.headers, self.body.as_bytes(), now)
    }
}

fn split(url: &str) -> Result<(String, String), String> {
    let after = url.find("://").map(|at| at + 3).ok_or("a URL begins with `https://` or `http://`")?;
    let path = url[after..].find(['/', '?']).map_or(url.len(), |at| after + at);
    Ok((url[..path].to_owned(), url[path..].to_owned()))
}

fn read_headers(sample: &BTreeMap<String, String>) -> Result<http::HeaderMap, String> {
    let mut headers = http::HeaderMap::new();
    for (name, value) in sample {
        let wrong = || format!("`{name}` is no header");
        let name: http::HeaderName = name.parse().map_err(|_| wrong())?;
        headers.insert(name, value.parse().map_err(|_| wrong())?);
    }
    Ok(headers)
}

fn same<T: PartialEq + Debug>(what: &str, found: &T, wanted: &T) -> Run {
    if found == wanted { Ok(()) } else { Err(format!("{what} is {found:?}, the sample says {wanted:?}")) }
}

fn boxed(text: Option<&String>) -> Option<Box<str>> {
    text.map(|text| text.as_str().into())
}

impl Runner<'_> {
    pub(super) fn run(mut self, samples: &Samples) {
        self.each(&samples.signature, |one| &one.name, Self::signature);
        self.each(&samples.call, |one| &one.name, Self::call);
        self.each(&samples.other, |one| &one.name, Self::other);
        self.each(&samples.message, |one| &one.name, Self::message);
        self.each(&samples.status, |one| &one.name, Self::status);
        self.each(&samples.inbound, |one| &one.name, Self::inbound);
        self.each(&samples.send, |one| &one.name, Self::send);
        self.each(&samples.reply, |one| &one.name, Self::reply);
        self.each(&samples.lookup, |one| &one.name, Self::lookup);
        self.each(&samples.read, |one| &one.name, Self::read);
        self.each(&samples.route, |one| &one.name, Self::route);
        self.each(&samples.callback, |one| &one.name, Self::callback);
        self.each(&samples.error, |one| one.kind.get_ref(), Self::error);
    }

    fn each<T>(&mut self, all: &[Spanned<T>], name: impl Fn(&T) -> &String, run: impl Fn(&mut Self, &T) -> Run) {
        for one in all {
            if let Err(found) = run(self, one.get_ref()) {
                self.refuse(one.span(), name(one.get_ref()), found);
            }
        }
    }

    fn refuse(&mut self, span: Range<usize>, name: &str, found: String) {
        let wanted = format!("the sample `{name}` and the provider file must agree");
        self.wrong.push(FileError { found, ..self.loader.wrong(span, wanted) });
    }

    fn reach(&mut self, list: &'static str, rule: Option<usize>) {
        self.reached.extend(rule.map(|rule| (list, rule)));
    }

    fn account(&self, special: &Special<'_>) -> Result<Account, String> {
        let mut parameters = self.account.parameters.clone();
        for (name, value) in special.parameters.into_iter().flatten() {
            parameters.insert(name.clone(), value.clone());
        }
        let values = parameters.into_iter().map(|(name, value)| match value {
            OneOrMore::One(value) => (name, vec![value]),
            OneOrMore::More(values) => (name, values),
        });
        let wrong =
            |all: Vec<super::super::ParameterError>| all.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let settings = AccountSettings {
            name: "sample".into(),
            provider: Arc::clone(self.provider),
            parameters: self.provider.parameters(values.collect()).map_err(wrong)?,
            custody: Custody::Sender,
            senders: Vec::new(),
            public_urls: special.public_url.into_iter().map(Into::into).collect(),
            upstream: None,
            application: special.application.map(Into::into),
        };
        Account::new(settings).map_err(|wrong| wrong.to_string())
    }

    fn signature(&mut self, sample: &SignatureSample) -> Run {
        let public_url = sample.public_url.as_deref();
        let account = self.account(&Special { parameters: Some(&sample.parameters), public_url, application: None })?;
        let parts = Parts::read(&sample.request)?;
        let mut incoming = parts.incoming(sample.now);
        let certificate = self.account.certificate.as_deref().filter(|_| account.certificate_url(&incoming).is_some());
        let certificate = certificate.map(|text| Certificate::read(text).ok_or("it is no certificate")).transpose()?;
        incoming.certificate = certificate.as_ref();
        let found = match sample.hook {
            None => account.verify_signature(&incoming, Reads::default()),
            Some(HookSample::Call) => account.verify(&incoming, Hook::Call),
            Some(HookSample::Message) => account.verify(&incoming, Hook::Message),
            Some(HookSample::Status) => account.verify(&incoming, Hook::Status),
            Some(HookSample::Inbound) => account.verify(&incoming, Hook::Inbound),
        };
        let wanted = match sample.verdict {
            Verdict::Believed => Ok(Verified { covers_parameters: sample.covers_parameters }),
            Verdict::Unsigned => Err(Refused::Unsigned),
            Verdict::Wrong => Err(Refused::Wrong),
            Verdict::OutOfTime => Err(Refused::OutOfTime),
            Verdict::OtherAccount => Err(Refused::OtherAccount),
        };
        same("the verdict", &found, &wanted)
    }

    fn lookup(&mut self, sample: &LookupSample) -> Run {
        let account = self.account(&Special::default())?;
        let request = account.look_up(&sample.to, &sample.reference).ok_or("there is no [send.lookup]")?;
        let request = request.map_err(|wrong| wrong.to_string())?;
        if let Some(wanted) = &sample.request {
            written(&request, wanted)?;
        }
        let status = http::StatusCode::from_u16(sample.status).map_err(|_| "the status is none".to_owned())?;
        let (found, rule) = account.read_look_up_by_rule(status, &http::HeaderMap::new(), sample.body.as_bytes());
        self.reach("send.lookup.rules", rule);
        let wanted = match sample.found {
            FoundKind::Sent => Found::Sent(boxed(sample.id.as_ref())),
            FoundKind::NotSent => Found::NotSent,
            FoundKind::Unknown => Found::Unknown,
        };
        same("what is found", &found, &wanted)
    }

    fn read(&mut self, sample: &ReadSample) -> Run {
        let account = self.account(&Special::default())?;
        let request = account.read_back(&sample.id).ok_or("there is no [read]")?.map_err(|wrong| wrong.to_string())?;
        if let Some(wanted) = &sample.request {
            written(&request, wanted)?;
        }
        let status = http::StatusCode::from_u16(sample.status).map_err(|_| "the status is none".to_owned())?;
        let read = account.read_whole(status, &http::HeaderMap::new(), sample.body.as_bytes());
        self.reach("read", Some(usize::from(read.is_none())));
        same("the text", &read.as_ref().map(|whole| whole.text.clone()), &boxed(sample.text.as_ref()))?;
        same("the sender", &read.and_then(|whole| whole.from), &boxed(sample.from.as_ref()))
    }

    fn send(&mut self, sample: &SendSample) -> Run {
        let account = self.account(&Special { parameters: Some(&sample.parameters), ..Special::default() })?;
        let media: Vec<&str> = sample.message.media.iter().map(String::as_str).collect();
        let email = sample.message.email.as_ref().map(EmailSample::read);
        let push = sample.message.push.as_ref().map(PushSample::read);
        let kind = match (&email, &push) {
            (Some(email), None) => MessageKind::Email(email),
            (None, Some(push)) => MessageKind::Push(push),
            (None, None) => MessageKind::Sms,
            _ => return Err("a message has `email` or `push`, not both".to_owned()),
        };
        let outgoing = Outgoing {
            to: &sample.message.to,
            from: sample.message.from.as_deref(),
            text: &sample.message.text,
            media: &media,
            reference: &sample.message.reference,
            callback: sample.message.callback.as_deref(),
            kind,
        };
        let sent = account.send(&outgoing).map_err(|wrong| wrong.to_string())?;
        let encrypted = sample.request.body_length.is_some();
        let request = if encrypted { sent } else { account.write(&outgoing).map_err(|wrong| wrong.to_string())? };
        let wanted = &sample.request;
        written(&request, wanted)
    }

    fn reply(&mut self, sample: &ReplySample) -> Run {
        let account = self.account(&Special::default())?;
        let status = http::StatusCode::from_u16(sample.status).map_err(|_| "the status is none".to_owned())?;
        let headers = read_headers(&sample.headers)?;
        let (reply, rule) = account.read_reply_by_rule(status, &headers, sample.body.as_bytes());
        self.reach("send.reply.rules", rule);
        let outcome = match sample.outcome {
            OutcomeKind::Sent => Outcome::Sent,
            OutcomeKind::TryAgain => Outcome::TryAgain(sample.after_seconds.map(Duration::from_secs_f64)),
            OutcomeKind::Never => Outcome::Never,
            OutcomeKind::Unknown => Outcome::Unknown,
            OutcomeKind::Config => Outcome::Config,
        };
        same("the outcome", &reply.outcome, &outcome)?;
        same("the id", &reply.id, &boxed(sample.id.as_ref()))?;
        same("the code", &reply.code, &boxed(sample.code.as_ref()))?;
        same("gone_since", &reply.gone_since, &sample.gone_since.map(|millis| Time(millis * 1_000)))?;
        same("the flags", &reply.flags, &sample.flags.iter().copied().collect::<Flags>())
    }

    fn route(&mut self, sample: &RouteSample) -> Run {
        let account = self.account(&Special::default())?;
        let parts = Parts::read(&sample.request)?;
        let incoming = parts.incoming(0);
        let found = account.route(&incoming);
        self.reach("routes", found.as_ref().map(|route| route.index));
        let (route, wants) = match (found, &sample.wants) {
            (None, None) => {
                let request = account.forward(&incoming, None);
                return same("what passes", &&*request.body, &parts.body.as_bytes());
            }
            (Some(route), Some(wants)) => (route, wants),
            (found, _) => return Err(format!("the route is {found:?}")),
        };
        wanted(&account.read_request(&route, &incoming), &route, wants)?;
        if let Some(change) = &sample.change {
            let indexed = |all: &[String]| all.iter().map(|one| one.as_str().into()).enumerate().collect();
            let changes =
                Changes { destinations: indexed(&change.destinations), callbacks: indexed(&change.callbacks) };
            let request = account.forward(&incoming, Some((&route, &changes)));
            let wanted = WrittenSample {
                method: sample.request.method.clone(),
                url: change.url.clone(),
                headers: change.headers.clone(),
                body: change.body.clone(),
                body_length: None,
            };
            written(&request, &wanted)?;
        }
        sample.reply.as_ref().map_or(Ok(()), |reply| restored(&account, &route, reply))
    }

    fn callback(&mut self, sample: &CallbackSample) -> Run {
        let account = self.account(&Special { parameters: Some(&sample.parameters), ..Special::default() })?;
        let parts = Parts::read(&sample.request)?;
        let restored = account.restore_callback(&parts.incoming(sample.now), &sample.url, &swaps(&sample.swaps), None);
        let (request, wanted) = (&restored.request, &sample.restored);
        written(request, wanted)?;
        same("whether it is signed", &restored.signed, &sample.signed)?;
        if restored.signed {
            // The provider's own scheme must believe it at the sender's URL, as the sender's SDK does.
            let (origin, target) = split(&request.url)?;
            let now = Time(sample.now.saturating_mul(1_000_000));
            let sender = Incoming::new(&request.method, &origin, &target, &request.headers, &request.body, now);
            same("the new signature", &account.verify_signature(&sender, Reads::default()).map(|_| ()), &Ok(()))?;
        }
        Ok(())
    }

    fn error(&mut self, sample: &ErrorSample) -> Run {
        let account = self.account(&Special::default())?;
        let kind = ErrorKind::named(sample.kind.get_ref()).ok_or("the kind is none that Redial has")?;
        let (document, rule) = account.error_by_rule(kind, &sample.message);
        self.reach("errors", rule);
        same("the status", &document.status.as_u16(), &sample.status)?;
        same("the document", &&*String::from_utf8_lossy(&document.body), &&*sample.document)
    }
}

fn written(request: &Request, wanted: &WrittenSample) -> Run {
    same("the method", &request.method.as_str(), &&*wanted.method)?;
    same("the URL", &request.url.as_str(), &&*wanted.url)?;
    for (name, value) in &wanted.headers {
        let found = request.headers.get(name).and_then(|value| value.to_str().ok());
        same(&format!("header {name}"), &found, &Some(value.as_str()))?;
    }
    match wanted.body_length {
        Some(length) => same("the length of the body", &request.body.len(), &length),
        None => same("the body", &&*String::from_utf8_lossy(&request.body), &&*wanted.body),
    }
}

fn wanted(found: &Communication, route: &Route, sample: &WantsSample) -> Run {
    same("the action", &route.action, &sample.action)?;
    same("the channel", &route.channel, &sample.channel)?;
    let destinations: Vec<&str> = found.destinations.iter().map(|one| &*one.text).collect();
    same("where it goes", &destinations, &sample.destinations.iter().map(String::as_str).collect())?;
    same("the sender", &found.sender.as_deref(), &sample.sender.as_deref())?;
    same("the text", &found.text.as_deref(), &sample.text.as_deref())?;
    same("whether it is identity-bound", &found.identity_bound, &sample.identity_bound)?;
    let callbacks: Vec<(&str, bool)> = found.callbacks.iter().map(|one| (&*one.url, one.answers)).collect();
    same("the callbacks", &callbacks, &sample.callbacks.iter().map(|one| (one.url.as_str(), one.answers)).collect())
}

fn swaps(samples: &[SwapSample]) -> Vec<Swap> {
    let swap = |sample: &SwapSample| Swap {
        id: boxed(sample.id.as_ref()),
        connected: sample.connected.as_str().into(),
        used: sample.used.as_str().into(),
        urls: sample.urls.iter().map(|(ours, own)| (ours.as_str().into(), own.as_str().into())).collect(),
    };
    samples.iter().map(swap).collect()
}

fn restored(account: &Account, route: &Route, sample: &RestoreSample) -> Run {
    let ids = account.reply_ids(route, sample.body.as_bytes());
    same("the ids", &ids, &sample.ids.iter().map(|id| id.as_str().into()).collect())?;
    let body = account.restore_reply(route, &sample.body.clone().into(), &swaps(&sample.swaps));
    same("what the sender sees", &&*String::from_utf8_lossy(&body), &&*sample.restored)
}
