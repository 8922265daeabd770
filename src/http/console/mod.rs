//! `/console`: the operator's page. Made on the server; a little script brings the overview up to date.
//!
//! Every page but the first asks for a session. What changes or tells something is a POST with the session's own mark in
//! the form; numbers that are searched for stand in no address and no log.

mod answer;
mod overview;
mod plot;

use super::{
    arrival::Arrival,
    body::{self, Limit},
    browser,
};
use crate::{
    domain::id::AuditId,
    store::TrailLine,
    template::console::{ConsolePages, ICON, SCRIPT, STYLE},
    usecase::{
        console::{Console, Range, Session, SignedIn},
        write::Refused,
    },
};
use answer::{Cookie, html, not_found, plain, redirect};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use warp::{Filter, filters::BoxedFilter, reply::Response};

/// The console and how it is reached.
#[derive(Clone, Debug)]
pub struct Surface {
    console: Arc<Console>,
    pages: Arc<ConsolePages>,
    cookie: Cookie,
    body: Limit,
}

/// So many lines of the trail stand on a page.
const TRAIL: usize = 100;

/// What was done, for a reader.
const TRAIL_WORDS: [(&str, &str); 6] = [
    ("signed_in", "signed in"),
    ("sign_in_refused", "was refused"),
    ("signed_out", "signed out"),
    ("looked_at", "looked at"),
    ("replayed", "replayed"),
    ("searched", "searched for"),
];

/// A form is short.
const FORM_MOST: usize = 8 << 10;

impl Surface {
    /// `secure`: whether it is reached by https, so that the cookie never travels without.
    pub fn new(console: Arc<Console>, secure: bool, body: Limit) -> Self {
        let body = Limit { bytes: body.bytes.min(FORM_MOST), ..body };
        Self { console, pages: Arc::new(ConsolePages::built_in()), cookie: Cookie { secure }, body }
    }
}

/// Everything below `/console`.
pub fn routes(surface: Surface) -> BoxedFilter<(Response,)> {
    let body = surface.body;
    let surface = Arc::new(surface);
    warp::path("console")
        .and(warp::path::tail())
        .and(warp::method())
        .and(warp::ext::get::<Arrival>())
        .and(warp::header::headers_cloned())
        .and(body::bytes(body))
        .then(move |tail: warp::path::Tail, method, arrival, headers, body| {
            let asked = Asked { path: tail.as_str().to_owned(), method, arrival, headers, body };
            let surface = Arc::clone(&surface);
            async move { answer::guarded(surface.answer(&asked).await) }
        })
        .boxed()
}

/// A request.
struct Asked {
    path: String,
    method: Method,
    arrival: Arrival,
    headers: HeaderMap,
    body: Bytes,
}

impl Asked {
    fn fields(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    fn query(&self, name: &str) -> Option<String> {
        let query = self.arrival.target.query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

impl Surface {
    async fn answer(&self, asked: &Asked) -> Response {
        if !self.console.is_on() {
            return not_found();
        }
        let post = asked.method == Method::POST;
        if !post && asked.method != Method::GET {
            return plain(StatusCode::METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", "only GET and POST\n");
        }
        match (post, asked.path.as_str()) {
            (false, "console.css") => return plain(StatusCode::OK, "text/css; charset=utf-8", STYLE),
            (false, "console.js") => return plain(StatusCode::OK, "text/javascript; charset=utf-8", SCRIPT),
            (false, "icon.svg") => return plain(StatusCode::OK, "image/svg+xml", ICON),
            (true, _) if !browser::is_from_here(&asked.headers, &asked.arrival.authority) => {
                return self.message(None, StatusCode::FORBIDDEN, "This form came from another site.");
            }
            (true, "sign-in") => return self.sign_in(asked).await,
            _ => {}
        }
        let token = self.cookie.read(&asked.headers);
        let Some(session) = token.as_deref().and_then(|token| self.console.session(token)) else {
            return match (post, asked.path.as_str()) {
                // The script asks for a part only.
                (false, "live") => plain(StatusCode::UNAUTHORIZED, "text/plain; charset=utf-8", "signed out\n"),
                _ => self.page(StatusCode::OK, "sign_in.html", None, json!({ "wrong": false, "busy": false })),
            };
        };
        if post {
            let fields = asked.fields();
            if fields.get("form").map(String::as_str) != Some(&*session.form) {
                return self.message(
                    Some(&session),
                    StatusCode::FORBIDDEN,
                    "This form is of another session. Go back and load the page again.",
                );
            }
            return match asked.path.as_str() {
                "sign-out" => {
                    if let Some(token) = &token {
                        self.console.sign_out(token).await;
                    }
                    self.cookie.taken_away(redirect("/console"))
                }
                "replay" => self.replay(&session, &fields).await,
                "search" => self.search(&session, &fields).await,
                _ => not_found(),
            };
        }
        match asked.path.as_str() {
            "" => self.overview(&session, asked, "overview.html").await,
            "live" => self.overview(&session, asked, "live.html").await,
            "trail" => self.trail(&session, asked.query("before")).await,
            "notices" => self.notices(&session, &asked.query("state").unwrap_or_else(|| "dead".to_owned())).await,
            "explain" => self.explain(&session, asked.query("id")).await,
            "search" => {
                self.page(StatusCode::OK, "search.html", Some(&session), json!({ "found": null, "wrong": null }))
            }
            _ => self.message(Some(&session), StatusCode::NOT_FOUND, "There is no such page."),
        }
    }

    async fn sign_in(&self, asked: &Asked) -> Response {
        let fields = asked.fields();
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let (origin, device) = (asked.arrival.asker.to_string(), self.cookie.device(&asked.headers));
        match self.console.sign_in(field("name"), field("password"), &origin, device.as_deref()).await {
            SignedIn::As { token, device } => {
                let answer = self.cookie.given(redirect("/console"), &token);
                self.cookie.known(answer, &device)
            }
            SignedIn::Busy => {
                let mut answer = self.page(
                    StatusCode::TOO_MANY_REQUESTS,
                    "sign_in.html",
                    None,
                    json!({ "wrong": false, "busy": true }),
                );
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
                answer
            }
            SignedIn::No => {
                self.page(StatusCode::FORBIDDEN, "sign_in.html", None, json!({ "wrong": true, "busy": false }))
            }
        }
    }

    async fn overview(&self, session: &Session, asked: &Asked, page: &str) -> Response {
        let range = Range::read(&asked.query("range").unwrap_or_default());
        let overview = self.console.overview(range, &asked.query("node").unwrap_or_default()).await;
        self.page(StatusCode::OK, page, Some(session), overview::facts(&overview))
    }

    async fn trail(&self, session: &Session, before: Option<String>) -> Response {
        let before = before.and_then(|id| id.parse::<AuditId>().ok());
        let page = match self.console.operators_trail(before, TRAIL).await {
            Ok(page) => page,
            Err(error) => return self.failed(session, &error),
        };
        let older = page.items.last().filter(|_| page.more).map(|line| line.id.to_string());
        let line = |line: &TrailLine| {
            let explains = ["qry_", "sub_", "psd_", "ntc_"].iter().any(|prefix| line.subject.starts_with(prefix));
            json!({
                "at": line.at, "by": line.by, "origin": line.origin, "what": line.what, "subject": line.subject,
                "link": explains,
            })
        };
        let lines: Vec<Value> = page.items.iter().map(line).collect();
        let words: BTreeMap<&str, &str> = TRAIL_WORDS.into_iter().collect();
        let facts = json!({ "lines": lines, "older": older, "words": words });
        self.page(StatusCode::OK, "trail.html", Some(session), facts)
    }

    async fn notices(&self, session: &Session, state: &str) -> Response {
        match self.console.notices(state).await {
            Ok(Some((notices, more))) => {
                let facts = json!({ "state": state, "notices": notices, "more": more });
                self.page(StatusCode::OK, "notices.html", Some(session), facts)
            }
            Ok(None) => self.message(Some(session), StatusCode::NOT_FOUND, "There is no such state of notices."),
            Err(error) => self.failed(session, &error),
        }
    }

    async fn explain(&self, session: &Session, id: Option<String>) -> Response {
        let Some(id) = id.filter(|id| !id.is_empty()) else {
            let facts = json!({ "id": "", "found": null, "wrong": null });
            return self.page(StatusCode::OK, "explain.html", Some(session), facts);
        };
        let (status, facts) = match self.console.explain(session, id.trim()).await {
            Ok(found) => (StatusCode::OK, json!({ "id": id, "found": found, "wrong": null })),
            Err(Refused::Store(error)) => return self.failed(session, &error),
            Err(why) => (StatusCode::NOT_FOUND, json!({ "id": id, "found": null, "wrong": why.to_string() })),
        };
        self.page(status, "explain.html", Some(session), facts)
    }

    async fn replay(&self, session: &Session, fields: &BTreeMap<String, String>) -> Response {
        if !session.may_act() {
            return self.message(Some(session), StatusCode::FORBIDDEN, "Your role lets you look, and not act.");
        }
        let Some(Ok(id)) = fields.get("id").map(|id| id.parse()) else {
            return self.message(Some(session), StatusCode::BAD_REQUEST, "A notice's id is needed.");
        };
        match self.console.replay(session, id).await {
            Ok(new) => redirect(&format!("/console/explain?id={new}")),
            Err(why) => self.message(Some(session), StatusCode::CONFLICT, &why.to_string()),
        }
    }

    async fn search(&self, session: &Session, fields: &BTreeMap<String, String>) -> Response {
        if !session.may_act() {
            return self.message(Some(session), StatusCode::FORBIDDEN, "Your role lets you look, and not act.");
        }
        let number = fields.get("number").map(String::as_str).unwrap_or_default();
        let (status, facts) = match self.console.search(session, number).await {
            Ok(found) => (StatusCode::OK, json!({ "found": found, "wrong": null })),
            Err(Refused::Store(error)) => return self.failed(session, &error),
            Err(why) => (StatusCode::BAD_REQUEST, json!({ "found": null, "wrong": why.to_string() })),
        };
        self.page(status, "search.html", Some(session), facts)
    }

    fn failed(&self, session: &Session, error: &dyn std::error::Error) -> Response {
        tracing::error!(%error, "a page of the console could not be made");
        self.message(Some(session), StatusCode::SERVICE_UNAVAILABLE, "The store does not answer. The log says more.")
    }

    fn message(&self, session: Option<&Session>, status: StatusCode, message: &str) -> Response {
        self.page(status, "message.html", session, json!({ "message": message }))
    }

    fn page(&self, status: StatusCode, page: &str, session: Option<&Session>, mut facts: Value) -> Response {
        let section = page.split('.').next().unwrap_or_default();
        facts["here"] = json!(if section == "overview" { String::new() } else { format!("/{section}") });
        facts["session"] = session.map_or(
            Value::Null,
            |session| json!({ "name": session.name, "form": session.form, "may_act": session.may_act() }),
        );
        match self.pages.page(page, facts) {
            Ok(body) => html(status, body),
            Err(error) => {
                tracing::error!(%error, "a page of the console could not be made");
                plain(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", "this page could not be made\n")
            }
        }
    }
}
