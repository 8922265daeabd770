//! A request to the portal: its fields, its cookie, and whether it comes from a page of ours.

use super::multipart;
use crate::http::{arrival::Arrival, browser};
use bytes::Bytes;
use http::{HeaderMap, Method, header};
use ring::digest::{SHA256, digest};
use std::fmt::Write as _;
use warp::reply::Response;

/// Where a file can be chosen.
const WITH_FILES: [&str; 3] = ["people/import", "profile", "profile/preview"];

/// A request.
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) method: Method,
    pub(super) arrival: Arrival,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Asked {
    /// The first field of the form with this name, byte for byte: a file.
    pub(super) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if let Some(fields) = multipart::fields(kind, &self.body) {
            return fields.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        }
        let mut all = form_urlencoded::parse(&self.body);
        all.find(|(key, _)| key == name).map(|(_, value)| value.into_owned().into_bytes())
    }

    /// The first field of the form with this name.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        if self.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/")) {
            return self.bytes(name).and_then(|value| String::from_utf8(value).ok());
        }
        form_urlencoded::parse(&self.body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The same without blanks around it; empty where there is none.
    pub(super) fn text(&self, name: &str) -> String {
        self.field(name).map(|text| text.trim().to_owned()).unwrap_or_default()
    }

    /// All fields of the form with this name.
    pub(super) fn fields(&self, name: &str) -> Vec<String> {
        let all = form_urlencoded::parse(&self.body).filter(|(key, _)| key == name);
        all.map(|(_, value)| value.into_owned()).collect()
    }

    pub(super) fn query(&self, name: &str) -> Option<String> {
        let query = self.arrival.target.query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The page of a session that this is, or was sent from: where somebody who signs in first goes on.
    pub(super) fn came_from(&self) -> String {
        let given = self.field("next").or_else(|| self.query("next"));
        let here = || match self.method {
            Method::GET => Some(self.arrival.target.as_str().to_owned()),
            _ => self.referrer(),
        };
        given.or_else(here).filter(|page| is_own_page(page)).unwrap_or_default()
    }

    /// The page of ours that a form stood on.
    fn referrer(&self) -> Option<String> {
        let from = self.headers.get(header::REFERER)?.to_str().ok()?.parse::<http::Uri>().ok()?;
        let ours = from.authority().is_some_and(|authority| authority.as_str() == &*self.arrival.authority);
        from.path_and_query().filter(|_| ours).map(|page| page.as_str().to_owned())
    }

    /// Whether it is sent by a page of ours.
    pub(super) fn is_from_here(&self) -> bool {
        browser::is_from_here(&self.headers, &self.arrival.authority)
    }

    /// Whether the body is that of a form of ours. Other kinds that a page elsewhere can send without being asked first
    /// (`text/plain`, `multipart/form-data`) are none, but where a file is chosen; its mark still counts.
    pub(super) fn is_form(&self) -> bool {
        let Some(kind) = self.headers.get(header::CONTENT_TYPE) else { return self.body.is_empty() };
        let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        let file = WITH_FILES.contains(&&*self.path) && kind.trim().eq_ignore_ascii_case("multipart/form-data");
        file || kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }

    /// For the limits of codes.
    pub(super) fn requester(&self) -> String {
        format!("ip {}", self.arrival.asking_network())
    }

    /// The device in words, for the list of sessions: what its browser and system are called.
    pub(super) fn device(&self) -> String {
        let agent = self.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let first =
            |of: &[(&str, &'static str)]| of.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
        let browsers = [
            ("Edg", "Edge"),
            ("Firefox", "Firefox"),
            ("FxiOS", "Firefox"),
            ("Chrom", "Chrome"),
            ("CriOS", "Chrome"),
            ("Safari", "Safari"),
        ];
        let systems = [
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Android", "Android"),
            ("Windows", "Windows"),
            ("Mac OS", "Mac"),
            ("Linux", "Linux"),
        ];
        let both: Vec<&str> = [first(&browsers), first(&systems)].into_iter().flatten().collect();
        both.join(", ")
    }
}

/// Whether this is a page of a session of ours, and nothing that a browser takes for another host or that ends there.
fn is_own_page(page: &str) -> bool {
    let plain = page.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    plain && page.len() <= 500 && page.starts_with("/me/") && !page.contains("//") && !page.starts_with("/me/sign-")
}

/// What stands in every form of a session: made of its token, so that it changes with it and no other site knows it.
pub(super) fn mark_of(token: &str) -> String {
    let hash = digest(&SHA256, format!("form of {token}").as_bytes());
    hash.as_ref().iter().take(16).fold(String::new(), |mut mark, byte| {
        let _ = write!(mark, "{byte:02x}");
        mark
    })
}

/// The cookie that holds the session's token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cookie {
    /// Whether it travels by https only.
    pub(super) secure: bool,
}

impl Cookie {
    /// A browser takes the longer name only over https, from this host alone and for all of its paths.
    fn name(self) -> &'static str {
        if self.secure { "__Host-redial" } else { "redial" }
    }

    /// The token in a request.
    pub(super) fn read(self, headers: &HeaderMap) -> Option<String> {
        browser::cookie(headers, self.name())
    }

    // Lax: a link in a message opens the page of who is signed in; forms of other sites come without it.

    /// Gives a token to the browser.
    pub(super) fn given(self, answer: Response, token: &str) -> Response {
        browser::with_cookie(answer, self.secure, (self.name(), token), "/", "SameSite=Lax; Max-Age=7776000")
    }

    /// Takes it away.
    pub(super) fn taken_away(self, answer: Response) -> Response {
        browser::with_cookie(answer, self.secure, (self.name(), ""), "/", "SameSite=Lax; Max-Age=0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn who_signs_in_goes_on_at_a_page_of_ours_alone() {
        for (page, ours) in [
            ("/me/groups", true),
            ("/me/change?point=pt_1&prove=yes", true),
            ("/", false),
            ("/me/sign-in/code?challenge=x", false),
            ("//evil.example/me/", false),
            ("https://evil.example/me/", false),
            ("/me//evil.example", false),
            ("/me/\\evil.example", false),
            ("/me/\r\nset-cookie: x", false),
        ] {
            assert_eq!(is_own_page(page), ours, "{page}");
        }
    }

    #[test]
    fn a_cookie_is_this_hosts_alone_and_of_no_script() {
        let given = |secure| {
            let answer = Cookie { secure }.given(Response::default(), "rds_x");
            answer.headers()[header::SET_COOKIE].to_str().expect("a text").to_owned()
        };
        assert_eq!(given(true), "__Host-redial=rds_x; Path=/; HttpOnly; SameSite=Lax; Max-Age=7776000; Secure");
        assert_eq!(given(false), "redial=rds_x; Path=/; HttpOnly; SameSite=Lax; Max-Age=7776000");
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; redial=rds_y"));
        assert_eq!(Cookie { secure: false }.read(&headers).as_deref(), Some("rds_y"));
        assert_eq!(Cookie { secure: true }.read(&headers), None, "a plain one counts for nothing over https");
        assert_ne!(mark_of("rds_x"), mark_of("rds_y"));
    }
}
