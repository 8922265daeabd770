//! The part of CBOR (RFC 8949) that authenticators write: definite lengths, no floats, no tags, a few levels.

/// Deeper is refused.
const DEPTH: u8 = 4;
/// More entries of a list or map are refused.
const ENTRIES: u64 = 64;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Number(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    List(Vec<Value<'a>>),
    Map(Vec<(Value<'a>, Value<'a>)>),
    /// True, false, null.
    Simple(u8),
}

impl<'a> Value<'a> {
    pub(super) fn bytes(&self) -> Option<&'a [u8]> {
        if let Value::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(super) fn number(&self) -> Option<i64> {
        if let Value::Number(number) = self { Some(*number) } else { None }
    }

    pub(super) fn get_text(&self, key: &str) -> Option<&Value<'a>> {
        self.get(&Value::Text(key))
    }

    pub(super) fn get_number(&self, key: i64) -> Option<&Value<'a>> {
        self.get(&Value::Number(key))
    }

    fn get(&self, key: &Value<'_>) -> Option<&Value<'a>> {
        let Value::Map(entries) = self else { return None };
        entries.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }
}

/// A value and nothing after it.
pub(super) fn read(bytes: &[u8]) -> Option<Value<'_>> {
    let (value, rest) = value(bytes, 0)?;
    rest.is_empty().then_some(value)
}

/// The first value.
pub(super) fn read_first(bytes: &[u8]) -> Option<Value<'_>> {
    value(bytes, 0).map(|(value, _)| value)
}

fn value(bytes: &[u8], depth: u8) -> Option<(Value<'_>, &[u8])> {
    if depth > DEPTH {
        return None;
    }
    let (&first, rest) = bytes.split_first()?;
    if first >> 5 == 7 {
        return matches!(first & 31, 20..=22).then_some((Value::Simple(first & 31), rest));
    }
    let (number, rest) = argument(first & 31, rest)?;
    let take = |rest: &'_ [u8]| usize::try_from(number).ok().filter(|length| *length <= rest.len());
    match first >> 5 {
        0 => Some((Value::Number(i64::try_from(number).ok()?), rest)),
        1 => Some((Value::Number(-1 - i64::try_from(number).ok()?), rest)),
        2 => {
            let (bytes, rest) = rest.split_at(take(rest)?);
            Some((Value::Bytes(bytes), rest))
        }
        3 => {
            let (bytes, rest) = rest.split_at(take(rest)?);
            Some((Value::Text(std::str::from_utf8(bytes).ok()?), rest))
        }
        4 if number <= ENTRIES => {
            let (mut items, mut rest) = (Vec::new(), rest);
            for _ in 0..number {
                let (item, after) = value(rest, depth + 1)?;
                items.push(item);
                rest = after;
            }
            Some((Value::List(items), rest))
        }
        5 if number <= ENTRIES => {
            let (mut entries, mut rest) = (Vec::new(), rest);
            for _ in 0..number {
                let (key, after) = value(rest, depth + 1)?;
                let (one, after) = value(after, depth + 1)?;
                entries.push((key, one));
                rest = after;
            }
            Some((Value::Map(entries), rest))
        }
        _ => None,
    }
}

/// The number behind the first byte: of a value, or how long it is.
fn argument(short: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    let size = match short {
        0..=23 => return Some((short.into(), rest)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let (bytes, rest) = rest.split_at_checked(size)?;
    Some((bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_of_the_standard_read_as_it_says() {
        let bytes = |hex: &str| -> Vec<u8> {
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
        };
        // RFC 8949, appendix A; `None` where it holds what authenticators do not write.
        for (hex, expected) in [
            ("00", Some(Value::Number(0))),
            ("17", Some(Value::Number(23))),
            ("1818", Some(Value::Number(24))),
            ("1903e8", Some(Value::Number(1000))),
            ("1a000f4240", Some(Value::Number(1_000_000))),
            ("20", Some(Value::Number(-1))),
            ("3903e7", Some(Value::Number(-1000))),
            ("390100", Some(Value::Number(-257))),
            ("4401020304", Some(Value::Bytes(&[1, 2, 3, 4]))),
            ("6449455446", Some(Value::Text("IETF"))),
            ("83010203", Some(Value::List(vec![Value::Number(1), Value::Number(2), Value::Number(3)]))),
            (
                "a201020304",
                Some(Value::Map(vec![(Value::Number(1), Value::Number(2)), (Value::Number(3), Value::Number(4))])),
            ),
            ("f5", Some(Value::Simple(21))),
            ("f90000", None),
            ("5f42010243030405ff", None),
            ("c074323031332d30332d32315432303a30343a30305a", None),
            ("440102", None),
            ("9b00ffffffffffffff", None),
            ("0000", None),
            ("", None),
        ] {
            assert_eq!(read(&bytes(hex)), expected, "{hex}");
        }
        assert_eq!(read(&[0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0]), None, "too deep");
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _read = read(&bytes);
        }
    }
}
