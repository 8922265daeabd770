//! E-mails and push messages from one text each: the subject or title in the first line, an empty line, the body.
//!
//! The body of an e-mail is written once and becomes plain text and HTML with the same facts (rule N5). Its few marks:
//!
//! | in the text | becomes |
//! | --- | --- |
//! | an empty line | a new paragraph |
//! | `- what: value` | a line of a list of details |
//! | `# words` | a heading, for digests |
//! | a line that is one value only | shown large, for codes |
//! | `**words**` | strong |
//! | `---` | what follows is small: how to check, how to stop |

use super::mark::{self, Direction, Part, parts};
use std::fmt::Write as _;

/// A text in its two parts, still with marks.
pub(super) struct Halves<'a> {
    /// The first line.
    pub(super) subject: &'a str,
    /// What follows the empty line.
    pub(super) body: &'a str,
}

/// Splits at the first line end. Nothing where either half is empty.
pub(super) fn halves(rendered: &str) -> Option<Halves<'_>> {
    let (subject, body) = rendered.trim().split_once('\n')?;
    let (subject, body) = (subject.trim(), body.trim());
    (!subject.is_empty() && !body.is_empty()).then_some(Halves { subject, body })
}

/// The body as plain text: lines ended by `\n`, paragraphs apart.
pub(super) fn text(body: &str, direction: Direction) -> String {
    let mut text = String::with_capacity(body.len());
    let mut empty = 0;
    for line in lines(body) {
        let line = match line {
            "---" => continue,
            line => line.strip_prefix("# ").unwrap_or(line),
        };
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !text.is_empty() && empty > 0 {
            text.push('\n');
        }
        empty = 0;
        text.push_str(&mark::plain(&without_stars(line), direction, true));
        text.push('\n');
    }
    text
}

/// The `**` of the author, not those inside a value.
fn without_stars(line: &str) -> String {
    let mut left = String::with_capacity(line.len());
    let mut inside = false;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if !inside && rest.starts_with("**") {
            rest = &rest[2..];
            continue;
        }
        inside = matches!(c, mark::OPEN | mark::LINK) || (inside && !matches!(c, mark::CLOSE | mark::LINK_END));
        left.push(c);
        rest = &rest[c.len_utf8()..];
    }
    left
}

fn lines(body: &str) -> impl Iterator<Item = &str> {
    body.lines().map(str::trim)
}

/// What a run of lines is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Paragraph,
    Details,
}

/// The body as HTML, to stand in the layout.
pub(super) fn html(body: &str) -> String {
    let mut html = String::with_capacity(body.len() * 2);
    let mut open: Option<Block> = None;
    let mut small = false;
    for line in lines(body) {
        let detail = line.strip_prefix("- ");
        let kind = if detail.is_some() { Block::Details } else { Block::Paragraph };
        let alone = line.is_empty() || line == "---" || line.starts_with("# ") || is_one_value(line);
        if alone || open != Some(kind) {
            close(&mut html, &mut open);
        }
        if line.is_empty() {
        } else if line == "---" {
            if !small {
                html.push_str("<div class=\"small\">\n");
            }
            small = true;
        } else if let Some(heading) = line.strip_prefix("# ") {
            let _ = writeln!(html, "<h2>{}</h2>", inline(heading));
        } else if is_one_value(line) {
            let _ = writeln!(html, "<p class=\"code\">{}</p>", inline(line));
        } else if let Some(detail) = detail {
            html.push_str(if open.is_none() { "<dl>\n" } else { "" });
            html.push_str(&detail_line(detail));
            open = Some(kind);
        } else {
            html.push_str(if open.is_none() { "<p>" } else { "<br>\n" });
            html.push_str(&inline(line));
            open = Some(kind);
        }
    }
    close(&mut html, &mut open);
    if small {
        html.push_str("</div>\n");
    }
    html
}

fn close(html: &mut String, open: &mut Option<Block>) {
    html.push_str(match open.take() {
        Some(Block::Paragraph) => "</p>\n",
        Some(Block::Details) => "</dl>\n",
        None => "",
    });
}

fn is_one_value(line: &str) -> bool {
    matches!(parts(line)[..], [Part::Value(_)])
}

/// `what: value`, split at the first colon of the author.
fn detail_line(line: &str) -> String {
    let mut inside = false;
    let colon = line.char_indices().find(|&(_, c)| {
        inside = c == mark::OPEN || (inside && c != mark::CLOSE);
        !inside && matches!(c, ':' | '：')
    });
    match colon {
        Some((at, c)) => {
            let (what, value) = (&line[..at], line[at + c.len_utf8()..].trim());
            format!("<dt>{}</dt><dd>{}</dd>\n", inline(what.trim()), inline(value))
        }
        None => format!("<dd>{}</dd>\n", inline(line)),
    }
}

/// Words, values and links of one line, escaped.
fn inline(line: &str) -> String {
    let mut html = String::with_capacity(line.len() + 16);
    let mut strong = false;
    for part in parts(line) {
        match part {
            Part::Words(words) => {
                for (at, piece) in words.split("**").enumerate() {
                    if at > 0 {
                        strong = !strong;
                        html.push_str(if strong { "<strong>" } else { "</strong>" });
                    }
                    html.push_str(&escaped(piece));
                }
            }
            Part::Value(value) => {
                let _ = write!(html, "<bdi>{}</bdi>", escaped(value));
            }
            Part::Link(url, words) => {
                let words = if words.is_empty() { url } else { words };
                let _ = write!(html, "<a href=\"{}\">{}</a>", escaped(url), escaped(words));
            }
        }
    }
    if strong {
        html.push_str("</strong>");
    }
    html
}

/// Marks of a text of its own in HTML, such as an operator's layout, as `<bdi>`. Its values are escaped already.
pub(super) fn marks_as_bdi(html: &str) -> String {
    let mut with = String::with_capacity(html.len());
    for part in parts(html) {
        match part {
            Part::Words(words) => with.push_str(words),
            Part::Value(value) => with.extend(["<bdi>", value, "</bdi>"]),
            Part::Link(url, words) => with.extend(["<a href=\"", url, "\">", words, "</a>"]),
        }
    }
    with
}

/// For text and attributes of HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#x27;"),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::mark::marked;
    use proptest::prelude::*;

    fn sample() -> String {
        format!(
            "Hello {name},\nsecond line.\n\n# {name}\n- Mobile: **{number}**, was 0100\n- Title\n\n{code}\n\n---\nAsk **them**.\n",
            name = marked("A **& <b>"),
            number = marked("+1: 2"),
            code = marked("123456"),
        )
    }

    #[test]
    fn one_text_becomes_both() {
        assert_eq!(
            text(&sample(), Direction::Ltr),
            "Hello A **& <b>,\nsecond line.\n\nA **& <b>\n- Mobile: +1: 2, was 0100\n- Title\n\n123456\n\nAsk them.\n"
        );
        assert_eq!(
            html(&sample()),
            "<p>Hello <bdi>A **&amp; &lt;b&gt;</bdi>,<br>\nsecond line.</p>\n\
             <h2><bdi>A **&amp; &lt;b&gt;</bdi></h2>\n\
             <dl>\n<dt>Mobile</dt><dd><strong><bdi>+1: 2</bdi></strong>, was 0100</dd>\n<dd>Title</dd>\n</dl>\n\
             <p class=\"code\"><bdi>123456</bdi></p>\n\
             <div class=\"small\">\n<p>Ask <strong>them</strong>.</p>\n</div>\n"
        );
    }

    #[test]
    fn a_text_has_two_halves() {
        let found = halves("\n Subject \n\nBody\n").map(|halves| (halves.subject, halves.body));
        assert_eq!(found, Some(("Subject", "Body")));
        assert!(halves("Subject").is_none() && halves("Subject\n\n ").is_none() && halves("").is_none());
    }

    proptest! {
        #[test]
        fn what_comes_from_outside_makes_no_element(value in "[a-z<>&\"'*#: -]{1,30}") {
            let made = html(&format!("x {} **y**\n- a: {}\n", marked(&value), marked(&value)));
            let own = ["<p>", "</p>", "<bdi>", "</bdi>", "<strong>", "</strong>", "<dl>", "</dl>", "<dt>", "</dt>", "<dd>", "</dd>"];
            let left = own.iter().fold(made, |left, element| left.replace(element, ""));
            prop_assert!(!left.contains(['<', '>']), "{left}");
        }
    }
}
