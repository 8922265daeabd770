//! One request after its credentials and its body were read: what handlers work with.

use super::{
    Api, json,
    reply::{Reply, rendered},
    route::{Body, Route, Segments},
};
use crate::{
    domain::id::{AppId, OwnerId},
    http::{
        body,
        problem::{Kind, Problem},
    },
    usecase::{
        keys::{self, Caller, Scope},
        write::{Actor, Performed, Plan, Refused, Repeatable, perform},
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use http::{HeaderMap, header};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::HashSet,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

/// Most entries of one page.
const MOST: usize = 200;
/// Entries of a page where nobody says how many.
const USUAL: usize = 50;
/// Longest `Idempotency-Key`.
const LONGEST_KEY: usize = 255;

/// A stream of a request's body.
pub(super) type Pieces = BoxStream<'static, Result<Bytes, warp::Error>>;

/// What the request line and the headers say.
#[derive(Debug)]
pub(super) struct Head {
    /// When it came, for the slot of rule Q4.
    pub arrived: tokio::time::Instant,
    pub route: &'static Route,
    pub segments: Segments,
    /// The path after `/v1/`, as it came.
    pub tail: String,
    pub query: String,
    pub headers: HeaderMap,
}

/// One request that may be answered.
pub(super) struct Call {
    pub api: Api,
    pub caller: Caller,
    pub head: Head,
    body: Bytes,
    stream: Mutex<Option<Pieces>>,
}

impl Call {
    /// Checks who asks and whether they may, then reads the body.
    pub(super) async fn admit(api: Api, head: Head, stream: Pieces) -> Result<Self, Problem> {
        let caller = authenticate(&api, &head.headers).await?;
        if !caller.may(head.route.scope) {
            return Err(
                Problem::new(Kind::Forbidden).detail(format!("this key has not the scope {}", head.route.scope))
            );
        }
        if caller.owner.is_some() && !head.route.bound {
            return Err(Problem::new(Kind::Forbidden).detail("this key acts for one owner only"));
        }
        let mut call = Self { api, caller, head, body: Bytes::new(), stream: Mutex::default() };
        match call.head.route.body {
            Body::None => {}
            Body::Stream => *call.stream.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream),
            Body::Json | Body::Contact => call.body = body::read(stream, call.api.body).await?,
        }
        Ok(call)
    }

    /// The body as it came, where the route reads it whole.
    pub(super) fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as it comes; once.
    pub(super) fn stream(&self) -> Option<Pieces> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The body as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        match self.media_type() {
            "" | "application/json" => json::read(&self.body),
            other if other.ends_with("+json") => json::read(&self.body),
            _ => Err(Problem::new(Kind::UnsupportedMedia).detail("application/json is read here")),
        }
    }

    /// The media type of the body without parameters, lower case only where it was sent so; empty where none is named.
    pub(super) fn media_type(&self) -> &str {
        let named = self.head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        named.unwrap_or_default().split(';').next().unwrap_or_default().trim()
    }

    /// A segment of the path.
    pub(super) fn segment(&self, name: &str) -> &str {
        let found = self.head.segments.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, text)| text.as_str())
    }

    /// A segment that is an id. One of another kind names nothing that there is.
    pub(super) fn id<T: FromStr>(&self, name: &'static str) -> Result<T, Problem> {
        self.segment(name).parse().map_err(|_| Refused::NotFound(name).into())
    }

    /// The owner in the path. A key that is bound to one owner finds no other, as if there were none.
    pub(super) fn owner(&self) -> Result<OwnerId, Problem> {
        let text = self.segment("owner");
        if text == "me" {
            return self.caller.owner.ok_or_else(|| {
                Problem::new(Kind::NotFound).detail("this key acts for no one owner, so there is no `me`")
            });
        }
        let id: OwnerId = self.id("owner")?;
        match self.caller.owner {
            Some(own) if own != id => Err(Refused::NotFound("owner").into()),
            _ => Ok(id),
        }
    }

    /// Who acts, for the trail and for proofs.
    pub(super) fn actor(&self) -> Actor {
        match &self.caller.session {
            Some(session) => Actor::person(session.evidence.clone()),
            None => Actor {
                of_owner: self.caller.owner.is_some(),
                ..Actor::key(self.caller.app, self.caller.may(Scope::Vouch))
            },
        }
    }

    /// A parameter of the query string.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut all = form_urlencoded::parse(self.head.query.as_bytes());
        all.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// A parameter that is read as `T`.
    pub(super) fn parsed<T: FromStr>(&self, name: &'static str, needed: &'static str) -> Result<Option<T>, Problem> {
        let Some(text) = self.parameter(name) else { return Ok(None) };
        let read = text.parse().map_err(|_| Problem::new(Kind::Invalid).field(format!("/{name}"), needed))?;
        Ok(Some(read))
    }

    /// `?limit=`, from 1 to 200.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        let limit = self.parsed("limit", "a number from 1 to 200")?.unwrap_or(USUAL);
        if (1..=MOST).contains(&limit) {
            Ok(limit)
        } else {
            Err(Problem::new(Kind::Invalid).field("/limit", "a number from 1 to 200"))
        }
    }

    /// `?after=`: the last entry of the page before.
    pub(super) fn after<T: FromStr>(&self) -> Result<Option<T>, Problem> {
        self.parsed("after", "the last entry's id of the page before")
    }

    /// The path of the next page.
    pub(super) fn next(&self, after: &impl std::fmt::Display) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(self.head.query.as_bytes()).filter(|(name, _)| name != "after") {
            query.append_pair(&name, &value);
        }
        query.append_pair("after", &after.to_string());
        format!("/v1/{}?{}", self.head.tail, query.finish())
    }

    /// The version that `If-Match` names; any where there is none or it is `*`.
    pub(super) fn if_match(&self) -> Result<Option<u64>, Problem> {
        let Some(value) = self.head.headers.get(header::IF_MATCH) else { return Ok(None) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(None);
        }
        let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let version = inner.and_then(|digits| digits.parse().ok());
        version.map(Some).ok_or_else(|| {
            Problem::new(Kind::Malformed).detail("If-Match is one entity tag as an answer gave it, such as \"12\"")
        })
    }

    /// Carries a plan out and answers with `status` and what `view` makes of the outcome. Where the request has an
    /// `Idempotency-Key` a repeat gets the first answer.
    pub(super) async fn write<T, V, F>(
        &self,
        view: impl Fn(&T) -> (u16, V),
        plan: impl Fn() -> F,
    ) -> Result<(Reply, Option<T>), Problem>
    where
        V: Serialize,
        F: Future<Output = Result<Plan<T>, Refused>>,
    {
        let render = |outcome: &T| {
            let (status, body) = view(outcome);
            (status, if status == 204 { String::new() } else { rendered(&body) })
        };
        let once = self.repeatable()?;
        let _under_way = once.as_ref().map(|once| self.begin(once)).transpose()?;
        match perform(&self.api.env, once.as_ref(), render, plan).await? {
            Performed::Done(outcome) => {
                let (status, body) = render(&outcome);
                Ok((Reply::rendered(status, body), Some(outcome)))
            }
            Performed::Before { status, body } => Ok((Reply::rendered(status, body.into()).repeated(), None)),
        }
    }

    /// As [`Call::write`], where the outcome itself is not needed for headers.
    pub(super) async fn wrote<T, V, F>(
        &self,
        view: impl Fn(&T) -> (u16, V),
        plan: impl Fn() -> F,
    ) -> Result<Reply, Problem>
    where
        V: Serialize,
        F: Future<Output = Result<Plan<T>, Refused>>,
    {
        Ok(self.write(view, plan).await?.0)
    }

    fn repeatable(&self) -> Result<Option<Repeatable>, Problem> {
        let Some(value) = self.head.headers.get("idempotency-key") else { return Ok(None) };
        if !self.head.route.is_repeatable() {
            return Ok(None);
        }
        let key = value.to_str().unwrap_or_default();
        if key.is_empty() || key.len() > LONGEST_KEY {
            return Err(Problem::new(Kind::Malformed)
                .detail(format!("Idempotency-Key has 1 to {LONGEST_KEY} visible ASCII characters")));
        }
        Ok(Some(Repeatable {
            caller: self.caller.app,
            path: format!("{} /v1/{}?{}", self.head.route.method, self.head.tail, self.head.query).into(),
            key: key.into(),
            digest: keys::digest(&self.body),
        }))
    }

    fn begin(&self, once: &Repeatable) -> Result<UnderWay, Problem> {
        let entry = (once.caller, format!("{} {}", once.path, once.key));
        let mut all = self.api.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.insert(entry.clone()) {
            return Err(Problem::new(Kind::Conflict)
                .detail("a request with this Idempotency-Key is under way; its answer comes there"));
        }
        Ok(UnderWay { all: Arc::clone(&self.api.under_way), entry })
    }
}

/// A request with an idempotency key that is being answered.
struct UnderWay {
    all: Arc<Mutex<HashSet<(AppId, String)>>>,
    entry: (AppId, String),
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.entry);
    }
}

async fn authenticate(api: &Api, headers: &HeaderMap) -> Result<Caller, Problem> {
    let refused = || Problem::new(Kind::Unauthorized).detail("an API key is needed: Authorization: Bearer rdl_…");
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(refused)?;
    let secret = match shown.split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => secret.trim().to_owned(),
        // Programs that know nothing but names and passwords: the password is what counts.
        Some((scheme, both)) if scheme.eq_ignore_ascii_case("basic") => password(both.trim()).ok_or_else(refused)?,
        _ => return Err(refused()),
    };
    keys::authenticate(&api.env, &secret).await?.ok_or_else(refused)
}

/// The password of basic credentials (RFC 7617).
fn password(both: &str) -> Option<String> {
    let text = String::from_utf8(STANDARD.decode(both).ok()?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}
