//! Values in a request that can be replaced, by where they stand.

use super::{
    Incoming,
    file::Numbers,
    form,
    incoming::Body,
    json::{self, Part, Pointer, Shape},
    number::number,
    place::{Kind, Place},
};
use std::ops::Range;

/// Where a value that can be replaced stands.
pub(super) struct Spot {
    pub(super) in_query: bool,
    in_json: bool,
    span: Range<usize>,
    pub(super) text: Box<str>,
    /// Where the text stands in a value that holds several, and the value.
    part: Option<(Range<usize>, Box<str>)>,
}

impl Spot {
    pub(super) fn edit(&self, new: &str) -> (Range<usize>, String) {
        (self.span.clone(), if self.in_json { json::quote(new) } else { form::encode(new) })
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
                parts.push(Spot { span: self.span.clone(), text: text.into(), part, ..self });
            }
            at += piece.len() + separator.len();
        }
        parts
    }
}

/// The edits that put new texts where the spots are; those in one value are one edit.
pub(super) fn edits(mut changes: Vec<(&Spot, String)>) -> Vec<(bool, Range<usize>, String)> {
    let mut out: Vec<(bool, Range<usize>, String)> = Vec::new();
    // From the end, so that positions before it stay right.
    changes.sort_by_key(|(spot, _)| {
        let at = spot.part.as_ref().map_or(0, |(range, _)| range.start);
        (spot.in_query, spot.span.start, std::cmp::Reverse(at))
    });
    let mut values: Vec<(&Spot, String)> = Vec::new();
    for (spot, new) in changes {
        let Some((range, value)) = &spot.part else {
            let (span, text) = spot.edit(&new);
            out.push((spot.in_query, span, text));
            continue;
        };
        match values.last_mut() {
            Some((last, text)) if last.span == spot.span && last.in_query == spot.in_query => {
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
        let (span, text) = spot.edit(&text);
        out.push((spot.in_query, span, text));
    }
    out
}

/// All values at a place that can be replaced, in order.
pub(super) fn spots(incoming: &Incoming<'_>, place: &Place) -> Vec<Spot> {
    let of_pairs = |pairs: &[form::Pair<'_>], name: &str, in_query: bool| {
        let named = pairs.iter().filter(|pair| pair.name == name && !pair.value_span.is_empty());
        let spot = |pair: &form::Pair<'_>| Spot {
            in_query,
            in_json: false,
            span: pair.value_span.clone(),
            text: (&*pair.value).into(),
            part: None,
        };
        named.map(spot).collect()
    };
    match (&place.kind, incoming.read_body()) {
        (Kind::Field(name) | Kind::Form(name), Body::Form(pairs)) => of_pairs(pairs, name, false),
        (Kind::Query(name), _) | (Kind::Field(name), Body::Empty) => of_pairs(incoming.query(), name, true),
        (Kind::Field(name), Body::Json(_)) => in_json(incoming.body, &Pointer::member(name)),
        (Kind::Json(pointer), Body::Json(_)) => in_json(incoming.body, pointer),
        _ => Vec::new(),
    }
}

pub(super) fn in_json(body: &[u8], pointer: &Pointer) -> Vec<Spot> {
    let mut found = Vec::new();
    let mut visit = |path: &[Part<'_>], span: Range<usize>, shape| {
        if shape == Shape::Text
            && pointer.matches(path)
            && let Some(text) = json::unescape(&body[span.clone()])
        {
            found.push(Spot { in_query: false, in_json: true, text: (&*text).into(), span, part: None });
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
        Spot { in_query: false, in_json: true, span: 0..value.len(), text: value.into(), part: None }
            .split(Some(separator))
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
                [(_, _, new)] => prop_assert_eq!(new, &json::quote(&wanted.join("<"))),
                more => prop_assert!(false, "{} edits of one value", more.len()),
            }
        }
    }
}
