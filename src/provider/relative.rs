//! URLs in a sender's document that are relative to its own address. The provider got the document from Redial's address and
//! would look for them there.

use super::{
    Account, Document, form,
    json::{self, Part, Shape},
    xml,
};
use std::ops::Range;
use url::Url;

impl Account {
    /// The document with each relative URL in it made whole by the address from which it came, `from`: in the attributes,
    /// elements and members that `document_urls` of the provider file names. An empty one stays, for it means the address
    /// that the provider asked. What cannot be read as XML or JSON comes back as it is.
    pub fn with_whole_urls(&self, document: Document, from: &str) -> Document {
        let names = &self.provider().document_urls;
        match Url::parse(from).ok().and_then(|from| with_whole(names, &document.body, &from)) {
            Some(body) => Document { body: body.into(), ..document },
            None => document,
        }
    }
}

/// The body with whole URLs; none where nothing in it changes.
fn with_whole(names: &[Box<str>], body: &[u8], from: &Url) -> Option<Vec<u8>> {
    if names.is_empty() {
        return None;
    }
    let is_named = |name: &str| names.iter().any(|one| &**one == name);
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut visit = |path: &[Part<'_>], span: Range<usize>, shape| {
        let member = path.iter().rev().find_map(|part| match part {
            Part::Member(name) => Some(&**name),
            Part::Element(_) => None,
        });
        if shape == Shape::Text
            && member.is_some_and(is_named)
            && let Some(text) = json::unescape(&body[span.clone()])
            && let Some(whole) = whole(&text, from)
        {
            edits.push((span, json::quote(&whole)));
        }
    };
    if json::walk(body, &mut visit).is_err() {
        edits.clear();
        for leaf in xml::read_attributes(body)? {
            let name = leaf.path.rsplit('/').next().unwrap_or_default();
            if is_named(name.strip_prefix('@').unwrap_or(name))
                && let Some(whole) = whole(&leaf.text, from)
            {
                edits.push((leaf.span, xml::quote(&whole)));
            }
        }
    }
    edits.sort_by_key(|(span, _)| span.start);
    (!edits.is_empty()).then(|| form::replace(body, edits))
}

/// A relative URL, whole; none where it is empty or has a scheme: no relative one has a colon in its first part (RFC 3986,
/// section 4.2), and providers have schemes with letters of their own.
fn whole(text: &str, from: &Url) -> Option<String> {
    let first = text.split(['/', '?', '#']).next().unwrap_or_default();
    (!text.is_empty() && !first.contains(':')).then(|| from.join(text).ok()).flatten().map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the provider gets of what the sender's application answered at `https://app.example/voice/start?x=1`.
    fn passed(body: &str) -> String {
        let names = ["action", "url", "Redirect", "Play"].map(Box::from);
        let from = Url::parse("https://app.example/voice/start?x=1").unwrap();
        let whole = with_whole(&names, body.as_bytes(), &from);
        whole.map_or_else(|| body.to_owned(), |whole| String::from_utf8(whole).unwrap())
    }

    #[test]
    fn relative_urls_lead_to_the_senders_application() {
        for (sent, wanted) in [
            (
                r#"<Response><Gather action="/pin" numDigits="4"/></Response>"#,
                r#"<Response><Gather action="https://app.example/pin" numDigits="4"/></Response>"#,
            ),
            (
                "<Response><Redirect>next?a=1&amp;b=2</Redirect></Response>",
                "<Response><Redirect>https://app.example/voice/next?a=1&amp;b=2</Redirect></Response>",
            ),
            (
                "<Response><Redirect><![CDATA[?a=1&b=2]]></Redirect></Response>",
                "<Response><Redirect>https://app.example/voice/start?a=1&amp;b=2</Redirect></Response>",
            ),
            (
                "<Response><Play>//cdn.example/a.mp3</Play></Response>",
                "<Response><Play>https://cdn.example/a.mp3</Play></Response>",
            ),
            (
                "<Response><Dial action = '../o&apos;k'><Number url='w'>+1</Number></Dial></Response>",
                "<Response><Dial action = 'https://app.example/o&apos;k'><Number url='https://app.example/voice/w'>+1</Number></Dial></Response>",
            ),
            (
                r#"[{"verb":"gather","action":"/pin"},{"verb":"play","url":["a.mp3","https://b.example/"]}]"#,
                r#"[{"verb":"gather","action":"https://app.example/pin"},{"verb":"play","url":["https://app.example/voice/a.mp3","https://b.example/"]}]"#,
            ),
        ] {
            assert_eq!(passed(sent), wanted);
        }
    }

    #[test]
    fn all_else_stays_byte_for_byte() {
        for stays in [
            r#"<Response><Gather action="https://other.example/pin"/><Redirect/><Redirect></Redirect></Response>"#,
            r#"<Response><Gather action="" finishOnKey="/"/><Say>/pin</Say></Response>"#,
            "<Response><Play>silence_stream://1000</Play></Response>",
            "<Response><Redirect>/a</Redirect><Say>&unknown;</Say></Response>",
            "<Response><Redirect>/a</Response>",
            "action=/pin",
            "",
        ] {
            assert_eq!(passed(stays), stays);
        }
    }
}
