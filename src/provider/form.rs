//! Forms and queries by spans, so that one value can be replaced and every other byte stays.

use std::{borrow::Cow, ops::Range};

/// One `name=value`, decoded, and where its raw parts stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) value: Cow<'a, str>,
    /// The whole pair, without separators.
    pub(super) span: Range<usize>,
    /// The raw value; empty and at the pair's end where there is no `=`.
    pub(super) value_span: Range<usize>,
}

/// All pairs in order, read as `form_urlencoded` reads them: empty ones are skipped, a lone name has an empty value.
pub(super) fn pairs(raw: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    let mut at = 0;
    raw.split(|byte| *byte == b'&').filter_map(move |part| {
        let span = at..at + part.len();
        at = span.end + 1;
        if part.is_empty() {
            return None;
        }
        let equals = part.iter().position(|byte| *byte == b'=');
        let (name, value) = equals.map_or((part, &[][..]), |cut| (&part[..cut], &part[cut + 1..]));
        let value_span = span.end - value.len()..span.end;
        Some(Pair { name: decode(name), value: decode(value), span, value_span })
    })
}

/// [`pairs`], in a list that is made once, of the size that it needs.
pub(super) fn all_pairs(raw: &[u8]) -> Vec<Pair<'_>> {
    // A body of nothing but separators must not take much more room than it has.
    let most = (raw.len() / 4).min(1 << 10) + 1;
    let mut all = Vec::with_capacity(raw.iter().filter(|byte| **byte == b'&').take(most).count() + 1);
    all.extend(pairs(raw));
    all
}

/// What a raw name or value means; borrowed where it stands there as it is.
pub(super) fn decode(raw: &[u8]) -> Cow<'_, str> {
    let is_sign = |byte: &u8| matches!(byte, b'+' | b'%');
    let Some(mut plain) = raw.iter().position(is_sign) else { return text(raw) };
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    // From sign to sign: what lies between is copied as it is.
    while !rest.is_empty() {
        bytes.extend_from_slice(&rest[..plain]);
        rest = &rest[plain..];
        let (byte, taken) = match rest {
            [] => break,
            [b'%', high, low, ..] if let (Some(high), Some(low)) = (digit(*high), digit(*low)) => (high << 4 | low, 3),
            [b'+', ..] => (b' ', 1),
            [other, ..] => (*other, 1),
        };
        bytes.push(byte);
        rest = &rest[taken..];
        plain = rest.iter().position(is_sign).unwrap_or(rest.len());
    }
    Cow::Owned(String::from_utf8(bytes).unwrap_or_else(|wrong| String::from_utf8_lossy(wrong.as_bytes()).into()))
}

/// Nearly always UTF-8, which is seen much faster than what is not is replaced.
fn text(raw: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(raw).map_or_else(|_| String::from_utf8_lossy(raw), Cow::Borrowed)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The raw form of a value.
pub(super) fn encode(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// The bytes with each span replaced. Where spans overlap, the outer or the earlier one counts.
pub(super) fn replace(raw: &[u8], mut edits: Vec<(Range<usize>, String)>) -> Vec<u8> {
    edits.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
    let mut out = Vec::with_capacity(raw.len() + 64);
    let mut at = 0;
    for (span, new) in edits {
        if span.start < at || span.end > raw.len() {
            continue;
        }
        out.extend_from_slice(&raw[at..span.start]);
        out.extend_from_slice(new.as_bytes());
        at = span.end;
    }
    out.extend_from_slice(&raw[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_value_is_replaced_and_the_rest_stays() {
        let raw = b"a=%2b1+x&To=%2B15550100&&b&To=2&c=d=e";
        let edits =
            pairs(raw).filter(|pair| pair.name == "To").map(|pair| (pair.value_span, encode("+1 new"))).collect();
        assert_eq!(replace(raw, edits), b"a=%2b1+x&To=%2B1+new&&b&To=%2B1+new&c=d=e");
    }

    proptest! {
        #[test]
        fn reads_as_form_urlencoded_does(raw: Vec<u8>) {
            let ours: Vec<_> = pairs(&raw).map(|pair| (pair.name, pair.value)).collect();
            let theirs: Vec<_> = form_urlencoded::parse(&raw).collect();
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn only_the_value_changes(raw in "[a-cT o=&%2B+]{0,40}", new: String) {
            let raw = raw.as_bytes();
            for (index, pair) in pairs(raw).enumerate() {
                if pair.value_span.is_empty() {
                    continue; // `b` and `b=` differ: nothing is put where there is no value
                }
                let out = replace(raw, vec![(pair.value_span.clone(), encode(&new))]);
                prop_assert_eq!(&out[..pair.value_span.start], &raw[..pair.value_span.start]);
                prop_assert!(out.ends_with(&raw[pair.value_span.end..]));
                prop_assert_eq!(&pairs(&out).nth(index).unwrap().value, &new);
            }
        }
    }
}
