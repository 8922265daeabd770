//! As much of RFC 5322 and RFC 2046 as a report needs: headers, parts, parameters. Lines end in `\n`.

/// Headers and body.
pub(super) fn split(text: &str) -> (&str, &str) {
    if let Some(body) = text.strip_prefix('\n') {
        return ("", body);
    }
    text.split_once("\n\n").unwrap_or((text, ""))
}

/// All values of a header, unfolded, each without the white space around it.
pub(super) fn headers(head: &str, name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut inside = false;
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some(last) = found.last_mut().filter(|_| inside) {
                last.push(' ');
                last.push_str(line.trim());
            }
            continue;
        }
        inside = false;
        if let Some((key, value)) = line.split_once(':')
            && key.trim_end().eq_ignore_ascii_case(name)
        {
            found.push(value.trim().to_owned());
            inside = true;
        }
    }
    found
}

/// The first value of a header, unfolded.
pub fn header(head: &str, name: &str) -> Option<String> {
    headers(head, name).into_iter().next()
}

/// Whether a Content-Type is this one, parameters aside.
pub(super) fn is(value: &str, kind: &str) -> bool {
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(kind)
}

/// A parameter of a header, with or without its quotes.
pub(super) fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (key.trim().eq_ignore_ascii_case(name) && !value.is_empty()).then(|| value.to_owned())
    })
}

/// The parts of a multipart body.
pub(super) fn parts<'t>(body: &'t str, boundary: &str) -> Vec<&'t str> {
    const MOST: usize = 32;
    let delimiter = format!("--{boundary}");
    let mut found = Vec::new();
    let (mut at, mut start) = (0, None);
    for line in body.split_inclusive('\n') {
        let bare = line.trim_end();
        if let Some(rest) = bare.strip_prefix(&delimiter).filter(|rest| rest.is_empty() || *rest == "--") {
            if let Some(start) = start {
                found.push(&body[start..at]);
            }
            if !rest.is_empty() || found.len() >= MOST {
                return found;
            }
            start = Some(at + line.len());
        }
        at += line.len();
    }
    // A report that was cut off has its last part open.
    found.extend(start.map(|start| &body[start..]));
    found
}

/// The addresses in a header: `Name <a@b>, c@d`.
pub(super) fn addresses(value: &str) -> Vec<Box<str>> {
    let one = |part: &str| {
        let inner = part.rsplit_once('<').map_or(part, |(_, inner)| inner);
        let inner = inner.rsplit_once(';').map_or(inner, |(_, inner)| inner);
        let address = inner.split('>').next().unwrap_or_default().trim();
        (address.contains('@') && !address.contains(char::is_whitespace)).then(|| address.into())
    };
    value.split(',').filter_map(one).take(16).collect()
}
