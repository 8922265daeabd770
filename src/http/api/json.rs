//! Reading JSON bodies: not too deep, unknown keys refused, and every fault with its place.

use crate::http::problem::{Kind, Problem};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// How deep objects and lists may be nested. Nothing here needs more than six.
const DEEPEST: usize = 32;

/// Reads a body as `T`.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::new(Kind::Malformed).detail("a JSON body is needed"));
    }
    if depth(body) > DEEPEST {
        return Err(Problem::new(Kind::Malformed).detail(format!("JSON is nested at most {DEEPEST} deep here")));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        problem(pointer, error.inner())
    })?;
    reader.end().map_err(|error| problem(String::new(), &error))?;
    Ok(value)
}

/// Text that is no JSON is malformed; JSON that is not what is asked for is invalid, at its place.
fn problem(pointer: String, error: &serde_json::Error) -> Problem {
    if error.is_data() {
        // serde_json appends the place in the text, which the pointer says better.
        let text = error.to_string();
        let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(before, _)| before).to_owned();
        return Problem::new(Kind::Invalid).field(pointer, text);
    }
    Problem::new(Kind::Malformed).detail(format!("not JSON: line {} column {}", error.line(), error.column()))
}

/// A JSON Pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let text = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&text);
    }
    pointer
}

/// The deepest nesting of brackets outside strings; a bound on what a reader has to do, whether it is JSON or not.
fn depth(body: &[u8]) -> usize {
    let (mut deepest, mut now, mut text, mut escaped) = (0, 0_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b'[' | b'{' if !text => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' if !text => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usecase::wanted::Wanted;
    use serde_json::json;

    fn fault(body: &str) -> serde_json::Value {
        let document = read::<Wanted>(body.as_bytes()).unwrap_err().document();
        json!([document["status"], document["errors"][0]["pointer"], document["errors"][0]["detail"]])
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (body, expected) in [
            (
                r#"{"langage": "en"}"#,
                json!([
                    422,
                    "/langage",
                    "unknown field `langage`, expected one of `restore`, `language`, `zone`, `profile`, `points`, `grants`, `passkeys`, `end_panic`, `erase`"
                ]),
            ),
            (r#"{"points": [{"add": {"label": "x"}}]}"#, json!([422, "/points/0/add", "missing field `value`"])),
            (
                r#"{"points": [{"add": {"label": "x", "value": 5}}]}"#,
                json!([422, "/points/0/add/value", "invalid type: integer `5`, expected a string"]),
            ),
            (
                r#"{"points": [{"put": {}}]}"#,
                json!([
                    422,
                    "/points/0",
                    "unknown variant `put`, expected one of `add`, `replace`, `remove`, `relabel`"
                ]),
            ),
            (
                r#"{"grants": [{"group": "x"}]}"#,
                json!([422, "/grants/0/group", "not an id of this kind: `grp_` and 26 letters or digits are needed"]),
            ),
            (r#"{"restore": 1, "restore": 2}"#, json!([422, "", "duplicate field `restore`"])),
            (r#"{"restore": 1"#, json!([400, null, null])),
            ("", json!([400, null, null])),
            ("{} x", json!([400, null, null])),
        ] {
            assert_eq!(fault(body), expected, "{body}");
        }
    }

    #[test]
    fn depth_counts_brackets_outside_texts() {
        assert_eq!(depth(br#"{"a": [1, {"b": "]]}}[[[[\"[["}]}"#), 3);
        let deep = "[".repeat(33);
        assert_eq!(read::<serde_json::Value>(deep.as_bytes()).unwrap_err().kind(), Kind::Malformed);
        let fine = format!("{}{}", "[".repeat(32), "]".repeat(32));
        assert!(read::<serde_json::Value>(fine.as_bytes()).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_it_panic(body: Vec<u8>) {
            let _ = read::<Wanted>(&body);
        }
    }
}
