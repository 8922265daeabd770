//! Error answers as problem documents (RFC 9457), and how warp's rejections become them.
//!
//! To add a kind: a variant of [`Kind`] and a line in its table. A `type` that was published never changes.

use http::{HeaderValue, StatusCode, header};
use std::{borrow::Cow, convert::Infallible};
use warp::{Rejection, Reply, reply::Response};

/// What went wrong; each kind has one stable `type`, one title and one status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request could not be read: not JSON, not a form, a bad query string.
    Malformed,
    /// It was read, but a value in it cannot be used; `errors` says which.
    Invalid,
    /// No credentials, or wrong ones.
    Unauthorized,
    /// The credentials are not allowed to do this.
    Forbidden,
    /// Nothing is here, or not for this caller.
    NotFound,
    /// The path has no such method.
    MethodNotAllowed,
    /// Somebody else changed it at the same time; read again.
    Conflict,
    /// Another owner holds this number or address.
    Taken,
    /// The same idempotency key came with another body.
    KeyReused,
    /// `If-Match` or the expected revision is not the present one.
    Stale,
    /// The body is larger than allowed.
    TooLarge,
    /// The body is of a kind that is not read here.
    UnsupportedMedia,
    /// The body did not arrive in time.
    Timeout,
    /// Too many requests; `Retry-After` says when.
    TooMany,
    /// Redial failed; the log says why.
    Internal,
    /// The store cannot be reached, or Redial is stopping.
    Unavailable,
}

impl Kind {
    /// Every kind, for documentation and tests.
    pub const ALL: [Kind; 16] = [
        Kind::Malformed,
        Kind::Invalid,
        Kind::Unauthorized,
        Kind::Forbidden,
        Kind::NotFound,
        Kind::MethodNotAllowed,
        Kind::Conflict,
        Kind::Taken,
        Kind::KeyReused,
        Kind::Stale,
        Kind::TooLarge,
        Kind::UnsupportedMedia,
        Kind::Timeout,
        Kind::TooMany,
        Kind::Internal,
        Kind::Unavailable,
    ];

    fn row(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Kind::Malformed => (S::BAD_REQUEST, "malformed", "The request could not be read"),
            Kind::Invalid => (S::UNPROCESSABLE_ENTITY, "invalid", "A value in the request cannot be used"),
            Kind::Unauthorized => (S::UNAUTHORIZED, "unauthorized", "Credentials are missing or wrong"),
            Kind::Forbidden => (S::FORBIDDEN, "forbidden", "These credentials may not do this"),
            Kind::NotFound => (S::NOT_FOUND, "not-found", "There is nothing here"),
            Kind::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "method-not-allowed", "This path has no such method"),
            Kind::Conflict => (S::CONFLICT, "conflict", "It was changed at the same time"),
            Kind::Taken => (S::CONFLICT, "taken", "Another owner holds this address"),
            Kind::KeyReused => {
                (S::UNPROCESSABLE_ENTITY, "key-reused", "The idempotency key was used with another body")
            }
            Kind::Stale => (S::PRECONDITION_FAILED, "stale", "It has been changed since it was read"),
            Kind::TooLarge => (S::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            Kind::UnsupportedMedia => {
                (S::UNSUPPORTED_MEDIA_TYPE, "unsupported-media", "A body of this type is not read here")
            }
            Kind::Timeout => (S::REQUEST_TIMEOUT, "timeout", "The request did not arrive in time"),
            Kind::TooMany => (S::TOO_MANY_REQUESTS, "too-many", "Too many requests"),
            Kind::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "Something went wrong here"),
            Kind::Unavailable => (S::SERVICE_UNAVAILABLE, "unavailable", "Not available at the moment"),
        }
    }

    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        self.row().0
    }

    /// The stable `type`: `urn:redial:problem:` and a word.
    pub fn uri(self) -> String {
        format!("urn:redial:problem:{}", self.row().1)
    }

    /// One sentence that is the same for every occurrence.
    pub fn title(self) -> &'static str {
        self.row().2
    }
}

/// One value of the request that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldProblem {
    /// JSON Pointer (RFC 6901) into the body; a form field or query parameter has one segment.
    pub pointer: Cow<'static, str>,
    /// What was found and what would be right.
    pub detail: Cow<'static, str>,
}

/// An error answer. Also a warp rejection, so that a filter can end with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    kind: Kind,
    detail: Option<Cow<'static, str>>,
    errors: Vec<FieldProblem>,
    retry_after: Option<u64>,
}

impl warp::reject::Reject for Problem {}

impl Problem {
    /// A problem with nothing but its kind.
    pub fn new(kind: Kind) -> Self {
        Self { kind, detail: None, errors: Vec::new(), retry_after: None }
    }

    /// What happened this time, for the person who reads it. No internals, no numbers, no secrets.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Names a value that cannot be used: `pointer` as in [`FieldProblem::pointer`].
    #[must_use]
    pub fn field(mut self, pointer: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        self.errors.push(FieldProblem { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// When to come again, in whole seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The JSON document.
    pub fn document(&self) -> serde_json::Value {
        let mut document = serde_json::json!({
            "type": self.kind.uri(),
            "title": self.kind.title(),
            "status": self.kind.status().as_u16(),
        });
        if let Some(detail) = &self.detail {
            document["detail"] = serde_json::json!(detail);
        }
        if !self.errors.is_empty() {
            document["errors"] = serde_json::json!(self.errors);
        }
        document
    }

    /// The whole answer.
    pub fn response(&self) -> Response {
        let mut response = Response::new(self.document().to_string().into());
        *response.status_mut() = self.kind.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.kind == Kind::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        Self::new(kind)
    }
}

impl Reply for Problem {
    fn into_response(self) -> Response {
        self.response()
    }
}

/// Turns what no route took into a problem document; the last step of the route tree.
///
/// A [`Problem`] that a filter rejected with wins over warp's own rejections of the routes beside it.
pub async fn recover(rejection: Rejection) -> Result<Response, Infallible> {
    use warp::reject::{
        InvalidHeader, InvalidQuery, LengthRequired, MethodNotAllowed, MissingHeader, PayloadTooLarge,
        UnsupportedMediaType,
    };
    if let Some(problem) = rejection.find::<Problem>() {
        return Ok(problem.response());
    }
    let kind = if rejection.is_not_found() {
        Kind::NotFound
    } else if rejection.find::<PayloadTooLarge>().is_some() {
        Kind::TooLarge
    } else if rejection.find::<UnsupportedMediaType>().is_some() {
        Kind::UnsupportedMedia
    } else if rejection.find::<warp::filters::body::BodyDeserializeError>().is_some()
        || rejection.find::<InvalidQuery>().is_some()
        || rejection.find::<InvalidHeader>().is_some()
        || rejection.find::<MissingHeader>().is_some()
        || rejection.find::<LengthRequired>().is_some()
    {
        Kind::Malformed
    } else if rejection.find::<MethodNotAllowed>().is_some() {
        Kind::MethodNotAllowed
    } else {
        tracing::error!(?rejection, "no answer for this rejection");
        Kind::Internal
    };
    Ok(Problem::new(kind).response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use std::collections::HashSet;
    use warp::Filter as _;

    async fn answer(response: Response) -> (u16, String, serde_json::Value) {
        let status = response.status().as_u16();
        let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, kind, serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn every_kind_has_its_own_type_and_an_error_status() {
        let types: HashSet<String> = Kind::ALL.into_iter().map(Kind::uri).collect();
        assert_eq!(types.len(), Kind::ALL.len());
        assert!(Kind::ALL.into_iter().all(|kind| kind.status().as_u16() >= 400 && !kind.title().is_empty()));
    }

    #[tokio::test]
    async fn the_document_says_what_and_where() {
        let problem = Problem::new(Kind::Invalid).detail("one number is wrong").field("/to", "not a phone number");
        let (status, content_type, body) = answer(problem.response()).await;
        assert_eq!((status, content_type.as_str()), (422, "application/problem+json"));
        assert_eq!(
            body,
            serde_json::json!({
                "type": "urn:redial:problem:invalid", "title": "A value in the request cannot be used", "status": 422,
                "detail": "one number is wrong", "errors": [{"pointer": "/to", "detail": "not a phone number"}],
            })
        );
    }

    #[tokio::test]
    async fn rejections_become_problem_documents() {
        let refuses = warp::path("refuses")
            .and_then(|| async { Err::<&str, _>(warp::reject::custom(Problem::new(Kind::Forbidden))) });
        let posts = warp::path("posts").and(warp::post()).map(|| "done");
        let service = hyper_util::service::TowerToHyperService::new(warp::service(refuses.or(posts).recover(recover)));
        for (path, status) in [("/refuses", 403), ("/posts", 405), ("/nowhere", 404)] {
            let request = http::Request::get(path).body(http_body_util::Empty::<bytes::Bytes>::new()).unwrap();
            let response = hyper::service::Service::call(&service, request).await.unwrap();
            let (found, content_type, body) = answer(response).await;
            assert_eq!((found, content_type.as_str()), (status, "application/problem+json"), "{path}");
            assert_eq!(body["status"], status);
        }
    }
}
