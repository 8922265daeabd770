//! Any version to 3.0, which is what phones and desktop address books want.
//!
//! What 3.0 has no property for goes into the names that Apple's and Android's address books use, so that it comes back
//! when the card does. A nested card (AGENT in 2.1) is left out.

use super::{
    document::{Document, Line, Version},
    text::{escape, fold, param_value},
    write::{Form, photo},
};

/// The card in version 3.0, with CRLF: a 3.0 card byte for byte, others converted. FN and N are there in any case.
pub fn to_v3(card: &Document) -> Vec<u8> {
    if card.version() == Version::V30 {
        return card.to_bytes();
    }
    let mut out = Out { text: String::new(), groups: Groups::used_by(card) };
    out.line("BEGIN:VCARD");
    out.line("VERSION:3.0");
    let has = |name| card.named(name).next().is_some();
    if !has("FN") {
        let name = if card.name().is_empty() { "?".to_owned() } else { card.name() };
        out.line(&format!("FN:{}", escape(&name, Version::V30)));
    }
    if !has("N") {
        out.line(&format!("N:;{};;;", escape(&card.name(), Version::V30)));
    }
    for (_, line) in card.properties() {
        if card.version() == Version::V21 { from_v2(card, line, &mut out) } else { from_v4(card, line, &mut out) }
    }
    out.line("END:VCARD");
    out.text.into_bytes()
}

struct Out {
    text: String,
    groups: Groups,
}

impl Out {
    fn line(&mut self, content: &str) {
        fold(&mut self.text, content, "\r\n");
    }

    /// A property of Apple's with its label beside it.
    fn labelled(&mut self, name: &str, value: &str, label: &str) {
        let group = self.groups.free();
        self.line(&format!("{group}.{name}:{value}"));
        self.line(&format!("{group}.X-ABLabel:{}", escape(label, Version::V30)));
    }
}

/// Group names that a card does not use.
struct Groups(u32);

impl Groups {
    fn used_by(card: &Document) -> Self {
        let number = |line: &Line| {
            let group = line.group.as_ref()?.to_ascii_lowercase();
            group.strip_prefix("item")?.parse().ok().filter(|&number: &u32| number < 1_000_000)
        };
        Self(card.properties().filter_map(|(_, line)| number(line)).max().unwrap_or(0))
    }

    fn free(&mut self) -> String {
        self.0 += 1;
        format!("item{}", self.0)
    }
}

/// Group, name and parameters; `keep` says which parameters go along.
fn head(line: &Line, name: &str, keep: impl Fn(&str) -> bool, extra: &[String]) -> String {
    let mut head = line.group.as_ref().map_or(String::new(), |group| format!("{group}."));
    head.push_str(name);
    for param in line.params.iter().filter(|param| !param.name.is_empty() && keep(&param.name.to_ascii_lowercase())) {
        let values: Vec<_> = param.values.iter().flat_map(|value| type_list(&param.name, value)).collect();
        head.extend([";", &param.name, "=", &values.join(",")]);
    }
    for extra in extra {
        head.push(';');
        head.push_str(extra);
    }
    head
}

/// A quoted list of types is a list; other values stay one, with RFC 6868's carets undone.
fn type_list(name: &str, value: &str) -> Vec<String> {
    if name.eq_ignore_ascii_case("type") {
        return value.split(',').map(param_value).collect();
    }
    vec![param_value(&value.replace("^n", " ").replace("^'", "'").replace("^^", "^"))]
}

fn from_v2(card: &Document, line: &Line, out: &mut Out) {
    const TEXTS: [&str; 14] = [
        "FN", "NOTE", "TITLE", "ROLE", "EMAIL", "TEL", "URL", "UID", "LABEL", "MAILER", "NICKNAME", "TZ", "REV", "BDAY",
    ];
    if line.is("AGENT") {
        return;
    }
    let encodings = ["quoted-printable", "base64", "8bit", "7bit"];
    let bare = line.params.iter().filter(|param| param.name.is_empty()).flat_map(|param| &param.values);
    let bare = bare.filter(|word| !encodings.iter().any(|encoding| word.eq_ignore_ascii_case(encoding)));
    let mut extra: Vec<String> = bare.map(|word| format!("TYPE={}", param_value(word))).collect();
    let keep = |name: &str| name != "encoding" && name != "charset";
    let name = line.name.to_ascii_uppercase();
    let value = if line.is_base64() {
        extra.insert(0, "ENCODING=b".to_owned());
        let digits = line.value.iter().filter(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b));
        digits.map(|&b| char::from(b)).collect()
    } else if TEXTS.contains(&name.as_str()) {
        escape(&card.text(line), Version::V30)
    } else {
        let parts = card.components(line).into_iter().map(|values| escape(&values.join(" "), Version::V30));
        parts.collect::<Vec<_>>().join(";")
    };
    out.line(&format!("{}:{value}", head(line, &line.name, keep, &extra)));
}

fn from_v4(card: &Document, line: &Line, out: &mut Out) {
    let name = line.name.to_ascii_uppercase();
    let text = || card.text(line);
    let raw = String::from_utf8_lossy(&line.value).trim().to_owned();
    let preferred = line.param("pref") == Some("1");
    let extra: Vec<String> = preferred.then(|| "TYPE=pref".to_owned()).into_iter().collect();
    let keep = |param: &str| !["pref", "pid", "altid", "value", "mediatype", "encoding", "charset"].contains(&param);
    let renamed = |to: &str| head(line, to, keep, &extra);
    match name.as_str() {
        "CLIENTPIDMAP" | "XML" => {}
        "KIND" => out.line(&format!("{}:{}", renamed("X-ADDRESSBOOKSERVER-KIND"), raw.to_lowercase())),
        "MEMBER" => out.line(&format!("{}:{raw}", renamed("X-ADDRESSBOOKSERVER-MEMBER"))),
        "SOCIALPROFILE" => out.line(&format!("{}:{raw}", renamed("X-SOCIALPROFILE"))),
        "GENDER" => out.line(&format!("{}:{raw}", renamed("X-GENDER"))),
        "BDAY" => match no_year(&raw) {
            Some((month, day)) => {
                let omit = [&extra[..], &["X-APPLE-OMIT-YEAR=1604".to_owned()]].concat();
                out.line(&format!("{}:1604-{month}-{day}", head(line, "BDAY", keep, &omit)));
            }
            None => out.line(&format!("{}:{}", renamed("BDAY"), dashed(&raw))),
        },
        "ANNIVERSARY" => {
            let date = no_year(&raw).map_or_else(|| dashed(&raw), |(month, day)| format!("1604-{month}-{day}"));
            out.labelled("X-ABDATE", &date, "_$!<Anniversary>!$_");
        }
        "RELATED" => {
            let kind = line.types().into_iter().next().unwrap_or_default();
            out.labelled("X-ABRELATEDNAMES", &escape(&text(), Version::V30), &kind);
        }
        "TEL" => out.line(&format!("{}:{}", renamed("TEL"), escape(&without_scheme(&text()), Version::V30))),
        "UID" => out.line(&format!("{}:{}", renamed("UID"), escape(&card.uid().unwrap_or_else(text), Version::V30))),
        "GEO" => {
            let place =
                raw.strip_prefix("geo:").and_then(|place| place.split(';').next()).map(|at| at.replace(',', ";"));
            out.line(&format!("{}:{}", renamed("GEO"), place.unwrap_or(raw)));
        }
        "PHOTO" | "LOGO" | "SOUND" | "KEY" => media(line, &name, &raw, &extra, out),
        _ => out.line(&format!("{}:{raw}", renamed(&line.name))),
    }
}

/// A picture in the line itself becomes base64 of the old kind; a link says that it is one.
fn media(line: &Line, name: &str, raw: &str, extra: &[String], out: &mut Out) {
    let keep = |param: &str| !["pref", "pid", "altid", "value", "mediatype", "encoding", "type"].contains(&param);
    // Some writers escape the comma of the URI.
    let uri = raw.replace("\\,", ",").replace("\\;", ";");
    if name == "PHOTO"
        && let Some(written) = photo(&uri, Form::V3)
    {
        let value = written.split_once(':').map_or("", |(_, value)| value).to_owned();
        let kind = written.split_once(':').map_or("", |(head, _)| head.trim_start_matches("PHOTO;")).to_owned();
        out.line(&format!("{}:{value}", head(line, "PHOTO", keep, &[&[kind], extra].concat())));
        return;
    }
    let inline = uri.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    let (value, kind) = match inline {
        Some((media, data)) => {
            let subtype = media.rsplit('/').next().unwrap_or_default().to_uppercase();
            (data, vec!["ENCODING=b".to_owned(), format!("TYPE={}", param_value(&subtype))])
        }
        None => (uri.as_str(), vec!["VALUE=uri".to_owned()]),
    };
    out.line(&format!("{}:{value}", head(line, name, keep, &[&kind, extra].concat())));
}

/// `--MMDD` and `--MM-DD`.
fn no_year(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("--")?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    let (month, day) = (rest.get(..2)?, rest.get(2..)?.trim_start_matches('-'));
    (digits(month) && digits(day)).then_some((month, day))
}

/// `YYYYMMDD` with hyphens, which is how 3.0 readers know it; other forms as they are.
fn dashed(text: &str) -> String {
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]);
    }
    text.to_owned()
}

/// `tel:+14155550123;ext=4` as text.
fn without_scheme(text: &str) -> String {
    let Some((_, number)) = text.split_once(':').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("tel")) else {
        return text.to_owned();
    };
    let mut parts = number.split(';');
    let digits = parts.next().unwrap_or_default().to_owned();
    match parts.find_map(|part| part.strip_prefix("ext=")) {
        Some(extension) => format!("{digits} ext. {extension}"),
        None => digits,
    }
}
