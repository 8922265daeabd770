//! Answers: JSON, an entity tag where there is a version, and problem documents for what a use case refused.

use crate::{
    http::problem::{Kind, Problem},
    store::StoreError,
    usecase::write::Refused,
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use warp::reply::Response;

/// An answer that is not an error.
#[derive(Debug)]
pub(super) struct Reply(Response);

impl Reply {
    /// JSON with a status.
    pub(super) fn json(status: u16, body: &impl Serialize) -> Self {
        Self::rendered(status, rendered(body))
    }

    /// JSON that is already text; nothing at all for 204.
    pub(super) fn rendered(status: u16, body: String) -> Self {
        let empty = body.is_empty();
        let mut reply = Self::of("application/json", body.into());
        *reply.0.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        if empty {
            reply.0.headers_mut().remove(header::CONTENT_TYPE);
        }
        reply
    }

    /// Bytes of a media type, with status 200.
    pub(super) fn of(content_type: &'static str, body: bytes::Bytes) -> Self {
        let mut response = Response::new(body.into());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Self(response)
    }

    /// Any response.
    pub(super) fn whole(response: Response) -> Self {
        Self(response)
    }

    /// With the version that `If-Match` compares.
    pub(super) fn tagged(mut self, version: u64) -> Self {
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
            self.0.headers_mut().insert(header::ETAG, tag);
        }
        self
    }

    /// Marks the repeated answer of a request that was carried out before.
    pub(super) fn repeated(mut self) -> Self {
        self.0.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
        self
    }

    pub(super) fn into_response(self) -> Response {
        self.0
    }
}

/// A view as text.
pub(super) fn rendered(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be written");
        String::from("null")
    })
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotFound(what) => Problem::new(Kind::NotFound).detail(format!("no such {what}")),
            Refused::Invalid(faults) => faults
                .into_iter()
                .fold(Problem::new(Kind::Invalid), |problem, fault| problem.field(fault.pointer, fault.detail)),
            Refused::Taken => Problem::new(Kind::Taken)
                .detail("another owner holds a value of this request; a code sent there is the proof that decides"),
            Refused::Stale { present } => {
                Problem::new(Kind::Stale).detail(format!("its present version is \"{present}\"; read it again"))
            }
            Refused::Conflict(why) => Problem::new(Kind::Conflict).detail(why),
            Refused::VetoSpent => Problem::new(Kind::Conflict).detail(refused.to_string()),
            Refused::KeyReused => Problem::new(Kind::KeyReused),
            Refused::WrongCode => {
                Problem::new(Kind::Invalid).field("/code", "it is wrong, or counts no longer; ask for another one")
            }
            Refused::TooMany => Problem::new(Kind::TooMany).retry_after(60),
            Refused::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict | StoreError::Repeated => {
                Problem::new(Kind::Conflict).detail("others changed the same owner at the same time; try again")
            }
            StoreError::Taken(_) => Problem::new(Kind::Taken),
            StoreError::Spent => Problem::new(Kind::TooMany),
            StoreError::Unavailable(_) => {
                tracing::error!(%error, "the store refused");
                Problem::new(Kind::Unavailable).retry_after(1)
            }
            StoreError::Damaged(_) | StoreError::Newer { .. } => {
                tracing::error!(%error, "the store cannot be used");
                Problem::new(Kind::Internal)
            }
        }
    }
}
