//! `[send]`: a message of our own as a request (rule N3).

/// The request that a table of a file describes, by the keys that all such tables have.
macro_rules! endpoint_file {
    ($file:expr, $content_type:expr, $names:expr) => {
        EndpointFile {
            method: &$file.method,
            upstream: $file.upstream.as_ref(),
            path: $file.path.as_ref(),
            url: $file.url.as_ref(),
            encoding: *$file.encoding.get_ref(),
            content_type: $content_type,
            headers: &$file.headers,
            fields: &$file.fields,
            names: $names,
        }
    };
}

mod encode;
mod lookup;
mod read;
mod reply;
mod web_push;

pub use lookup::Found;
pub use read::Whole;
pub use web_push::is_point;

use super::{
    Account, FileError, Outgoing, Provider, Request,
    auth::Credentials,
    compiled::{Command, Device, Endpoint, Field, Send},
    file::{CommandFile, DeviceFile, Encoding, FieldFile, SendFile},
    load::{CALL_NAMES, Loader},
    outcome::MessageKind,
    text::{Escape, NotRendered, Text, Values},
};
use encode::FieldValue;
use std::borrow::Cow;

/// Names in the texts of every request.
const EVERY_NAME: &[&str] = &["to", "from", "text", "reference", "callback"];
/// Those of an e-mail beside these.
const EMAIL_NAMES: &[&str] =
    &["subject", "html", "reply_to", "message_id", "unsubscribe", "card", "card_base64", "mime_base64"];
/// Those of a push message beside these.
const PUSH_NAMES: &[&str] = &["title", "link", "collapse", "ttl", "p256dh", "auth"];

/// A message that a provider file could not turn into a request; no sample foresaw it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the provider file cannot write this message: {0}")]
pub struct NotWritten(pub(super) String);

impl NotWritten {
    /// For a reason outside the file.
    pub fn because(why: &str) -> Self {
        Self(why.to_owned())
    }
}

impl From<NotRendered> for NotWritten {
    fn from(wrong: NotRendered) -> Self {
        Self(wrong.0)
    }
}

/// How fast a provider says that it takes messages.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Messages a second.
    pub per_second: Option<f64>,
    /// Requests at a time.
    pub concurrent: Option<u32>,
}

/// What kind of message a provider sends, and so which names its texts have.
#[derive(serde::Deserialize, Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[serde(rename_all = "snake_case")]
pub enum Sends {
    /// Text messages.
    #[default]
    Sms,
    /// Push messages.
    Push,
    /// E-mails.
    Email,
}

impl Provider {
    /// What kind of messages it sends, if any.
    pub fn sends(&self) -> Option<Sends> {
        self.send.as_ref().map(|send| send.kind)
    }

    /// The provider's own limits; nothing where its file does not say.
    pub fn rates(&self) -> Rates {
        self.send.as_ref().map(|send| send.rates).unwrap_or_default()
    }

    /// How long delivery reports may take; `None`: the file does not say.
    pub fn reports_within(&self) -> Option<std::time::Duration> {
        self.status.as_ref().and_then(|status| status.within)
    }

    /// For how long a repeat with the same reference is one message; `None`: it is another message.
    pub fn idempotent_for(&self) -> Option<std::time::Duration> {
        self.send.as_ref().and_then(|send| send.idempotent_for)
    }

    /// Whether its messages have a place for pictures and cards.
    pub fn takes_media(&self) -> bool {
        let is_media = |(_, field): &(Box<str>, Field)| matches!(field, Field::Media | Field::Joined(_));
        self.send.as_ref().is_some_and(|send| send.endpoint.fields.iter().any(is_media))
    }

    /// What devices tell that this provider pushes to; `None` where it sends other messages.
    pub fn device(&self) -> Option<DeviceForm<'_>> {
        let send = self.send.as_ref()?;
        let (endpoint, device) = (send.endpoint.encoding == Encoding::WebPush, send.device.as_ref()?);
        Some(DeviceForm { endpoint, about: &device.about, pattern: device.pattern.as_ref() })
    }

    /// Whether the far end speaks HTTP/2 alone.
    pub fn only_http2(&self) -> bool {
        self.send.as_ref().is_some_and(|send| send.http2)
    }

    /// Whether the provider tells no id of its own, and reports name our reference.
    pub fn id_is_reference(&self) -> bool {
        self.send.as_ref().is_some_and(|send| send.reply.id_is_reference)
    }
}

/// What a device tells to be written to.
#[derive(Clone, Copy, Debug)]
pub struct DeviceForm<'a> {
    /// An endpoint with keys (RFC 8030, RFC 8291), which may lie anywhere; else a token.
    pub endpoint: bool,
    /// For a reader.
    pub about: &'a str,
    pattern: Option<&'a regex::Regex>,
}

impl DeviceForm<'_> {
    /// Whether a token looks like one.
    pub fn fits(&self, token: &str) -> bool {
        self.pattern.is_none_or(|pattern| pattern.is_match(token))
    }
}

impl Sends {
    pub(super) fn names(self) -> Vec<&'static str> {
        let own = match self {
            Sends::Sms => &[],
            Sends::Email => EMAIL_NAMES,
            Sends::Push => PUSH_NAMES,
        };
        [EVERY_NAME, own].concat()
    }
}

impl Loader<'_> {
    pub(super) fn send(&self, file: &SendFile) -> Result<Send, FileError> {
        let names = &file.kind.names();
        let encoding = *file.encoding.get_ref();
        let is_text = matches!(encoding, Encoding::Text | Encoding::Xml);
        if is_text != file.body.is_some() || (is_text && !file.fields.is_empty()) {
            let wanted = "`text` and `xml` need a `body` and no `fields`; the other encodings need `fields`";
            return Err(self.wrong(file.encoding.span(), wanted));
        }
        if encoding == Encoding::WebPush && file.kind != Sends::Push {
            return Err(self.wrong(file.encoding.span(), "`web_push` is for `kind = \"push\"`"));
        }
        if let Some(device) = file.device.as_ref().filter(|_| file.kind != Sends::Push) {
            return Err(self.wrong(device.span(), "a device is for `kind = \"push\"`"));
        }
        if file.kind == Sends::Push && file.device.is_none() {
            let wanted = "`kind = \"push\"` needs `device = { about = \"…\" }`: what a device tells to be written to";
            return Err(self.wrong(file.encoding.span(), wanted));
        }
        let escape = if encoding == Encoding::Xml { Escape::Xml } else { Escape::Plain };
        let seconds = |hours: u32| std::time::Duration::from_secs(u64::from(hours) * 3600);
        Ok(Send {
            kind: file.kind,
            endpoint: self.endpoint(&endpoint_file!(file, file.content_type.as_ref(), names))?,
            body: file.body.as_ref().map(|body| self.text(body, names, escape)).transpose()?,
            device: file.device.as_ref().map(|device| self.device(device.get_ref())).transpose()?,
            http2: file.http2,
            limits: file.limits,
            rates: file
                .rates
                .map(|rates| Rates { per_second: rates.per_second, concurrent: rates.concurrent })
                .unwrap_or_default(),
            idempotent_for: file.idempotency.map(|idempotency| seconds(idempotency.hours)),
            reply: self.reply(&file.reply)?,
            lookup: file.lookup.as_ref().map(|lookup| self.lookup(lookup)).transpose()?,
        })
    }

    fn device(&self, file: &DeviceFile) -> Result<Device, FileError> {
        let pattern = file.pattern.as_ref().map(|pattern| self.pattern(pattern)).transpose()?;
        Ok(Device { about: file.about.as_str().into(), pattern })
    }

    /// A request that follows the answer to a call webhook.
    pub(super) fn command(&self, file: &CommandFile) -> Result<Command, FileError> {
        let encoding = *file.encoding.get_ref();
        let escape = if encoding == Encoding::Xml { Escape::Xml } else { Escape::Plain };
        // Those of the document, and an id by which a repeat is known.
        let names = &[CALL_NAMES, &["command_id"]].concat();
        Ok(Command {
            endpoint: self.endpoint(&endpoint_file!(file, file.content_type.as_ref(), names))?,
            body: file.body.as_ref().map(|body| self.text(body, names, escape)).transpose()?,
            repeatable: file.repeatable,
        })
    }

    /// A request that Redial makes.
    pub(super) fn endpoint(&self, file: &EndpointFile<'_>) -> Result<Endpoint, FileError> {
        let wrong_method = |_| self.wrong(file.method.span(), "a method is needed: POST, PUT, GET, …");
        let mut headers = Vec::new();
        for (name, text) in file.headers {
            headers.push((self.header(name)?, self.text(text, file.names, Escape::Plain)?));
        }
        let mut fields = Vec::new();
        for (name, value) in file.fields {
            let text = |text: &str| self.text_of(text, value.span(), file.names, Escape::Plain);
            let field = match value.get_ref() {
                FieldFile::Text(one) => Field::Text(text(one)?),
                FieldFile::Number(one) => Field::Number(text(one)?),
                FieldFile::Constant(value) => Field::Constant(value.clone()),
                FieldFile::Each => Field::Media,
                FieldFile::Join(with) => Field::Joined(with.as_str().into()),
                FieldFile::File(_) if file.encoding != Encoding::Multipart => {
                    return Err(self.wrong(value.span(), "a file is for `encoding = \"multipart\"`"));
                }
                FieldFile::File(one) if http::HeaderValue::from_str(&one.kind).is_err() => {
                    return Err(self.wrong(value.span(), "a content type looks like `text/vcard; charset=utf-8`"));
                }
                FieldFile::File(one) => Field::File {
                    name: one.name.as_str().into(),
                    kind: one.kind.as_str().into(),
                    text: text(&one.text)?,
                },
            };
            fields.push((name.get_ref().as_str().into(), field));
        }
        let content_type = file.content_type.map(|kind| {
            let value = http::HeaderValue::from_str(kind.get_ref());
            value.map_err(|_| self.wrong(kind.span(), "a content type looks like `text/plain`"))
        });
        let (path, whole) = match (file.path, file.url) {
            (Some(path), None) if path.get_ref().starts_with('/') => (self.text(path, file.names, Escape::Url)?, false),
            (Some(path), None) => return Err(self.wrong(path.span(), "a path begins with `/`")),
            (None, Some(url)) => (self.text(url, file.names, Escape::Plain)?, true),
            _ => return Err(self.wrong(file.method.span(), "a request needs a `path`, or a `url` instead")),
        };
        Ok(Endpoint {
            method: file.method.get_ref().parse().map_err(wrong_method)?,
            upstream: file.upstream.map(|upstream| self.upstream(upstream)).transpose()?,
            path,
            whole,
            encoding: file.encoding,
            content_type: content_type.transpose()?,
            headers,
            fields,
        })
    }
}

/// A request as a file writes it.
pub(super) struct EndpointFile<'f> {
    pub(super) method: &'f super::file::Written,
    pub(super) upstream: Option<&'f super::file::Written>,
    pub(super) path: Option<&'f super::file::Written>,
    pub(super) url: Option<&'f super::file::Written>,
    pub(super) encoding: Encoding,
    pub(super) content_type: Option<&'f super::file::Written>,
    pub(super) headers: &'f std::collections::BTreeMap<super::file::Written, super::file::Written>,
    pub(super) fields: &'f std::collections::BTreeMap<super::file::Written, toml::Spanned<FieldFile>>,
    pub(super) names: &'f [&'static str],
}

impl Account {
    /// The request that sends a message of ours. Fields whose text is empty are left out.
    pub fn send(&self, outgoing: &Outgoing<'_>) -> Result<Request, NotWritten> {
        let mut request = self.write(outgoing)?;
        let encoding = self.provider().send.as_ref().map(|send| send.endpoint.encoding);
        if let (Some(Encoding::WebPush), MessageKind::Push(push)) = (encoding, outgoing.kind) {
            let (p256dh, auth) = (push.p256dh.unwrap_or_default(), push.auth.unwrap_or_default());
            request.body = web_push::encrypt(&request.body, p256dh, auth)?.into();
        }
        Ok(request)
    }

    /// The request before it is encrypted for the device, which never makes the same twice: so samples show it.
    pub(in crate::provider) fn write(&self, outgoing: &Outgoing<'_>) -> Result<Request, NotWritten> {
        let send = self.provider().send.as_ref().ok_or_else(|| NotWritten("it has no [send]".into()))?;
        if send.kind != outgoing.kind.of_file() {
            return Err(NotWritten("it sends messages of another kind".into()));
        }
        let over = |limit: Option<usize>, found: usize| limit.is_some_and(|limit| found > limit);
        if over(send.limits.text, outgoing.text.chars().count()) {
            return Err(NotWritten("the text is longer than the provider takes".into()));
        }
        if over(send.limits.media, outgoing.media.len()) {
            return Err(NotWritten("there are more pictures than the provider takes".into()));
        }
        let owned = outgoing.kind.encoded();
        let mut section = vec![
            ("to", outgoing.to),
            ("from", outgoing.from.unwrap_or_default()),
            ("text", outgoing.text),
            ("reference", outgoing.reference),
            ("callback", outgoing.callback.unwrap_or_default()),
        ];
        section.extend(outgoing.kind.names());
        section.extend(owned.iter().map(|(name, value)| (*name, value.as_str())));
        let request = self.request(&send.endpoint, &section, outgoing.media, send.body.as_ref())?;
        if over(send.limits.body, request.body.len()) {
            return Err(NotWritten("the message is larger than the provider takes".into()));
        }
        Ok(request)
    }

    /// A request with our credentials.
    pub(super) fn request(
        &self,
        endpoint: &Endpoint,
        section: &[(&'static str, &str)],
        media: &[&str],
        body: Option<&Text>,
    ) -> Result<Request, NotWritten> {
        let values = Values { section, parameters: self.parameters() };
        let mut fields: Vec<(&str, FieldValue<'_>)> = Vec::with_capacity(endpoint.fields.len());
        for (name, field) in &endpoint.fields {
            let value = match field {
                Field::Text(text) => FieldValue::One(text.value(&values)?),
                Field::Number(text) => FieldValue::number(text.value(&values)?)?,
                Field::Constant(value) => FieldValue::Constant(value),
                Field::Media => FieldValue::Each(media),
                Field::Joined(with) => FieldValue::One(media.join(with).into()),
                Field::File { name, kind, text } => FieldValue::File { name, kind, text: text.value(&values)? },
            };
            if !value.is_empty() {
                fields.push((name, value));
            }
        }
        if let Some(Credentials::Body(pairs)) = &self.credentials {
            fields.extend(pairs.iter().map(|(name, value)| (&**name, FieldValue::One(Cow::Borrowed(value)))));
        }
        let path = endpoint.path.render(&values)?;
        let mut url = if endpoint.whole { path } else { format!("{}{path}", self.base(endpoint.upstream.as_ref())?) };
        if !super::account::is_origin(&url) {
            return Err(NotWritten("the URL is none".into()));
        }
        let mut kind = endpoint.content_type.clone().or_else(|| encode::content_type(endpoint.encoding));
        let body = match body {
            Some(body) => body.render(&values)?.into(),
            None if endpoint.encoding == Encoding::Multipart => {
                let (body, with_boundary) = encode::multipart(&fields);
                kind = with_boundary;
                body
            }
            None if endpoint.encoding == Encoding::WebPush => encode::body(Encoding::Json, &fields, &mut url),
            None => encode::body(endpoint.encoding, &fields, &mut url),
        };
        let mut headers = http::HeaderMap::new();
        if let Some(kind) = kind {
            headers.insert(http::header::CONTENT_TYPE, kind);
        }
        for (name, text) in &endpoint.headers {
            let value = text.value(&values)?;
            if !value.is_empty() {
                let value = http::HeaderValue::from_str(&value);
                headers.insert(name, value.map_err(|_| NotWritten(format!("header {name} holds control characters")))?);
            }
        }
        self.show(&mut url, &mut headers);
        Ok(Request { method: endpoint.method.clone(), url, headers, body })
    }
}

impl<'a> MessageKind<'a> {
    fn of_file(self) -> Sends {
        match self {
            MessageKind::Sms => Sends::Sms,
            MessageKind::Email(_) => Sends::Email,
            MessageKind::Push(_) => Sends::Push,
        }
    }

    /// What its kind has beside what every message has.
    fn names(self) -> Vec<(&'static str, &'a str)> {
        match self {
            MessageKind::Sms => Vec::new(),
            MessageKind::Email(email) => vec![
                ("subject", email.subject),
                ("html", email.html),
                ("reply_to", email.reply_to.unwrap_or_default()),
                ("message_id", email.message_id),
                ("unsubscribe", email.unsubscribe.unwrap_or_default()),
                ("card", email.card.unwrap_or_default()),
            ],
            MessageKind::Push(push) => vec![
                ("title", push.title),
                ("link", push.link.unwrap_or_default()),
                ("collapse", push.collapse.unwrap_or_default()),
                ("p256dh", push.p256dh.unwrap_or_default()),
                ("auth", push.auth.unwrap_or_default()),
            ],
        }
    }

    /// What has to be made for it.
    fn encoded(self) -> Vec<(&'static str, String)> {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        match self {
            MessageKind::Sms => Vec::new(),
            MessageKind::Email(email) => vec![
                ("card_base64", email.card.map(|card| BASE64_STANDARD.encode(card)).unwrap_or_default()),
                ("mime_base64", email.mime.map(|mime| BASE64_STANDARD.encode(mime)).unwrap_or_default()),
            ],
            MessageKind::Push(push) => vec![("ttl", push.ttl.as_secs().to_string())],
        }
    }
}
