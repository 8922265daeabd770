//! JSON by spans: where each value stands in a body, so that one value can be replaced and every other byte stays.
//!
//! The reader is bounded in depth, never panics, and knows no tree: it tells each value's path and span.

use std::{borrow::Cow, ops::Range};

/// Deeper bodies are not read: no provider sends them, and recursion is bounded by it.
const DEEPEST: usize = 64;

/// A JSON pointer (RFC 6901) whose step `*` stands for each element of an array or each member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pointer(Box<[Step]>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Each,
    Named(Box<str>),
}

/// One step of the path to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Member(Cow<'a, str>),
    Element(usize),
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    /// A number, `true`, `false` or `null`.
    Plain,
    /// An array or object.
    Nested,
}

/// The body is not JSON, or nested too deeply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotJson;

impl Pointer {
    /// Reads `/to/0/phone_number`; the empty pointer is the whole body.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(Box::default()));
        }
        let steps = text.strip_prefix('/')?.split('/');
        let step = |step: &str| match step {
            "*" => Step::Each,
            named => Step::Named(named.replace("~1", "/").replace("~0", "~").into()),
        };
        Some(Self(steps.map(step).collect()))
    }

    /// The whole body.
    pub(super) fn root() -> Self {
        Self(Box::default())
    }

    /// A member of the body's object.
    pub(super) fn member(name: &str) -> Self {
        Self(Box::new([Step::Named(name.into())]))
    }

    /// The member of the body's object at or below which it points.
    pub(super) fn first(&self) -> Option<&str> {
        match self.0.first()? {
            Step::Named(name) => Some(name),
            Step::Each => None,
        }
    }

    /// Whether several values may stand there.
    pub(super) fn is_many(&self) -> bool {
        self.0.contains(&Step::Each)
    }

    /// How many steps it has.
    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Whether the path is exactly this one.
    pub(super) fn matches(&self, path: &[Part<'_>]) -> bool {
        self.0.len() == path.len() && self.begins(path)
    }

    /// Whether the path is this one or below it; tells how many steps are below.
    pub(super) fn holds<'p, 'a>(&self, path: &'p [Part<'a>]) -> Option<&'p [Part<'a>]> {
        (path.len() >= self.0.len() && self.begins(path)).then(|| &path[self.0.len()..])
    }

    fn begins(&self, path: &[Part<'_>]) -> bool {
        self.0.iter().zip(path).all(|(step, part)| match (step, part) {
            (Step::Each, _) => true,
            (Step::Named(name), Part::Member(member)) => **name == **member,
            (Step::Named(name), Part::Element(index)) => name.parse() == Ok(*index),
        })
    }

    /// The values of a parsed body at this pointer, in order.
    pub(super) fn find<'v>(&self, root: &'v serde_json::Value) -> Vec<&'v serde_json::Value> {
        let mut found = vec![root];
        for step in &self.0 {
            let next = |value: &'v serde_json::Value| -> Vec<&'v serde_json::Value> {
                match (step, value) {
                    (Step::Each, serde_json::Value::Array(all)) => all.iter().collect(),
                    (Step::Each, serde_json::Value::Object(all)) => all.values().collect(),
                    (Step::Named(name), serde_json::Value::Array(all)) => {
                        name.parse::<usize>().ok().and_then(|index| all.get(index)).into_iter().collect()
                    }
                    (Step::Named(name), serde_json::Value::Object(all)) => all.get(&**name).into_iter().collect(),
                    _ => Vec::new(),
                }
            };
            found = found.into_iter().flat_map(next).collect();
        }
        found
    }
}

/// A scalar as text; arrays, objects and `null` have none.
pub(super) fn scalar(value: &serde_json::Value) -> Option<Cow<'_, str>> {
    match value {
        serde_json::Value::String(text) => Some(Cow::Borrowed(text)),
        serde_json::Value::Number(number) => Some(Cow::Owned(number.to_string())),
        serde_json::Value::Bool(yes) => Some(Cow::Borrowed(if *yes { "true" } else { "false" })),
        _ => None,
    }
}

/// The text between two quotes, as it is meant; `None` where its escapes or bytes are none.
pub(super) fn unescape(quoted: &[u8]) -> Option<Cow<'_, str>> {
    let inner = quoted.get(1..quoted.len().checked_sub(1)?)?;
    if inner.contains(&b'\\') {
        serde_json::from_slice::<String>(quoted).ok().map(Cow::Owned)
    } else {
        std::str::from_utf8(inner).ok().map(Cow::Borrowed)
    }
}

/// A JSON string with its quotes.
pub(super) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What is told each value: its path, its span, its shape.
pub(super) type Visit<'v, 'a> = &'v mut dyn FnMut(&[Part<'a>], Range<usize>, Shape);

/// Tells every value of the body, members and elements before what holds them: its path, its span, its shape.
pub(super) fn walk<'a>(body: &'a [u8], visit: Visit<'_, 'a>) -> Result<(), NotJson> {
    let mut walker = Walker { body, at: 0, path: Vec::new(), visit };
    walker.space();
    walker.value()?;
    walker.space();
    if walker.at == body.len() { Ok(()) } else { Err(NotJson) }
}

struct Walker<'a, 'v> {
    body: &'a [u8],
    at: usize,
    path: Vec<Part<'a>>,
    visit: Visit<'v, 'a>,
}

impl<'a> Walker<'a, '_> {
    fn peek(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn value(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        let shape = match self.peek().ok_or(NotJson)? {
            b'"' => {
                self.string()?;
                Shape::Text
            }
            b'{' => {
                self.object()?;
                Shape::Nested
            }
            b'[' => {
                self.array()?;
                Shape::Nested
            }
            _ => {
                self.plain()?;
                Shape::Plain
            }
        };
        (self.visit)(&self.path, start..self.at, shape);
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, NotJson> {
        let start = self.at;
        if !self.take(b'"') {
            return Err(NotJson);
        }
        loop {
            match self.peek().ok_or(NotJson)? {
                b'"' => break,
                b'\\' => self.at += 2,
                0..=0x1f => return Err(NotJson),
                _ => self.at += 1,
            }
        }
        self.at += 1;
        let quoted = self.body.get(start..self.at).ok_or(NotJson)?;
        unescape(quoted).ok_or(NotJson)
    }

    fn plain(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        while matches!(self.peek(), Some(b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.' | b'E')) {
            self.at += 1;
        }
        let text = &self.body[start..self.at];
        serde_json::from_slice::<serde_json::Value>(text).map(drop).map_err(|_| NotJson)
    }

    fn deeper(&mut self, part: Part<'a>) -> Result<(), NotJson> {
        if self.path.len() == DEEPEST {
            return Err(NotJson);
        }
        self.path.push(part);
        self.value()?;
        self.path.pop();
        self.space();
        Ok(())
    }

    fn object(&mut self) -> Result<(), NotJson> {
        self.at += 1;
        self.space();
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            let name = self.string()?;
            self.space();
            if !self.take(b':') {
                return Err(NotJson);
            }
            self.space();
            self.deeper(Part::Member(name))?;
            if self.take(b'}') {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(NotJson);
            }
            self.space();
        }
    }

    fn array(&mut self) -> Result<(), NotJson> {
        self.at += 1;
        self.space();
        if self.take(b']') {
            return Ok(());
        }
        for index in 0.. {
            self.deeper(Part::Element(index))?;
            if self.take(b']') {
                break;
            }
            if !self.take(b',') {
                return Err(NotJson);
            }
            self.space();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(body: &str, pointer: &str) -> Vec<String> {
        let pointer = Pointer::parse(pointer).unwrap();
        let mut all = Vec::new();
        let mut visit = |path: &[Part<'_>], span: Range<usize>, _| {
            if pointer.matches(path) {
                all.push(body[span].to_owned());
            }
        };
        let _ = walk(body.as_bytes(), &mut visit);
        all
    }

    #[test]
    fn values_are_found_by_pointer() {
        let body = r#"{"a": [ {"b":"x"} , {"b":"\u0079"}], "a/b":1, "c" : null}"#;
        assert_eq!(found(body, "/a/*/b"), ["\"x\"", "\"\\u0079\""]);
        assert_eq!(found(body, "/a/1/b"), ["\"\\u0079\""]);
        assert_eq!(found(body, "/a~1b"), ["1"]);
        assert_eq!(found(body, "/c"), ["null"]);
        assert_eq!(found(body, ""), [body]);
        assert_eq!(found(body, "/a/2/b"), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for body in ["", "{", "[1,]", "{\"a\":}", "\"\\", "nul", "1 2", "{\"a\" 1}", "\"\u{1}\"", "[1", "01"] {
            assert_eq!(walk(body.as_bytes(), &mut |_, _, _| {}), Err(NotJson), "{body}");
        }
        assert_eq!(walk("[".repeat(100_000).as_bytes(), &mut |_, _, _| {}), Err(NotJson));
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".*".prop_map(Into::into),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::btree_map(".*", inner, 0..6)
                    .prop_map(|all| serde_json::Value::Object(all.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_without_panic(body: Vec<u8>) {
            let _ = walk(&body, &mut |_, _, _| {});
        }

        #[test]
        fn agrees_with_serde_on_what_is_json(body in "[\\[\\]{}:,\"a\\\\01.e+ -]{0,24}") {
            let serde = serde_json::from_str::<serde_json::Value>(&body).is_ok();
            prop_assert_eq!(walk(body.as_bytes(), &mut |_, _, _| {}).is_ok(), serde);
        }

        #[test]
        fn spans_are_the_values(value in any_json(), pretty: bool) {
            let body = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let mut count = 0;
            let mut visit = |path: &[Part<'_>], span: Range<usize>, _| {
                let mut there = &value;
                for part in path {
                    there = match part {
                        Part::Member(name) => &there[&**name],
                        Part::Element(index) => &there[*index],
                    };
                }
                assert_eq!(&serde_json::from_str::<serde_json::Value>(&body[span]).unwrap(), there);
                count += 1;
            };
            prop_assert_eq!(walk(body.as_bytes(), &mut visit), Ok(()));
            prop_assert!(count > 0);
        }
    }
}
