//! A card as a vCard. 3.0 is what every phone and desktop address book reads; 4.0 is for those who ask for it.

use super::{
    document::Version,
    model::{Card, CardPoint},
    text::{escape, fold},
};
use crate::{clock::Time, domain::address::Kind, domain::id::OwnerId};

/// The version that a card is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Form {
    /// RFC 2426, the safe choice (`text/vcard; charset=utf-8`).
    #[default]
    V3,
    /// RFC 6350 (`text/vcard; version=4.0; charset=utf-8`).
    V4,
}

impl Card {
    /// The vCard: CRLF, folded at 75 octets, FN and N always there, the same bytes for the same card.
    pub fn to_vcard(&self, form: Form) -> String {
        let uid = uid(self.owner);
        self.written(form, Some(&uid), true)
    }

    /// Without UID and REV: a card for an entry of a file.
    pub(crate) fn to_bare_vcard(&self, uid: Option<&str>) -> String {
        self.written(Form::V3, uid, false)
    }

    fn written(&self, form: Form, uid: Option<&str>, rev: bool) -> String {
        let mut out = Writer { out: String::new(), form, labels: 0 };
        out.line("BEGIN:VCARD");
        out.line(if form == Form::V3 { "VERSION:3.0" } else { "VERSION:4.0" });
        match (uid, form) {
            (Some(uid), Form::V4) if rev => out.line(&format!("UID:urn:uuid:{uid}")),
            (Some(uid), _) => out.text("UID", uid),
            (None, _) => {}
        }
        self.names(&mut out);
        self.points.iter().for_each(|point| out.point(point));
        self.details(&mut out);
        if rev {
            out.line(&format!("REV:{}", stamp(self.since)));
        }
        out.line("END:VCARD");
        out.out
    }

    fn names(&self, out: &mut Writer) {
        let fields = &self.fields;
        let shown = self.shown_name();
        out.text("FN", &shown);
        let parts = [&fields.family, &fields.given, &fields.additional, &fields.prefix, &fields.suffix];
        if parts.iter().any(|part| !part.is_empty()) {
            out.line(&format!("N:{}", parts.map(|part| out.escaped(part)).join(";")));
        } else {
            // Phones show N and not FN, so it must say something.
            out.line(&format!("N:;{};;;", out.escaped(&shown)));
        }
        if !fields.nicknames.is_empty() {
            let names: Vec<_> = fields.nicknames.iter().map(|name| out.escaped(name)).collect();
            out.line(&format!("NICKNAME:{}", names.join(",")));
        }
    }

    /// FN may not be empty (RFC 6350 section 6.2.1).
    fn shown_name(&self) -> String {
        let fields = &self.fields;
        let spaced = format!("{} {}", fields.given, fields.family);
        let nickname = fields.nicknames.first().map_or("", String::as_str);
        let point = self.points.first().map_or("", |point| &point.value);
        let candidates = [fields.name.trim(), spaced.trim(), &fields.organisation, nickname, point, "?"];
        candidates.into_iter().find(|name| !name.is_empty()).unwrap_or("?").to_owned()
    }

    fn details(&self, out: &mut Writer) {
        let fields = &self.fields;
        for (name, text) in [("ORG", &fields.organisation), ("TITLE", &fields.title), ("ROLE", &fields.role)] {
            if !text.is_empty() {
                out.text(name, text);
            }
        }
        if let Some(line) = birthday(&fields.birthday, out.form) {
            out.line(&line);
        }
        fields.urls.iter().for_each(|uri| out.uri("URL", uri));
        fields.impp.iter().for_each(|uri| out.uri("IMPP", uri));
        for address in &fields.postal {
            out.line(&format!("ADR:;;{};;;;", out.escaped(address)));
        }
        if !fields.note.is_empty() {
            out.text("NOTE", &fields.note);
        }
        if let Some(line) = photo(&fields.photo, out.form) {
            out.line(&line);
        }
    }
}

/// The UID of an owner's card: the id's bits as a UUID (version 8, RFC 9562), the same for every viewer and revision.
pub fn uid(owner: OwnerId) -> String {
    let bits = (owner.0 & !(0xF << 76) & !(0x3 << 62)) | (0x8 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

struct Writer {
    out: String,
    form: Form,
    labels: usize,
}

impl Writer {
    fn line(&mut self, content: &str) {
        fold(&mut self.out, content, "\r\n");
    }

    fn escaped(&self, text: &str) -> String {
        escape(text, if self.form == Form::V3 { Version::V30 } else { Version::V40 })
    }

    fn text(&mut self, name: &str, text: &str) {
        let content = format!("{name}:{}", self.escaped(text));
        self.line(&content);
    }

    /// A URI stands as it is; what holds a control or a space is none and is left out.
    fn uri(&mut self, name: &str, uri: &str) {
        if !uri.is_empty() && !uri.chars().any(|c| c.is_control() || c.is_whitespace()) {
            self.line(&format!("{name}:{uri}"));
        }
    }

    fn point(&mut self, point: &CardPoint) {
        let types = types(point);
        let own_word = types.is_none() && !point.label.trim().is_empty();
        let group = if own_word {
            self.labels += 1;
            format!("item{}.", self.labels)
        } else {
            String::new()
        };
        let mut types: Vec<&str> = types.unwrap_or_default().to_vec();
        let name = if point.kind == Kind::Phone { "TEL" } else { "EMAIL" };
        if point.kind == Kind::Email && self.form == Form::V3 {
            types.insert(0, "internet");
        }
        let types = match (types.is_empty(), self.form) {
            (true, _) => String::new(),
            (false, Form::V3) => format!(";TYPE={}", types.join(";TYPE=")).to_uppercase(),
            (false, Form::V4) if types.len() > 1 => format!(";TYPE=\"{}\"", types.join(",")),
            (false, Form::V4) => format!(";TYPE={}", types.join(",")),
        };
        let value = match (self.form, point.kind) {
            (Form::V4, Kind::Phone) => format!(";VALUE=uri:tel:{}", point.value),
            _ => format!(":{}", self.escaped(&point.value)),
        };
        self.line(&format!("{group}{name}{types}{value}"));
        if own_word {
            let label = self.escaped(point.label.trim());
            self.line(&format!("{group}X-ABLabel:{label}"));
        }
    }
}

/// The standard's words for a label; `None` for one that it has no word for.
fn types(point: &CardPoint) -> Option<&'static [&'static str]> {
    let label = point.label.trim().to_lowercase();
    let words: &[&str] = match (label.as_str(), point.kind) {
        ("home" | "private" | "personal", _) => &["home"],
        ("work" | "office" | "business", _) => &["work"],
        (_, Kind::Email) => return None,
        ("mobile" | "cell" | "cellular" | "handy" | "iphone", _) => &["cell"],
        ("fax", _) => &["fax"],
        ("work fax", _) => &["work", "fax"],
        ("home fax", _) => &["home", "fax"],
        ("pager", _) => &["pager"],
        ("phone" | "voice" | "tel" | "main", _) => &["voice"],
        _ => return None,
    };
    Some(words)
}

/// BDAY; without a year Apple's convention in 3.0, `--MMDD` in 4.0.
fn birthday(text: &str, form: Form) -> Option<String> {
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    let (year, rest) = match text.strip_prefix("--") {
        Some(rest) => (None, rest),
        None => text.split_once('-').map(|(year, rest)| (Some(year), rest))?,
    };
    let (month, day) = rest.split_once('-')?;
    if !(digits(month, 2) && digits(day, 2) && year.is_none_or(|year| digits(year, 4))) {
        return None;
    }
    Some(match (year, form) {
        (Some(year), Form::V3) => format!("BDAY:{year}-{month}-{day}"),
        (None, Form::V3) => format!("BDAY;X-APPLE-OMIT-YEAR=1604:1604-{month}-{day}"),
        (Some(year), Form::V4) => format!("BDAY:{year}{month}{day}"),
        (None, Form::V4) => format!("BDAY:--{month}{day}"),
    })
}

/// PHOTO from a `data:` URI. In 4.0 its comma is not escaped: readers then show no picture.
pub(super) fn photo(uri: &str, form: Form) -> Option<String> {
    let (media, data) = uri.strip_prefix("data:image/")?.split_once(";base64,")?;
    let good = |text: &str, more: &[u8]| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
    };
    if !(good(media, b"-.") && good(data, b"+/=")) {
        return None;
    }
    Some(match form {
        Form::V3 => format!("PHOTO;ENCODING=b;TYPE={}:{data}", media.to_uppercase()),
        Form::V4 => format!("PHOTO:data:image/{media};base64,{data}"),
    })
}

fn stamp(at: Time) -> String {
    let whole = Time(at.seconds().saturating_mul(1_000_000)).to_string();
    whole.replace(['-', ':'], "")
}
