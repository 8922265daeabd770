//! What a browser says with a request: its cookies, and from which page a form is sent.

use http::{HeaderMap, HeaderValue, header};
use warp::reply::Response;

/// The value of a cookie.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value.to_owned())
}

/// Gives a cookie that no script reads: its name and value, where it is shown, and what else is said of it.
pub(super) fn with_cookie(
    mut answer: Response,
    secure: bool,
    (name, value): (&str, &str),
    path: &str,
    more: &str,
) -> Response {
    let secure = if secure { "; Secure" } else { "" };
    if let Ok(cookie) = HeaderValue::from_str(&format!("{name}={value}; Path={path}; HttpOnly; {more}{secure}")) {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// Whether a form comes from a page of this host. A browser says it in one header or both; no other site may send one, a
/// sibling of this host included.
pub(super) fn is_from_here(headers: &HeaderMap, authority: &str) -> bool {
    let fetched = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if fetched.is_some_and(|from| !matches!(from, b"same-origin" | b"none")) {
        return false;
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let host = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_come_from_this_host_alone() {
        for (site, origin, ours) in [
            (None, None, true),
            (Some("same-origin"), Some("https://redial.example"), true),
            (Some("none"), None, true),
            (Some("same-site"), None, false),
            (Some("cross-site"), Some("https://redial.example"), false),
            (None, Some("https://REDIAL.example"), true),
            (None, Some("https://evil.example"), false),
            (None, Some("null"), false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
                value.map(|value| headers.insert(name, HeaderValue::from_static(value)));
            }
            assert_eq!(is_from_here(&headers, "redial.example"), ours, "{site:?} {origin:?}");
        }
    }
}
