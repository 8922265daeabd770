//! Answers of the console: what a browser may do with them, and the cookie.

use crate::http::{
    browser,
    problem::{Kind, Problem},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use warp::{Reply as _, reply::Response};

/// The pages load their own style and script and nothing else, and stand in no other page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const GUARDS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not "no-referrer": browsers then send forms with `Origin: null`.
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CACHE_CONTROL, "no-store"),
];

/// With the headers that every answer of the console has.
pub(super) fn guarded(mut answer: Response) -> Response {
    for (name, value) in GUARDS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

pub(super) fn html(status: StatusCode, body: String) -> Response {
    let page = warp::reply::with_header(body, header::CONTENT_TYPE, "text/html; charset=utf-8");
    warp::reply::with_status(page, status).into_response()
}

pub(super) fn plain(status: StatusCode, kind: &'static str, body: &'static str) -> Response {
    warp::reply::with_status(warp::reply::with_header(body, header::CONTENT_TYPE, kind), status).into_response()
}

/// As any path that is none.
pub(super) fn not_found() -> Response {
    Problem::new(Kind::NotFound).into_response()
}

/// To be fetched by GET.
pub(super) fn redirect(to: &str) -> Response {
    warp::reply::with_status(warp::reply::with_header("", header::LOCATION, to), StatusCode::SEE_OTHER).into_response()
}

/// The cookie that holds the session's token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cookie {
    /// Whether it travels by https only.
    pub(super) secure: bool,
}

impl Cookie {
    /// A browser takes the longer name only over https and for this host alone.
    fn name(self) -> &'static str {
        if self.secure { "__Secure-redial-console" } else { "redial-console" }
    }

    /// The token in a request.
    pub(super) fn read(self, headers: &HeaderMap) -> Option<String> {
        browser::cookie(headers, self.name())
    }

    fn device_name(self) -> &'static str {
        if self.secure { "__Secure-redial-device" } else { "redial-device" }
    }

    /// What a device shows on which somebody has signed in before.
    pub(super) fn device(self, headers: &HeaderMap) -> Option<String> {
        browser::cookie(headers, self.device_name())
    }

    /// Makes a device known for half a year.
    pub(super) fn known(self, answer: Response, device: &str) -> Response {
        let more = "SameSite=Strict; Max-Age=15552000";
        browser::with_cookie(answer, self.secure, (self.device_name(), device), "/console/sign-in", more)
    }

    /// Gives a token to the browser.
    pub(super) fn given(self, answer: Response, token: &str) -> Response {
        browser::with_cookie(answer, self.secure, (self.name(), token), "/console", "SameSite=Strict")
    }

    /// Takes it away.
    pub(super) fn taken_away(self, answer: Response) -> Response {
        browser::with_cookie(answer, self.secure, (self.name(), ""), "/console", "SameSite=Strict; Max-Age=0")
    }
}
