//! Values in a request that can be replaced, by where they stand.

use super::{
    Incoming,
    file::Numbers,
    form,
    incoming::Body,
    json::{self, Part, Pointer, Shape},
    number::number,
    place::{Kind, Place},
    xml::{self, Leaf},
};
use std::ops::Range;

/// In which part of a request a value stands, and how it is written there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Form,
    Json,
    Xml,
    Query,
    /// By its name in lower case.
    Header(Box<str>),
}

/// One value of a request that gets another text.
pub(super) struct Edit {
    pub(super) side: Side,
    pub(super) span: Range<usize>,
    pub(super) text: String,
}

/// Where a value that can be replaced stands.
pub(super) struct Spot {
    side: Side,
    span: Range<usize>,
    pub(super) text: Box<str>,
    /// Where the text stands in a value that holds several, and the value.
    part: Option<(Range<usize>, Box<str>)>,
}

impl Spot {
    pub(super) fn edit(&self, new: &str) -> Edit {
        let text = match self.side {
            Side::Json => json::quote(new),
            Side::Form | Side::Query => form::encode(new),
            Side::Xml => xml::quote(new),
            Side::Header(_) => new.to_owned(),
        };
        Edit { side: self.side.clone(), span: self.span.clone(), text }
    }

    /// Whether it is the value of a name in the query or a form.
    pub(super) fn is_pair(&self) -> bool {
        matches!(self.side, Side::Form | Side::Query)
    }

    /// One spot for each of the texts between separators.
    pub(super) fn split(self, separator: Option<&str>) -> Vec<Spot> {
        let Some(separator) = separator else { return vec![self] };
        let mut at = 0;
        let mut parts = Vec::new();
        for piece in self.text.split(separator) {
            let start = at + (piece.len() - piece.trim_start().len());
            let text = piece.trim();
            if !text.is_empty() {
                let part = Some((start..start + text.len(), self.text.clone()));
                let (side, span) = (self.side.clone(), self.span.clone());
                parts.push(Spot { side, span, text: text.into(), part });
            }
            at += piece.len() + separator.len();
        }
        parts
    }
}

/// The edits that put new texts where the spots are; those in one value are one edit.
pub(super) fn edits(mut changes: Vec<(&Spot, String)>) -> Vec<Edit> {
    let mut out: Vec<Edit> = Vec::new();
    // From the end, so that positions before it stay right.
    let place = |spot: &Spot| {
        let at = spot.part.as_ref().map_or(0, |(range, _)| range.start);
        (spot.span.start, std::cmp::Reverse(at))
    };
    changes.sort_by(|(one, _), (other, _)| one.side.cmp(&other.side).then(place(one).cmp(&place(other))));
    let mut values: Vec<(&Spot, String)> = Vec::new();
    for (spot, new) in changes {
        let Some((range, value)) = &spot.part else {
            out.push(spot.edit(&new));
            continue;
        };
        match values.last_mut() {
            Some((last, text)) if last.span == spot.span && last.side == spot.side => {
                text.replace_range(range.clone(), &new);
            }
            _ => {
                let mut text = value.to_string();
                text.replace_range(range.clone(), &new);
                values.push((spot, text));
            }
        }
    }
    for (spot, text) in values {
        out.push(spot.edit(&text));
    }
    out
}

/// All values at a place that can be replaced, in order.
pub(super) fn spots(incoming: &Incoming<'_>, place: &Place) -> Vec<Spot> {
    let of_pairs = |pairs: &[form::Pair<'_>], name: &str, side: Side| {
        let named = pairs.iter().filter(|pair| pair.name == name && !pair.value_span.is_empty());
        let spot = |pair: &form::Pair<'_>| Spot {
            side: side.clone(),
            span: pair.value_span.clone(),
            text: (&*pair.value).into(),
            part: None,
        };
        named.map(spot).collect()
    };
    match (&place.kind, incoming.read_body()) {
        (Kind::Field(name) | Kind::Form(name), Body::Form(pairs)) => of_pairs(pairs, name, Side::Form),
        (Kind::Query(name), _) | (Kind::Field(name), Body::Empty) => of_pairs(incoming.query(), name, Side::Query),
        (Kind::Field(name), Body::Json(_)) => in_json(incoming.body, &Pointer::member(name)),
        (Kind::Json(pointer), Body::Json(_)) => in_json(incoming.body, pointer),
        (Kind::Xml(path), _) => in_xml(incoming, path).filter(|(_, leaf)| leaf.plain).map(|(spot, _)| spot).collect(),
        (Kind::Header(name), _) => in_header(incoming.headers, name).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Of a header that comes twice nobody knows which one counts.
fn in_header(headers: &http::HeaderMap, name: &http::HeaderName) -> Option<Spot> {
    let mut all = headers.get_all(name).iter();
    let (Some(value), None) = (all.next(), all.next()) else { return None };
    let text = value.to_str().ok().filter(|text| !text.is_empty())?;
    Some(Spot { side: Side::Header(name.as_str().into()), span: 0..text.len(), text: text.into(), part: None })
}

/// Values at a path of an XML body that are not empty, and the elements in which they stand.
pub(super) fn in_xml<'i>(incoming: &'i Incoming<'_>, path: &'i str) -> impl Iterator<Item = (Spot, &'i Leaf)> {
    let spot = |leaf: &Leaf| Spot { side: Side::Xml, span: leaf.span.clone(), text: leaf.text.clone(), part: None };
    incoming.leaves(path).filter(|leaf| !leaf.text.is_empty()).map(move |leaf| (spot(leaf), leaf))
}

pub(super) fn in_json(body: &[u8], pointer: &Pointer) -> Vec<Spot> {
    let mut found = Vec::new();
    let mut visit = |path: &[Part<'_>], span: Range<usize>, shape| {
        if shape == Shape::Text
            && pointer.matches(path)
            && let Some(text) = json::unescape(&body[span.clone()])
        {
            found.push(Spot { side: Side::Json, text: (&*text).into(), span, part: None });
        }
    };
    // A body that only one of the two readers takes is passed on as it is.
    if json::walk(body, &mut visit).is_err() {
        found.clear();
    }
    found
}

/// What stands around a number stays: `whatsapp:+1…` becomes `whatsapp:` and the new number.
pub(super) fn rewrap(written: &str, new: &str, numbers: Numbers) -> String {
    let bare = number(written);
    let new = if bare.starts_with('+') { new } else { numbers.write(new) };
    match written.find(bare) {
        Some(at) if !bare.is_empty() => format!("{}{new}{}", &written[..at], &written[at + bare.len()..]),
        _ => match written.split_once(':') {
            Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) => format!("{scheme}:{new}"),
            _ => new.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(value: &str, separator: &str) -> Vec<Spot> {
        Spot { side: Side::Json, span: 0..value.len(), text: value.into(), part: None }.split(Some(separator))
    }

    #[test]
    fn what_stands_around_a_number_stays() {
        let cases = [
            ("whatsapp:+15550100", "whatsapp:+4420", "whatsapp:4420"),
            ("15550100", "+4420", "4420"),
            ("+15550100", "+4420", "+4420"),
            ("client:bob", "client:+4420", "client:4420"),
            ("Bob", "+4420", "4420"),
        ];
        for (written, e164, digits) in cases {
            assert_eq!(rewrap(written, "+4420", Numbers::E164), e164, "{written}");
            let wanted = if written.contains('+') { e164 } else { digits };
            assert_eq!(rewrap(written, "+4420", Numbers::Digits), wanted, "{written}");
        }
    }

    proptest! {
        /// Each part of a value can be replaced by itself, and everything between them stays.
        #[test]
        fn parts_of_a_value_are_replaced_in_their_places(parts in proptest::collection::vec("[a-z]{1,5}| {0,2}[a-z]{1,3} ", 1..6), which in 0..63_u32) {
            let value = parts.join("<");
            let spots = split(&value, "<");
            prop_assert_eq!(spots.len(), parts.len());
            let chosen = |index: usize| which & (1 << index) != 0;
            let changes: Vec<(&Spot, String)> =
                spots.iter().enumerate().filter(|(index, _)| chosen(*index)).map(|(_, spot)| (spot, "NEW".to_owned())).collect();
            let wanted: Vec<String> = parts.iter().enumerate().map(|(index, part)| {
                if chosen(index) { part.replace(part.trim(), "NEW") } else { part.clone() }
            }).collect();
            match &edits(changes)[..] {
                [] => prop_assert_eq!(wanted.join("<"), value),
                [edit] => prop_assert_eq!(&edit.text, &json::quote(&wanted.join("<"))),
                more => prop_assert!(false, "{} edits of one value", more.len()),
            }
        }
    }
}
