//! `/c/{token}`: a recipient's page with the card that they may see, `/c/{token}.vcf`, the same for an address book, and
//! `/c/{token}/stop`, the one-click address of e-mails (RFC 8058). Opening them shows something and changes nothing, for
//! mail scanners open links too; a POST does what it says, with no sign-in, cookie or redirect. That a page was opened stands
//! in its owner's record.

use super::answer::{accepted, guarded, html};
use crate::{
    domain::{card::Form, owner::Channel},
    http::{
        Surface,
        body::{self, BodyError},
        problem::{Kind, Problem},
    },
    store::StoreError,
    template::{CardChoices, CardPage, Letterhead, StopPage, StopState, card_file},
    usecase::{
        card_link::{self, Click},
        card_page::{self, Deed, Opened, Stopped},
        deliver_notice::Post,
        gateway::Gateway,
    },
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::sync::Arc;
use warp::{Filter, filters::BoxedFilter, reply::Response};

/// A link on these pages tells nothing of where it stood: their address is a secret.
const REFERRER: &str = "no-referrer";

/// The routes. A token is never logged: who has it speaks for its recipient.
pub(in crate::http) fn routes(surface: &Surface) -> BoxedFilter<(Response,)> {
    let gateway = Arc::clone(&surface.gateway);
    let limit = surface.body;
    let page = warp::path!("c" / String).map(|token: String| match token.strip_suffix(".vcf") {
        Some(token) => (token.to_owned(), What::File),
        None => (token, What::Card),
    });
    let stop = warp::path!("c" / String / "stop").map(|token: String| (token, What::Stop));
    page.or(stop)
        .unify()
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |(token, what): (String, What), method, headers: HeaderMap, stream| {
            let gateway = Arc::clone(&gateway);
            async move {
                let body = body::read(stream, limit).await;
                let answer = match gateway.post() {
                    Some(post) => {
                        let asked = Asked { gateway: &gateway, post: &post, token: &token, headers: &headers };
                        asked.answer(what, &method, body).await
                    }
                    None => Problem::new(Kind::NotFound).response(),
                };
                crate::http::count(&gateway.metrics, "page", guarded(answer, REFERRER))
            }
        })
        .boxed()
}

#[derive(Clone, Copy)]
enum What {
    Card,
    File,
    Stop,
}

/// What a form wants.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Click(Click),
    /// Channel and language; empty is *as usual*.
    How(Option<Channel>, String),
}

struct Asked<'a> {
    gateway: &'a Gateway,
    post: &'a Post,
    token: &'a str,
    headers: &'a HeaderMap,
}

impl Asked<'_> {
    async fn answer(&self, what: What, method: &Method, body: Result<Bytes, BodyError>) -> Response {
        let wanted = match (method, body) {
            (_, Err(error)) => return Problem::from(error).response(),
            (&Method::GET | &Method::HEAD, _) => None,
            (&Method::POST, Ok(body)) if !matches!(what, What::File) => match wanted(&body) {
                Some(wanted) => Some(wanted),
                None => return self.stop_page("", "", StopState::Ask, StatusCode::BAD_REQUEST),
            },
            _ => return Problem::new(Kind::MethodNotAllowed).response(),
        };
        let done = match what {
            What::Stop => self.stop(wanted).await,
            What::Card => self.card(wanted, method).await,
            What::File => self.file(method).await,
        };
        done.unwrap_or_else(|error| {
            tracing::error!(%error, "a recipient's link cannot be followed");
            Problem::new(Kind::Unavailable).response()
        })
    }

    async fn stop(&self, wanted: Option<Wanted>) -> Result<Response, StoreError> {
        let env = &self.gateway.env;
        let Some((link, name)) = card_link::read(env, self.token).await? else { return Ok(self.gone()) };
        let state = match wanted {
            None | Some(Wanted::How(..)) => StopState::Ask,
            Some(Wanted::Click(click)) => {
                card_link::click(env, &link, click).await?;
                match click {
                    Click::StopOwner => StopState::StoppedOwner,
                    Click::StopAll => StopState::StoppedAll,
                    Click::StartOwner | Click::StartAll => StopState::Started,
                }
            }
        };
        let language = card_page::language(env, &link).await?;
        Ok(self.stop_page(&language, &name, state, StatusCode::OK))
    }

    async fn card(&self, wanted: Option<Wanted>, method: &Method) -> Result<Response, StoreError> {
        let env = &self.gateway.env;
        let Some(opened) = card_page::open(env, self.token).await? else { return Ok(self.gone()) };
        let Some(wanted) = wanted else {
            self.note(&opened, Deed::Opened, method).await;
            return Ok(self.shown(&opened, None));
        };
        self.note(&opened, Deed::Chosen, method).await;
        let done = match wanted {
            Wanted::Click(click) => {
                card_link::click(env, &opened.link, click).await?;
                match click {
                    Click::StopOwner => "stopped_owner",
                    Click::StopAll => "stopped_all",
                    Click::StartOwner | Click::StartAll => "started",
                }
            }
            Wanted::How(first, language) => {
                let known = self.post.templates.languages().any(|(tag, _)| tag == language);
                card_page::choose(env, &opened.link, first, if known { &language } else { "" }).await?;
                "how_saved"
            }
        };
        let opened = card_page::open(env, self.token).await?;
        Ok(opened.map_or_else(|| self.gone(), |opened| self.shown(&opened, Some(done))))
    }

    fn shown(&self, opened: &Opened, done: Option<&'static str>) -> Response {
        let chosen = opened.preference.as_ref();
        let choices = CardChoices {
            channels: std::iter::once("usual").chain(opened.channels.iter().map(|channel| word(*channel))).collect(),
            channel: chosen.and_then(|chosen| chosen.first).map_or("usual", word),
            language: chosen.map(|chosen| chosen.language.to_string()).unwrap_or_default(),
            stopped: opened.stopped.map(|stopped| match stopped {
                Stopped::Owner => "owner",
                Stopped::All => "all",
            }),
        };
        let language =
            if choices.language.is_empty() { opened.link.language.to_string() } else { choices.language.clone() };
        let languages = self.post.templates.languages();
        let file = format!("/c/{}.vcf", self.token);
        let mut page = CardPage::new(&self.letterhead(), &opened.card, file, opened.link.until, choices, languages);
        if let Some(done) = done {
            page = page.done(done);
        }
        html(StatusCode::OK, self.post.templates.page(&self.languages(&language), &page))
    }

    /// As iOS and Android take it: version 3.0, shown and not saved, for Safari opens it as a contact then.
    async fn file(&self, method: &Method) -> Result<Response, StoreError> {
        let Some(opened) = card_page::open(&self.gateway.env, self.token).await? else { return Ok(self.gone()) };
        self.note(&opened, Deed::Taken, method).await;
        let name = card_file(&opened.card.fields.name);
        let mut response = Response::new(opened.card.to_vcard(Form::V3).into());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/vcard; charset=utf-8"));
        if let Ok(value) = format!("inline; filename=\"{name}\"").parse() {
            headers.insert(header::CONTENT_DISPOSITION, value);
        }
        Ok(response)
    }

    /// Notes it for the owner, unless it is nobody's look: a question for the head alone, or a browser's look ahead.
    async fn note(&self, opened: &Opened, deed: Deed, method: &Method) {
        if *method != Method::HEAD && !is_look_ahead(self.headers) {
            card_page::note(&self.gateway.env, opened, deed).await;
        }
    }

    fn gone(&self) -> Response {
        self.stop_page("", "", StopState::Gone, StatusCode::NOT_FOUND)
    }

    fn stop_page(&self, language: &str, name: &str, state: StopState, status: StatusCode) -> Response {
        let page = StopPage::new(&self.letterhead(), name, state);
        html(status, self.post.templates.page(&self.languages(language), &page))
    }

    /// The language of the message, else one that the browser asks for.
    fn languages<'a>(&'a self, language: &'a str) -> Vec<&'a str> {
        let all = [language].into_iter().chain(accepted(self.headers)).chain([self.post.language.as_str()]);
        all.filter(|tag| !tag.is_empty()).collect()
    }

    fn letterhead(&self) -> Letterhead {
        Letterhead { service: self.post.service.clone(), help: self.post.help.clone(), ..Letterhead::default() }
    }
}

/// What browsers and mail programs say of a page that they fetch before anybody asked for it.
fn is_look_ahead(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"]
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok())
        .any(|said| ["prefetch", "preview"].iter().any(|word| said.to_ascii_lowercase().starts_with(word)))
}

fn word(channel: Channel) -> &'static str {
    match channel {
        Channel::Push => "push",
        Channel::Sms => "sms",
        Channel::Email => "email",
    }
}

/// What a form wants; a mail program's own button sends `List-Unsubscribe=One-Click`.
fn wanted(body: &[u8]) -> Option<Wanted> {
    // The other form that RFC 8058 (section 3.2) lets a mail program use: multipart/form-data.
    let text = String::from_utf8_lossy(body);
    if text.contains("name=\"List-Unsubscribe\"") && text.contains("One-Click") {
        return Some(Wanted::Click(Click::StopOwner));
    }
    let fields: Vec<_> = form_urlencoded::parse(body).take(16).collect();
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| &**value);
    if field("act") == Some("how") {
        let first = match field("channel") {
            Some("push") => Some(Channel::Push),
            Some("sms") => Some(Channel::Sms),
            Some("email") => Some(Channel::Email),
            Some("usual") => None,
            _ => return None,
        };
        return Some(Wanted::How(first, field("language").unwrap_or_default().to_owned()));
    }
    let click = fields.iter().find_map(|(name, value)| match (&**name, &**value) {
        ("List-Unsubscribe", "One-Click") | ("stop", "owner") => Some(Click::StopOwner),
        ("stop", "all") => Some(Click::StopAll),
        ("start", "owner") => Some(Click::StartOwner),
        ("start", "all") => Some(Click::StartAll),
        _ => None,
    });
    click.map(Wanted::Click)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_wants() {
        let click = |click| Some(Wanted::Click(click));
        let how = |channel, language: &str| Some(Wanted::How(channel, language.to_owned()));
        for (body, expected) in [
            ("List-Unsubscribe=One-Click", click(Click::StopOwner)),
            ("stop=owner", click(Click::StopOwner)),
            ("x=1&stop=all", click(Click::StopAll)),
            ("start=owner", click(Click::StartOwner)),
            ("start=all", click(Click::StartAll)),
            (
                "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n",
                click(Click::StopOwner),
            ),
            ("act=how&channel=email&language=de", how(Some(Channel::Email), "de")),
            ("act=how&channel=usual&language=", how(None, "")),
            ("act=how&channel=pigeon", None),
            ("", None),
            ("stop=everything", None),
            ("List-Unsubscribe=one", None),
            ("\u{0}%%%=&&", None),
        ] {
            assert_eq!(wanted(body.as_bytes()), expected, "{body}");
        }
    }
}
