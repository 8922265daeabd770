//! The way back to the sender (rule Q5): the number that the sender used stands where the connected one would, own
//! URLs where Redial's were put, and prices, networks and places of the connected number are gone.

use super::{
    Account, Custody, Incoming, Request, Restored, Route, SenderKey, Swap,
    compiled::{Restore, RouteRule},
    form,
    incoming::{Asked, Body, BodyKind},
    json::{self, Part, Pointer, Shape},
    number::number,
    place::{Kind, Place},
    route::passed_on,
    signature::{Keys, Scheme, ToSign},
};
use bytes::Bytes;
use std::{borrow::Cow, ops::Range};

impl Account {
    /// The ids of messages and calls in a reply, to look for their substitutions.
    pub fn reply_ids(&self, route: &Route, body: &[u8]) -> Vec<Box<str>> {
        let Some(rule) = self.rule(route) else { return Vec::new() };
        items(rule, body).into_iter().map(|(_, id)| id).collect()
    }

    /// The same with the texts that stand in each message or call itself: one of them may name another, of which it is a part.
    pub fn reply_items(&self, route: &Route, body: &[u8]) -> Vec<(Box<str>, Vec<Box<str>>)> {
        let Some(rule) = self.rule(route) else { return Vec::new() };
        let mut items: Vec<_> = items(rule, body).into_iter().map(|(path, id)| (path, (id, Vec::new()))).collect();
        let mut visit = |path: &[Part<'_>], span: Range<usize>, shape| {
            let within = path.len().checked_sub(1).map(|end| &path[..end]);
            if shape == Shape::Text
                && let Some((_, (_, texts))) = items.iter_mut().find(|(item, _)| Some(&item[..]) == within)
                && let Some(text) = json::unescape(&body[span])
            {
                texts.push((&*text).into());
            }
        };
        let _read_before = json::walk(body, &mut visit);
        items.into_iter().map(|(_, item)| item).collect()
    }

    /// The reply as the sender is to see it: used numbers, own URLs, no prices or networks of the new number. Replies
    /// without a swapped item come back as they are; in what is not JSON only the number itself is replaced.
    pub fn restore_reply(&self, route: &Route, body: &Bytes, swaps: &[Swap]) -> Bytes {
        let (Some(rule), false) = (self.rule(route), swaps.is_empty()) else { return body.clone() };
        let items = items(rule, body);
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let mut visit = |path: &[Part<'_>], span: Range<usize>, shape| {
            let relative = rule.items.holds(path);
            let item = relative.map(|_| &path[..rule.items.depth()]);
            let id = item.and_then(|item| items.iter().find(|(path, _)| path == item)).map(|(_, id)| &**id);
            let about: Vec<&Swap> = swaps.iter().filter(|swap| swap.is_about(id)).collect();
            if about.is_empty() {
                return;
            }
            let listed = |all: &[Pointer]| relative.is_some_and(|path| all.iter().any(|pointer| pointer.matches(path)));
            if listed(&rule.drop) {
                edits.push((span, "null".to_owned()));
            } else if !listed(&rule.keep) {
                edits.extend(edit_value(body, span, shape, &about));
            }
        };
        if json::walk(body, &mut visit).is_err() {
            let about: Vec<&Swap> = swaps.iter().collect();
            return std::str::from_utf8(body).map_or_else(
                |_| body.clone(),
                |text| match restored(text, &about) {
                    Cow::Borrowed(_) => body.clone(),
                    Cow::Owned(text) => text.into(),
                },
            );
        }
        if edits.is_empty() { body.clone() } else { form::replace(body, edits).into() }
    }

    /// The reply to a request in which nothing but URLs were replaced: pairs of Redial's and the sender's.
    pub fn restore_urls(&self, body: &Bytes, urls: Vec<(Box<str>, Box<str>)>) -> Bytes {
        let swap = Swap { id: None, connected: Box::default(), used: Box::default(), urls };
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let mut visit = |_: &[Part<'_>], span: Range<usize>, shape| {
            if shape == Shape::Text {
                edits.extend(edit_value(body, span, shape, &[&swap]));
            }
        };
        if json::walk(body, &mut visit).is_err() || edits.is_empty() {
            return body.clone();
        }
        form::replace(body, edits).into()
    }

    /// A webhook about a substituted message or call, for the sender's own `url`: the used numbers again, wherever a
    /// connected one stands (also as the `From` of a reply), signed so that the provider's SDK accepts it. Without
    /// swaps it is only signed for the other URL. `sender`: who made the request, in the operator's custody.
    pub fn restore_callback(
        &self,
        incoming: &Incoming<'_>,
        url: &str,
        swaps: &[Swap],
        sender: Option<&SenderKey>,
    ) -> Restored {
        let Restore { drop, keep } = &self.provider().restore;
        let about: Vec<&Swap> = swaps.iter().collect();
        let drop = if about.is_empty() { &[][..] } else { drop };
        let goes = |name: &str| drop.iter().any(|place| is_named(place, name));
        let mut url = url.to_owned();
        let body = match incoming.read_body() {
            Body::Form(all) => restore_pairs(incoming.body, all, goes, keep, &about),
            Body::Json(_) => restore_json(incoming.body, drop, keep, &about),
            Body::Xml(_) | Body::Other => incoming.body.to_vec(),
            Body::Empty => {
                // Secrets by which Redial believes the provider are nothing that senders may know.
                let secrets: Vec<&str> =
                    self.provider().schemes.iter().flat_map(|rule| rule.value.in_query()).collect();
                let goes = |name: &str| goes(name) || secrets.contains(&name);
                let query = restore_pairs(incoming.raw_query().as_bytes(), incoming.query(), goes, keep, &about);
                if !query.is_empty() {
                    url.push(if url.contains('?') { '&' } else { '?' });
                    url.push_str(&String::from_utf8_lossy(&query));
                }
                Vec::new()
            }
        };
        let mut headers = passed_on(incoming.headers);
        headers.remove(http::header::AUTHORIZATION);
        headers.remove(http::header::COOKIE);
        for name in self.provider().schemes.iter().flat_map(|rule| rule.value.headers()) {
            headers.remove(name);
        }
        let is_form = incoming.kind() == BodyKind::Form;
        let method = incoming.method;
        let request = ToSign { method, url: &url, headers: &headers, is_form, body: &body, now: incoming.now };
        // In the operator's custody only the sender's own secret is one that the sender can check.
        let known = sender.is_some() || self.settings().custody == Custody::Sender;
        let scheme = self.scheme_of(incoming).filter(|_| known);
        let (parameters, scheme) = (self.parameters(), scheme.as_ref());
        let signed = scheme.and_then(|(scheme, keys)| scheme.sign(keys, parameters, sender, &request));
        let within = scheme.and_then(|(scheme, keys)| scheme.sign_within(keys, parameters, sender, &request));
        let is_signed = signed.is_some() || within.is_some();
        let (url, body) = within.unwrap_or((url, body));
        for (name, value) in signed.iter().flatten() {
            if let Ok(value) = http::HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        let request = Request { method: incoming.method.clone(), url, headers, body: body.into() };
        Restored { request, signed: is_signed }
    }
}

impl Account {
    /// The scheme that the provider signed this webhook with, and the account's keys for it.
    fn scheme_of(&self, incoming: &Incoming<'_>) -> Option<(&Scheme, &Keys)> {
        let about = Asked { incoming, names: &[], variables: &[] };
        let schemes = self.provider().schemes.iter().zip(&self.keys);
        let mut schemes = schemes.filter_map(|(rule, keys)| Some((rule, keys.as_ref()?)));
        schemes.find(|(rule, _)| rule.when.holds(&about)).map(|(rule, keys)| (&rule.value, keys))
    }
}

impl Swap {
    /// Whether it is about the item of this id. What has no id may be about anything.
    fn is_about(&self, id: Option<&str>) -> bool {
        self.id.as_deref().is_none_or(|own| id.is_none_or(|id| own == id))
    }
}

/// The path of each item of a reply that has an id, and the id.
pub(super) fn items<'b>(rule: &RouteRule, body: &'b [u8]) -> Vec<(Vec<Part<'b>>, Box<str>)> {
    let mut found = Vec::new();
    let mut visit = |path: &[Part<'b>], span: Range<usize>, shape| {
        if shape == Shape::Text
            && rule.items.holds(path).is_some_and(|relative| rule.id.as_ref().is_some_and(|id| id.matches(relative)))
            && let Some(id) = json::unescape(&body[span])
        {
            found.push((path[..rule.items.depth()].to_vec(), (&*id).into()));
        }
    };
    if json::walk(body, &mut visit).is_err() {
        found.clear();
    }
    found
}

/// A text, or a number that some providers write as a JSON number.
fn edit_value(body: &[u8], span: Range<usize>, shape: Shape, about: &[&Swap]) -> Option<(Range<usize>, String)> {
    match shape {
        Shape::Text => match restored(&json::unescape(&body[span.clone()])?, about) {
            Cow::Borrowed(_) => None,
            Cow::Owned(new) => Some((span, json::quote(&new))),
        },
        Shape::Plain => {
            let there = std::str::from_utf8(&body[span.clone()]).ok()?;
            let swap = about.iter().find(|swap| swap.connected.strip_prefix('+') == Some(there))?;
            Some((span, number(&swap.used).strip_prefix('+')?.to_owned()))
        }
        Shape::Nested => None,
    }
}

/// What is looked for, what stands there instead, and whether it is a number.
type Put<'s> = (Cow<'s, str>, Cow<'s, str>, bool);

/// A text with every connected number and every URL of Redial's replaced: all at once, since what one person used to
/// have may be what another has now.
fn restored<'t>(text: &'t str, about: &[&Swap]) -> Cow<'t, str> {
    let puts: Vec<Put<'_>> = about.iter().flat_map(|swap| swap.puts()).collect();
    if !puts.iter().any(|(from, ..)| text.contains(&**from)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 32);
    let (mut at, mut kept) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let fits = |(from, _, is_number): &&Put<'_>| {
            // A number ends where no other digit follows.
            let follows = || rest[from.len()..].starts_with(|letter: char| letter.is_ascii_digit());
            // Without its `+` a number also begins only where no letter or digit comes before.
            let goes_on =
                || !from.starts_with(['+', '%']) && text[..at].ends_with(|letter: char| letter.is_ascii_alphanumeric());
            rest.starts_with(&**from) && !(*is_number && (follows() || goes_on()))
        };
        if let Some((from, to, _)) = puts.iter().filter(fits).max_by_key(|(from, ..)| from.len()) {
            out.push_str(&text[kept..at]);
            out.push_str(to);
            at += from.len();
            kept = at;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

impl Swap {
    /// The connected number and Redial's URLs, plain and as they stand in a query.
    fn puts(&self) -> Vec<Put<'_>> {
        let mut puts: Vec<Put<'_>> = Vec::new();
        for (ours, own) in self.urls.iter().filter(|(ours, _)| !ours.is_empty()) {
            puts.push((Cow::Borrowed(ours), Cow::Borrowed(own), false));
            puts.push((form::encode(ours).into(), form::encode(own).into(), false));
        }
        if !self.connected.is_empty() {
            // The wrapping, `whatsapp:` and the like, is the same on both sides and stays where it is.
            let used = Some(number(&self.used)).filter(|bare| !bare.is_empty()).unwrap_or(&self.used);
            puts.push((Cow::Borrowed(&self.connected), Cow::Borrowed(used), true));
            let encoded = form::encode(&self.connected);
            puts.push((encoded.replace("%2B", "%2b").into(), form::encode(used).into(), true));
            puts.push((encoded.into(), form::encode(used).into(), true));
            // Where the provider writes numbers without `+`.
            let bare = |text: &'_ str| text.strip_prefix('+').map(str::to_owned);
            if let (Some(connected), Some(used)) = (bare(&self.connected), bare(used)) {
                puts.push((connected.into(), used.into(), true));
            }
        }
        puts
    }
}

fn is_named(place: &Place, name: &str) -> bool {
    match &place.kind {
        Kind::Field(wanted) | Kind::Form(wanted) | Kind::Query(wanted) => **wanted == *name,
        _ => false,
    }
}

/// `goes` says which pairs are left out.
fn restore_pairs(
    raw: &[u8],
    pairs: &[form::Pair<'_>],
    goes: impl Fn(&str) -> bool,
    keep: &[Place],
    about: &[&Swap],
) -> Vec<u8> {
    let mut edits = Vec::new();
    for (index, pair) in pairs.iter().enumerate() {
        if goes(&pair.name) {
            // With all that is before the next one, so that neighbours that go do not overlap.
            let end = pairs.get(index + 1).map_or(raw.len(), |next| next.span.start);
            edits.push((pair.span.start..end, String::new()));
        } else if !keep.iter().any(|place| is_named(place, &pair.name))
            && let Cow::Owned(new) = restored(&pair.value, about)
        {
            edits.push((pair.value_span.clone(), form::encode(&new)));
        }
    }
    let mut out = form::replace(raw, edits);
    if pairs.last().is_some_and(|last| goes(&last.name)) && out.ends_with(b"&") {
        out.pop();
    }
    out
}

fn restore_json(body: &[u8], drop: &[Place], keep: &[Place], about: &[&Swap]) -> Vec<u8> {
    let is_at = |place: &Place, path: &[Part<'_>]| match &place.kind {
        Kind::Json(pointer) => pointer.matches(path),
        Kind::Field(name) => Pointer::member(name).matches(path),
        _ => false,
    };
    let mut edits = Vec::new();
    let mut visit = |path: &[Part<'_>], span: Range<usize>, shape| {
        if drop.iter().any(|place| is_at(place, path)) {
            edits.push((span, "null".to_owned()));
        } else if !keep.iter().any(|place| is_at(place, path)) {
            edits.extend(edit_value(body, span, shape, about));
        }
    };
    // serde has read it before; what the walker alone refuses stays as it is.
    if json::walk(body, &mut visit).is_err() {
        edits.clear();
    }
    form::replace(body, edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swap(connected: &str, used: &str) -> Swap {
        let urls = vec![("https://r.example/s".into(), "https://own.example/?a=1".into())];
        Swap { id: None, connected: connected.into(), used: used.into(), urls }
    }

    #[test]
    fn a_number_that_is_a_json_number_is_put_back() {
        let a = swap("+14155550199", "+14155550100");
        let edit = |body: &[u8]| edit_value(body, 0..body.len(), Shape::Plain, &[&a]).map(|(_, new)| new);
        assert_eq!(edit(b"14155550199"), Some("14155550100".to_owned()));
        assert_eq!((edit(b"141555501990"), edit(b"true")), (None, None));
    }

    #[test]
    fn numbers_and_urls_are_put_back() {
        let (a, b) = (swap("+14155550199", "+14155550100"), swap("+14155550100", "whatsapp:+14155550122"));
        let cases = [
            ("", ""),
            ("nothing", "nothing"),
            ("+14155550199", "+14155550100"),
            ("whatsapp:+14155550199.", "whatsapp:+14155550100."),
            ("+14155550199+14155550199", "+14155550100+14155550100"),
            ("+141555501990", "+141555501990"),
            ("é+14155550100é", "é+14155550122é"),
            ("/x?To=%2B14155550199&y=%2b14155550199", "/x?To=%2B14155550100&y=%2B14155550100"),
            ("14155550199", "14155550100"),
            ("to=14155550199&x", "to=14155550100&x"),
            ("914155550199 id14155550199", "914155550199 id14155550199"),
            ("https://r.example/s", "https://own.example/?a=1"),
            ("u=https%3A%2F%2Fr.example%2Fs", "u=https%3A%2F%2Fown.example%2F%3Fa%3D1"),
        ];
        for (text, wanted) in cases {
            assert_eq!(restored(text, &[&a, &b]), wanted);
        }
    }

    #[test]
    fn what_goes_leaves_the_rest_as_it_was() {
        for (raw, wanted) in [
            ("a=1&b=2", "a=1&b=2"),
            ("x=1&y=2&a=1&&b=%2B2", "a=1&&b=%2B2"),
            ("a=1&x=1&y=2&b=2", "a=1&b=2"),
            ("a=1&x=1&y=2", "a=1"),
            ("x=1&y=2", ""),
            ("x", ""),
            ("", ""),
        ] {
            let pairs = form::all_pairs(raw.as_bytes());
            let left = restore_pairs(raw.as_bytes(), &pairs, |name| ["x", "y"].contains(&name), &[], &[]);
            assert_eq!(String::from_utf8(left).unwrap(), wanted, "{raw}");
        }
    }
}
