//! Signing in by a code, and out (rule C1). Nothing on these pages tells whether anybody has an address.

use super::{Answered, Desk, Signed, keys, redirect, sentence};
use crate::{
    domain::address::Address,
    http::pages::answer::accepted,
    usecase::{
        codes::Requester,
        passkeys, sessions,
        sign_in::{self, NewcomerName, SignedIn},
        write::Refused,
    },
};
use http::StatusCode;
use serde_json::json;
use warp::reply::Response;

/// Asks for a number or an address.
pub(super) fn page(desk: &Desk<'_>, to: &str, wrong: Option<&str>) -> Response {
    asks(desk, to, wrong, None)
}

fn asks(desk: &Desk<'_>, to: &str, wrong: Option<&str>, wrong_passkey: Option<&str>) -> Response {
    let status = match (wrong, wrong_passkey) {
        (None, None) => StatusCode::OK,
        (Some(_), _) => StatusCode::BAD_REQUEST,
        (None, Some(_)) => StatusCode::FORBIDDEN,
    };
    let facts = json!({
        "to": to, "wrong": wrong, "passkeys": keys::possible(desk), "wrong_passkey": wrong_passkey,
        "next": desk.asked.came_from(),
    });
    desk.page(None, status, "sign_in", facts)
}

/// Sends a code. The page that asks for it can be loaded again: who reads the message on the same phone often comes back to a
/// page that the browser has thrown away.
pub(super) async fn begin(desk: &Desk<'_>) -> Answered {
    let to = desk.asked.text("to");
    let Ok(address) = Address::parse(&to, desk.env.rules().region) else {
        return Ok(page(desk, &to, Some("err_address")));
    };
    let (who, languages) = (desk.asked.requester(), accepted(&desk.asked.headers));
    let requester = Requester { who: &who, language: languages.first().copied() };
    match sign_in::begin(desk.env, &address, requester).await {
        Ok(issued) => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("challenge", &issued.challenge.to_string());
            query.append_pair("next", &desk.asked.came_from());
            Ok(redirect(&format!("/me/sign-in/code?{}", query.finish())))
        }
        // The one that was sent before still counts.
        Err(Refused::TooMany) => match desk.asked.text("challenge") {
            before if before.is_empty() => Ok(page(desk, &to, Some("err_codes"))),
            before => code_page(desk, &before, Some("err_codes"), false).await,
        },
        Err(other) => Err(other),
    }
}

/// Asks for the code of a challenge.
pub(super) async fn code(desk: &Desk<'_>) -> Answered {
    code_page(desk, &desk.asked.query("challenge").unwrap_or_default(), None, false).await
}

async fn code_page(desk: &Desk<'_>, challenge: &str, wrong: Option<&str>, newcomer: bool) -> Answered {
    let sent = match challenge.parse() {
        Ok(id) => sign_in::asked(desk.env, id).await?,
        Err(_) => None,
    };
    let Some(to) = sent else { return Ok(page(desk, "", Some("err_code"))) };
    let status = if wrong.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    let facts = json!({
        "challenge": challenge, "to": to.wire(), "wrong": wrong, "newcomer": newcomer, "code": desk.asked.text("code"),
        "next": desk.asked.came_from(), "name": desk.asked.text("name"),
    });
    Ok(desk.page(None, status, "sign_in_code", facts))
}

/// Answers it. The session is a new one, whatever cookie the browser had.
pub(super) async fn finish(desk: &Desk<'_>) -> Answered {
    let (challenge, code) = (desk.asked.text("challenge"), desk.asked.text("code"));
    let name = desk.asked.text("name");
    let newcomer = (!name.is_empty())
        .then(|| NewcomerName { name, language: accepted(&desk.asked.headers).first().map(|&tag| tag.to_owned()) });
    let Ok(id) = challenge.parse() else { return Ok(page(desk, "", Some("err_code"))) };
    match sign_in::finish(desk.env, id, &code, &desk.asked.device(), newcomer.as_ref()).await {
        Ok(SignedIn::As { token, .. }) => Ok(enters(desk, &token)),
        Ok(SignedIn::Newcomer) => code_page(desk, &challenge, None, true).await,
        Err(Refused::Store(error)) => Err(Refused::Store(error)),
        Err(Refused::Invalid(_)) if newcomer.is_some() => code_page(desk, &challenge, Some("err_name"), true).await,
        Err(why) => code_page(desk, &challenge, Some(of_code(&why)), newcomer.is_some()).await,
    }
}

/// On to the page that was wanted, as somebody who is signed in.
fn enters(desk: &Desk<'_>, token: &sessions::Token) -> Response {
    let next = Some(desk.asked.came_from()).filter(|next| !next.is_empty());
    desk.cookie.given(redirect(next.as_deref().unwrap_or("/")), token.reveal())
}

/// What is said of an answer to a code.
pub(super) fn of_code(why: &Refused) -> &'static str {
    match why {
        Refused::Invalid(_) => "err_digits",
        Refused::TooMany => "err_codes",
        other => sentence(other).1,
    }
}

/// Signs in with a passkey. The session is a new one, as with a code.
pub(super) async fn by_passkey(desk: &Desk<'_>) -> Answered {
    let signed = match keys::assertion(desk.asked) {
        Ok(assertion) => passkeys::sign_in(desk.env, &assertion, &desk.asked.device()).await,
        Err(why) => Err(why),
    };
    match signed {
        Ok((_, token)) => Ok(enters(desk, &token)),
        Err(Refused::Store(error)) => Err(Refused::Store(error)),
        Err(_) => Ok(asks(desk, "", None, Some("err_passkey"))),
    }
}

/// Signs this device out.
pub(super) async fn end(desk: &Desk<'_>, me: &Signed) -> Answered {
    sessions::end(desk.env, me.owner.id, me.session.id).await?;
    Ok(desk.cookie.taken_away(redirect("/?done=done_signed_out")))
}
