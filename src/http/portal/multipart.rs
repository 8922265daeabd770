//! Forms with a file in them (RFC 7578), as browsers send them.

use std::borrow::Cow;

/// Most fields that are read.
const FIELDS: usize = 40;

/// The fields of a body of `multipart/form-data`, with their names; a part that cannot be read is left out.
pub(super) fn fields<'a>(content_type: &str, body: &'a [u8]) -> Option<Vec<(String, Cow<'a, [u8]>)>> {
    let rest = content_type.trim().strip_prefix("multipart/form-data")?;
    let boundary = rest.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?.trim_matches('"');
    if boundary.is_empty() || boundary.len() > 70 {
        return Some(Vec::new());
    }
    let mark = format!("--{boundary}");
    let mut found = Vec::new();
    let mut at = find(body, mark.as_bytes()).map(|first| first + mark.len());
    while let Some(begin) = at.filter(|_| found.len() < FIELDS) {
        let rest = &body[begin..];
        let end = find(rest, format!("\r\n{mark}").as_bytes());
        let Some(part) = end.and_then(|end| rest.get(..end)).and_then(|part| part.strip_prefix(b"\r\n")) else { break };
        if let Some(split) = find(part, b"\r\n\r\n")
            && let Some(name) = name(&part[..split])
        {
            found.push((name, Cow::Borrowed(&part[split + 4..])));
        }
        at = end.map(|end| begin + end + 2 + mark.len());
    }
    Some(found)
}

/// The name in `Content-Disposition`.
fn name(head: &[u8]) -> Option<String> {
    let head = std::str::from_utf8(head).ok()?;
    let line = head
        .split("\r\n")
        .find(|line| line.get(..20).is_some_and(|begin| begin.eq_ignore_ascii_case("content-disposition:")))?;
    let value = line.split(';').find_map(|part| part.trim().strip_prefix("name="))?;
    Some(value.trim_matches('"').to_owned())
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len().max(1)).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=----x";

    #[test]
    fn fields_and_files_are_read() {
        let body = b"------x\r\nContent-Disposition: form-data; name=\"form\"\r\n\r\nabc\r\n------x\r\n\
            Content-Disposition: form-data; name=\"file\"; filename=\"a name=b.vcf\"\r\nContent-Type: text/vcard\r\n\r\n\
            BEGIN\r\n\xff\r\n--\r\n------x--\r\n";
        let found = fields(TYPE, body).unwrap_or_default();
        let plain: Vec<(&str, &[u8])> = found.iter().map(|(name, value)| (name.as_str(), &**value)).collect();
        assert_eq!(plain, [("form", &b"abc"[..]), ("file", b"BEGIN\r\n\xff\r\n--")]);
    }

    #[test]
    fn what_is_broken_gives_what_can_be_read() {
        for body in
            [&b""[..], b"------x", b"------x\r\n", b"------x\r\nContent-Disposition: form-data\r\n\r\n\r\n------x--"]
        {
            assert_eq!(fields(TYPE, body), Some(Vec::new()));
        }
        assert_eq!(fields("multipart/form-data", b"x"), None);
        assert_eq!(fields("application/x-www-form-urlencoded", b"a=b"), None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_fail(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = fields("multipart/form-data; boundary=-", &body);
        }
    }
}
