//! Answers of pages, and what a browser may do with them.

use crate::{
    http::problem::{Kind, Problem},
    template::{Asset, Page, TemplateError},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use warp::{Reply as _, reply::Response};

/// Our own style and script, pictures that stand in the page itself, forms to ourselves: nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const GUARDS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

/// With the headers that every page has. `referrer`: what a link on it tells where it leads.
pub(in crate::http) fn guarded(mut answer: Response, referrer: &'static str) -> Response {
    for (name, value) in GUARDS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static(referrer));
    answer
}

/// A page, where it could be made.
pub(in crate::http) fn html(status: StatusCode, page: Result<Page, TemplateError>) -> Response {
    let page = match page {
        Ok(page) => page,
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            return Problem::new(Kind::Internal).response();
        }
    };
    let mut response = Response::new(page.html.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(language) = page.language.parse() {
        response.headers_mut().insert(header::CONTENT_LANGUAGE, language);
    }
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
    response
}

/// A style, script or icon: its name changes with its content.
pub(in crate::http) fn asset(asset: Asset) -> Response {
    let mut response = asset.content.into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// As any path that is none.
pub(in crate::http) fn not_found() -> Response {
    Problem::new(Kind::NotFound).response()
}

/// The languages that a browser asks for, best first.
pub(in crate::http) fn accepted(headers: &HeaderMap) -> Vec<&str> {
    let accepts = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut asked: Vec<(&str, f32)> = accepts
        .split(',')
        .take(16)
        .filter_map(|one| {
            let mut parts = one.split(';').map(str::trim);
            let tag = parts.next().filter(|tag| !tag.is_empty() && *tag != "*")?;
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let weight = weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
            (weight > 0.0).then_some((tag, weight))
        })
        .collect();
    asked.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    asked.into_iter().map(|(tag, _)| tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_that_a_browser_asks_for_best_first() {
        for (said, expected) in [
            ("de-AT,de;q=0.9,en;q=0.8", vec!["de-AT", "de", "en"]),
            ("en;q=0.5, ar", vec!["ar", "en"]),
            ("en;q=0, fr;q=x, *", vec![]),
            ("", vec![]),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, said.parse().expect("a header"));
            assert_eq!(accepted(&headers), expected, "{said}");
        }
    }
}
