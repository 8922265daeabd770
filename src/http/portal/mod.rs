//! `/` and `/me`: the owner's portal. Made on the server; it works without a script.
//!
//! A session is opened by a code and its token stands in a cookie that no script reads. Every form of a session carries a
//! mark made of its token, and is refused where a browser says that it came from elsewhere. What changes something is a
//! POST, which answers with a redirect to a page that can be loaded again.

mod asked;
mod board;
mod change;
mod digest;
mod draft;
mod facts;
mod groups;
mod home;
mod keep;
mod keys;
mod multipart;
mod people;
mod profile;
mod record;
mod safety;
mod sign_in;
mod who;

use super::{
    arrival::Arrival,
    body::{self, BodyError, Limit},
    pages::answer::{accepted, guarded, html, not_found},
    problem::{Kind, Problem},
};
use crate::{
    domain::owner::Owner,
    store::Session,
    usecase::{
        Env,
        deliver_notice::Post,
        gateway::Gateway,
        sessions,
        write::{Actor, Refused},
    },
};
use asked::{Asked, Cookie, mark_of};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::sync::Arc;
use warp::{Filter, Reply as _, filters::BoxedFilter, reply::Response};

/// The portal.
struct Surface {
    gateway: Arc<Gateway>,
}

/// A form is short; the longest is a file of contacts.
const FORM_MOST: usize = 1 << 20;

/// `/`, everything below `/me`, and `/keep/{token}`.
pub(super) fn routes(surface: &super::Surface) -> BoxedFilter<(Response,)> {
    let body = Limit { bytes: surface.body.bytes.min(FORM_MOST), ..surface.body };
    let surface = Arc::new(Surface { gateway: Arc::clone(&surface.gateway) });
    let root = warp::path::end().map(String::new);
    let me = warp::path("me").and(warp::path::tail()).map(|tail: warp::path::Tail| tail.as_str().to_owned());
    let keep = warp::path!("keep" / String).map(|token: String| format!("keep/{token}"));
    root.or(me)
        .unify()
        .or(keep)
        .unify()
        .and(warp::method())
        .and(warp::ext::get::<Arrival>())
        .and(warp::header::headers_cloned())
        .and(body::tried(body))
        .then(move |path: String, method, arrival, headers, body: Result<Bytes, BodyError>| {
            let (body, unread) = body.map_or_else(|why| (Bytes::new(), Some(why)), |body| (body, None));
            let asked = Asked { path, method, arrival, headers, body };
            let surface = Arc::clone(&surface);
            async move {
                let answer = surface.answer(&asked, unread).await;
                super::count(&surface.gateway.metrics, "portal", guarded(answer, "same-origin"))
            }
        })
        .boxed()
}

/// Somebody who is signed in.
struct Signed {
    session: Session,
    owner: Owner,
    /// Stands in every form.
    mark: String,
}

impl Signed {
    fn actor(&self) -> Actor {
        Actor::person(self.session.evidence.clone())
    }
}

/// What one request works with.
struct Desk<'a> {
    cookie: Cookie,
    env: &'a Env,
    post: Arc<Post>,
    asked: &'a Asked,
}

/// How a handler ends: an answer, or why not.
type Answered = Result<Response, Refused>;

impl Surface {
    async fn answer(&self, asked: &Asked, unread: Option<BodyError>) -> Response {
        let Some(post) = self.gateway.post() else { return not_found() };
        // By https the cookie never travels without.
        let cookie = Cookie { secure: post.public_url.starts_with("https") };
        let desk = Desk { cookie, env: &self.gateway.env, post, asked };
        match unread {
            None => {}
            Some(BodyError::TooLarge) => return desk.say(None, StatusCode::PAYLOAD_TOO_LARGE, "err_large"),
            Some(why) => return Problem::from(why).response(),
        }
        if asked.method != Method::POST && asked.method != Method::GET && asked.method != Method::HEAD {
            return Problem::new(Kind::MethodNotAllowed).response();
        }
        if asked.method == Method::POST && !asked.is_from_here() {
            return desk.say(None, StatusCode::FORBIDDEN, "err_elsewhere");
        }
        if asked.method == Method::POST && !asked.is_form() {
            return desk.say(None, StatusCode::UNSUPPORTED_MEDIA_TYPE, "err_form");
        }
        let signed = match desk.signed().await {
            Ok(signed) => signed,
            Err(why) => return desk.refused(None, &why),
        };
        match desk.route(signed.as_ref()).await {
            Ok(answer) => answer,
            Err(why) => desk.refused(signed.as_ref(), &why),
        }
    }
}

impl Desk<'_> {
    async fn signed(&self) -> Result<Option<Signed>, Refused> {
        let Some(token) = self.cookie.read(&self.asked.headers) else { return Ok(None) };
        let Some(session) = sessions::authenticate(self.env, &token).await? else { return Ok(None) };
        let owner = self.env.store.owner(session.owner).await?;
        Ok(owner.map(|owner| Signed { session, owner, mark: mark_of(&token) }))
    }

    async fn route(&self, signed: Option<&Signed>) -> Answered {
        let post = self.asked.method == Method::POST;
        let parts: Vec<&str> = self.asked.path.split('/').collect();
        match (post, &parts[..]) {
            (_, ["keep", token]) => return keep::page(self, signed, post, token).await,
            (true, ["sign-in"]) => return sign_in::begin(self).await,
            (true, ["sign-in", "code"]) => return sign_in::finish(self).await,
            (false, ["sign-in", "code"]) if signed.is_none() => return sign_in::code(self).await,
            (false, ["sign-in", ..]) if signed.is_some() => return Ok(redirect("/")),
            (false, ["passkey"]) => return keys::ask(self).await,
            (true, ["sign-in", "passkey"]) => return sign_in::by_passkey(self).await,
            _ => {}
        }
        let Some(me) = signed else { return Ok(sign_in::page(self, "", None)) };
        if post && self.asked.field("form").as_deref() != Some(me.mark.as_str()) {
            return Ok(self.say(signed, StatusCode::FORBIDDEN, "err_form"));
        }
        match (post, &parts[..]) {
            (true, ["sign-out"]) => sign_in::end(self, me).await,
            (false, [""]) => home::page(self, me).await,
            (_, ["change", rest @ ..]) => change::route(self, me, post, rest).await,
            (_, ["groups", rest @ ..]) => groups::route(self, me, post, rest).await,
            (_, ["people", rest @ ..]) => people::route(self, me, post, rest).await,
            (_, ["profile", rest @ ..]) => profile::route(self, me, post, rest).await,
            (_, ["keys", rest @ ..]) => keys::route(self, me, post, rest).await,
            (false, ["record"]) => record::page(self, me).await,
            (_, ["safety", rest @ ..]) => safety::route(self, me, post, rest).await,
            _ => Ok(self.say(signed, StatusCode::NOT_FOUND, "err_page")),
        }
    }

    /// A page of `templates/pages/portal/`.
    fn page(&self, signed: Option<&Signed>, status: StatusCode, name: &str, mut facts: Value) -> Response {
        facts["service"] = self.post.service.as_str().into();
        facts["help"] = Some(self.post.help.as_str()).filter(|help| !help.is_empty()).into();
        facts["home"] = true.into();
        facts["me"] = signed.map_or(Value::Null, |me| json!({ "name": me.owner.profile.name, "form": me.mark }));
        let now = self.env.clock.now();
        if let Some(me) = signed {
            facts["clock"] = facts::own_clock(&me.owner, now);
        }
        facts["way"] = name.split('_').next().unwrap_or_default().into();
        let done = self.asked.query("done").filter(|done| DONE.contains(&done.as_str()));
        facts["done"] = done.into();
        let own = signed.map(|me| &*me.owner.language);
        let languages = own.into_iter().chain(accepted(&self.asked.headers)).chain([self.post.language.as_str()]);
        html(status, self.post.templates.show(&languages.collect::<Vec<_>>(), &format!("portal/{name}"), facts))
    }

    /// One sentence.
    fn say(&self, signed: Option<&Signed>, status: StatusCode, sentence: &str) -> Response {
        self.page(signed, status, "message", json!({ "sentence": sentence }))
    }

    fn refused(&self, signed: Option<&Signed>, why: &Refused) -> Response {
        if let Refused::Store(error) = why {
            tracing::error!(%error, "a page of the portal could not be made");
        }
        let (status, sentence) = sentence(why);
        self.say(signed, status, sentence)
    }
}

/// What is said of a refusal, by its name among the words of pages.
fn sentence(why: &Refused) -> (StatusCode, &'static str) {
    match why {
        Refused::NotFound(_) => (StatusCode::NOT_FOUND, "err_page"),
        Refused::Invalid(_) => (StatusCode::BAD_REQUEST, "err_invalid"),
        Refused::WrongCode => (StatusCode::FORBIDDEN, "err_code"),
        Refused::TooMany => (StatusCode::TOO_MANY_REQUESTS, "err_many"),
        Refused::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "err_down"),
        Refused::VetoSpent => (StatusCode::CONFLICT, "err_spent"),
        _ => (StatusCode::CONFLICT, "err_conflict"),
    }
}

/// Sentences that a page may be asked to say after a redirect.
const DONE: &[&str] = &[
    "done_accepted",
    "done_refused",
    "done_undone",
    "done_introduced",
    "done_dropped",
    "done_imported",
    "done_saved",
    "done_group",
    "done_person",
    "done_joined",
    "done_blocked",
    "done_unblocked",
    "done_stopped",
    "done_delayed",
    "done_signed_out",
    "done_panic",
    "done_revoked",
];

/// To be fetched by GET.
fn redirect(to: &str) -> Response {
    warp::reply::with_status(warp::reply::with_header("", header::LOCATION, to), StatusCode::SEE_OTHER).into_response()
}
