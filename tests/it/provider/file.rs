//! Wrong provider files: the reader is told file, line, what was found and what would be right.

use proptest::prelude::*;
use redial::provider::{BUILT_IN, FileError, Provider};
use std::sync::Arc;

/// A small file that is right.
const RIGHT: &str = r#"schema = 1
name = "acme"
title = "Acme"
upstream = "https://api.acme.example"

[parameters]
token = { about = "API token", secret = true, required = true }

[[auth]]
bearer = { token = "token" }

[signature]
none = {}

[hooks.call]
id = "field:id"
from = "field:from"
to = "field:to"

[[hooks.call.phases]]
phase = "before_dial"

[[hooks.call.answers]]
answer = "connect"
type = "application/json"
body = '{"dial":"{{ new }}"}'

[[hooks.call.answers]]
answer = "unchanged"
body = ""

[send]
method = "POST"
path = "/send/{{ to }}"
encoding = "json"
fields = { text = "{{ text }}" }

[send.reply]
id = "json:/id"

[[send.reply.rules]]
when = { status = "2xx", "json:/ok" = true }
outcome = "sent"

[resources.message]
id = "/id"

[[routes]]
action = "send"
channel = "message"
methods = ["POST"]
paths = ["/send/{sid}"]
destinations = ["json:/to"]
sender = "path:sid"
resource = "message"
"#;

fn wrong(from: &str, to: &str) -> FileError {
    assert!(RIGHT.contains(from), "{from}");
    Provider::load(&RIGHT.replacen(from, to, 1), "acme.toml").expect_err(to)
}

#[test]
fn a_right_file_loads() {
    assert_eq!(Provider::load(RIGHT, "acme.toml").map(|provider| provider.title().to_owned()), Ok("Acme".to_owned()));
}

/// What is put wrong, on which line that is, and what the error says of it.
#[test]
fn each_mistake_is_told_with_its_line() {
    let cases: &[(&str, &str, usize, &str)] = &[
        ("schema = 1", "schema = 2", 1, "reads `schema = 1`"),
        ("schema = 1", "schema = 1\nschema = 1", 2, "duplicate key"),
        ("name = \"acme\"", "name = \"Ac me\"", 2, "small letters"),
        ("title = \"Acme\"", "titel = \"Acme\"", 3, "unknown field `titel`"),
        ("https://api.acme.example", "api.acme.example", 4, "https://api.example.com"),
        ("secret = true", "secret = \"yes\"", 7, "invalid type: string"),
        ("required = true", "requird = true", 7, "unknown field `requird`"),
        ("token = { about", "to-ken = { about", 7, "small letters, digits"),
        ("required = true }", "pattern = '(' }", 7, "not a regular expression"),
        ("bearer = { token = \"token\" }", "bearer = { token = \"tokn\" }", 10, "declared are token"),
        ("bearer = { token = \"token\" }", "bearr = { token = \"token\" }", 10, "unknown field `bearr`"),
        ("none = {}", "sigv4 = {}", 13, "unknown field `sigv4`"),
        ("id = \"field:id\"", "id = \"fields:id\"", 16, "a place looks like"),
        ("id = \"field:id\"", "id = \"path:id\"", 16, "no path variables"),
        ("id = \"field:id\"", "id = \"json:data\"", 16, "begins with a slash"),
        ("from = \"field:from\"\n", "", 15, "missing field `from`"),
        ("phase = \"before_dial\"", "phase = \"dialing\"", 21, "unknown variant `dialing`"),
        ("phase = \"before_dial\"", "when = { \"path:x\" = 1 }\nphase = \"answered\"", 21, "only a route"),
        ("phase = \"before_dial\"", "when = { status = 200 }\nphase = \"answered\"", 21, "`status` is not known here"),
        ("{{ new }}", "{{ newest }}", 26, "`newest` is not known here; known are new, called"),
        ("{{ new }}", "{% if new %}x{% endif %}", 26, "statements and comments are not allowed"),
        ("{{ new }}", "{{ new|shout }}", 26, "filters are"),
        ("{{ new", "{{ (new", 26, "not a minijinja expression"),
        ("answer = \"unchanged\"", "answer = \"connect\"", 15, "one for `unchanged` without `when`"),
        (
            "body = \"\"\n",
            "body = \"\"\n[[hooks.call.answers]]\nanswer = \"unchanged\"\n",
            31,
            "put this one before it",
        ),
        ("body = \"\"", "status = 99", 30, "from 200 to 599"),
        ("method = \"POST\"", "method = \"P OST\"", 33, "a method is needed"),
        ("/send/{{ to }}", "send", 34, "a path begins with `/`"),
        ("encoding = \"json\"", "encoding = \"yaml\"", 35, "unknown variant `yaml`"),
        ("{{ text }}", "{{ parameters.secret }}", 36, "`parameters.secret` is not known here"),
        ("text = \"{{ text }}\"", "text = { each = \"texts\" }", 36, "the only list is `media`"),
        ("id = \"json:/id\"", "id = \"form:id\"", 39, "a reply has places like"),
        ("status = \"2xx\"", "status = \"2\"", 42, "a class like \"4xx\""),
        ("\"json:/ok\" = true", "\"json:/ok\" = { regex = '(' }", 42, "not a regular expression"),
        ("\"json:/ok\" = true", "okay = true", 42, "a condition is about code, id, detail, status, a place"),
        ("\"json:/ok\" = true", "\"form:ok\" = true", 41, "a reply has places like"),
        ("resource = \"message\"", "resource = \"mesage\"", 55, "[resources.…] is needed: message"),
        ("paths = [\"/send/{sid}\"]", "paths = [\"/send/{sid\"]", 52, "`{` needs its `}`"),
        ("paths = [\"/send/{sid}\"]", "paths = [\"/send/{id}\"]", 48, "`path:sid` needs `{sid}` in every path"),
        (
            "destinations = [\"json:/to\"]",
            "destinations = [\"path:sid\"]",
            53,
            "stands in the body, the query or a header",
        ),
        ("[send]", "[sned]\n[send]", 32, "unknown field `sned`"),
        ("[send]", "[send", 32, "]"),
    ];
    let told = |(from, to, line, wanted): &(&str, &str, usize, &str)| {
        let error = wrong(from, to);
        let right = error.to_string().contains(wanted) && error.line == *line && error.file == "acme.toml";
        (!right || error.found.is_empty()).then(|| format!("{to}\n→ {error}\nwanted line {line}: {wanted}"))
    };
    let missed: Vec<String> = cases.iter().filter_map(told).collect();
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[test]
fn a_sample_that_disagrees_and_a_rule_without_one_are_told() {
    let provider = Arc::new(Provider::load(RIGHT, "acme.toml").unwrap());
    let samples = "[account]\nparameters = { token = \"t\" }\n\n[[reply]]\nname = \"taken\"\nstatus = 200\nbody = '{\"ok\":true}'\noutcome = \"never\"\n";
    let problems: Vec<String> =
        provider.check(&[("acme/samples.toml", samples)]).iter().map(ToString::to_string).collect();
    assert!(
        problems[0].starts_with("acme/samples.toml:4:1: found the outcome is Sent, the sample says Never"),
        "{problems:?}"
    );
    assert!(problems.iter().any(|problem| problem.contains("acme.toml:20:1: found rule 1 of hooks.call.phases")));
    assert!(!problems.iter().any(|problem| problem.contains("send.reply.rules")), "{problems:?}");
    let unreadable = provider.check(&[("acme/samples.toml", "[account]\nparameters = {}\n[[replies]]\n")]);
    assert!(unreadable[0].to_string().starts_with("acme/samples.toml:3:"), "{}", unreadable[0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A byte range is taken out of, or put into, a file that is right: it loads or is refused, and never panics.
    #[test]
    fn a_damaged_file_is_refused_or_loads(which in 0..2usize, at in 0.0..1.0f64, length in 0..40usize, put in "[\\[\\]{}=\"'a-z.#\n:%|]{0,8}") {
        let text = BUILT_IN[which].text;
        let mark = |place: usize| (0..=place.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position in a short text")]
        let start = mark((at * text.len() as f64) as usize);
        let damaged = format!("{}{put}{}", &text[..start], &text[mark(start + length)..]);
        if let Err(error) = Provider::load(&damaged, "damaged.toml") {
            prop_assert!(error.line >= 1 && error.line <= damaged.lines().count() + 1);
            prop_assert!(error.column >= 1);
            prop_assert!(!error.found.is_empty() && !error.wanted.is_empty());
        }
    }

    #[test]
    fn anything_else_is_refused(text in ".{0,200}") {
        prop_assert!(Provider::load(&text, "any.toml").is_err());
    }
}
