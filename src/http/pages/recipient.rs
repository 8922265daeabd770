//! `/c/{token}/stop`: the page behind a recipient's link, and the one-click address of e-mails (RFC 8058). Opening it
//! shows a page and changes nothing; a POST does what it says, with no sign-in, cookie or redirect.

use super::answer::{accepted, guarded, html};
use crate::{
    http::{
        Surface,
        body::{self, BodyError},
        problem::{Kind, Problem},
    },
    template::{CardWay, Letterhead, StopPage, StopState},
    usecase::{
        deliver_notice::Post,
        gateway::Gateway,
        stop_link::{self, Click},
    },
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use std::sync::Arc;
use warp::{Filter, filters::BoxedFilter, reply::Response};

/// The route. A token is never logged: who has it speaks for its recipient.
pub(in crate::http) fn routes(surface: &Surface) -> BoxedFilter<(Response,)> {
    let gateway = Arc::clone(&surface.gateway);
    let limit = surface.body;
    warp::path!("c" / String / "stop")
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |token: String, method, headers, stream| {
            let gateway = Arc::clone(&gateway);
            async move {
                let body = body::read(stream, limit).await;
                let answer = answer(&gateway, &token, &method, &headers, body).await;
                crate::http::count(&gateway.metrics, "page", answer)
            }
        })
        .boxed()
}

async fn answer(
    gateway: &Gateway,
    token: &str,
    method: &Method,
    headers: &HeaderMap,
    body: Result<Bytes, BodyError>,
) -> Response {
    let Some(post) = gateway.post() else { return Problem::new(Kind::NotFound).response() };
    let click = match (method, body) {
        (_, Err(error)) => return Problem::from(error).response(),
        (&Method::GET | &Method::HEAD, _) => None,
        (&Method::POST, Ok(body)) => match wanted(&body) {
            Some(click) => Some(click),
            None => return page(&post, headers, "", "", StopState::Ask, StatusCode::BAD_REQUEST),
        },
        _ => return Problem::new(Kind::MethodNotAllowed).response(),
    };
    let found = match stop_link::read(&gateway.env, token).await {
        Ok(found) => found,
        Err(error) => return unavailable(&error),
    };
    let Some((link, name)) = found else {
        return page(&post, headers, "", "", StopState::Gone, StatusCode::NOT_FOUND);
    };
    let state = match click {
        None => StopState::Ask,
        Some(click) => {
            if let Err(error) = stop_link::click(&gateway.env, &link, click).await {
                return unavailable(&error);
            }
            match click {
                Click::StopOwner => StopState::StoppedOwner,
                Click::StopAll => StopState::StoppedAll,
                Click::StartOwner | Click::StartAll => StopState::Started,
            }
        }
    };
    page(&post, headers, &link.language, &name, state, StatusCode::OK)
}

fn unavailable(error: &crate::store::StoreError) -> Response {
    tracing::error!(%error, "a recipient's link cannot be followed");
    Problem::new(Kind::Unavailable).response()
}

/// What a form wants; a mail program's own button sends `List-Unsubscribe=One-Click`.
fn wanted(body: &[u8]) -> Option<Click> {
    // The other form that RFC 8058 (section 3.2) lets a mail program use: multipart/form-data.
    let text = String::from_utf8_lossy(body);
    if text.contains("name=\"List-Unsubscribe\"") && text.contains("One-Click") {
        return Some(Click::StopOwner);
    }
    form_urlencoded::parse(body).find_map(|(name, value)| match (&*name, &*value) {
        ("List-Unsubscribe", "One-Click") | ("stop", "owner") => Some(Click::StopOwner),
        ("stop", "all") => Some(Click::StopAll),
        ("start", "owner") => Some(Click::StartOwner),
        ("start", "all") => Some(Click::StartAll),
        _ => None,
    })
}

/// The page in the language of the message, else in one that the browser asks for.
fn page(
    post: &Post,
    headers: &HeaderMap,
    language: &str,
    name: &str,
    state: StopState,
    status: StatusCode,
) -> Response {
    let languages: Vec<&str> = [language]
        .into_iter()
        .chain(accepted(headers))
        .chain([post.language.as_str()])
        .filter(|tag| !tag.is_empty())
        .collect();
    let letterhead = Letterhead {
        service: post.service.clone(),
        reply: false,
        help: post.help.clone(),
        unsubscribe: String::new(),
        card: CardWay::None,
        list: String::new(),
    };
    let page = post.templates.page(&languages, &StopPage::new(&letterhead, name, state));
    guarded(html(status, page), "no-referrer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_wants() {
        for (body, expected) in [
            ("List-Unsubscribe=One-Click", Some(Click::StopOwner)),
            ("stop=owner", Some(Click::StopOwner)),
            ("x=1&stop=all", Some(Click::StopAll)),
            ("start=owner", Some(Click::StartOwner)),
            ("start=all", Some(Click::StartAll)),
            (
                "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n",
                Some(Click::StopOwner),
            ),
            ("", None),
            ("stop=everything", None),
            ("List-Unsubscribe=one", None),
            ("\u{0}%%%=&&", None),
        ] {
            assert_eq!(wanted(body.as_bytes()), expected, "{body}");
        }
    }
}
