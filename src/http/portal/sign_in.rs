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
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    desk.page(
        None,
        status,
        "sign_in",
        json!({ "to": to, "wrong": wrong, "passkeys": keys::possible(desk), "wrong_passkey": null }),
    )
}

/// Sends a code.
pub(super) async fn begin(desk: &Desk<'_>) -> Answered {
    let to = desk.asked.text("to");
    let Ok(address) = Address::parse(&to, desk.env.rules().region) else {
        return Ok(page(desk, &to, Some("err_address")));
    };
    let (who, languages) = (desk.asked.requester(), accepted(&desk.asked.headers));
    let requester = Requester { who: &who, language: languages.first().copied() };
    match sign_in::begin(desk.env, &address, requester).await {
        Ok(issued) => Ok(code_page(desk, &issued.challenge.to_string(), &to, None, false)),
        Err(Refused::TooMany) => Ok(page(desk, &to, Some("err_many"))),
        Err(other) => Err(other),
    }
}

fn code_page(desk: &Desk<'_>, challenge: &str, to: &str, wrong: Option<&str>, newcomer: bool) -> Response {
    let status = if wrong.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    let code = if newcomer { desk.asked.text("code") } else { String::new() };
    let facts = json!({ "challenge": challenge, "to": to, "wrong": wrong, "newcomer": newcomer, "code": code });
    desk.page(None, status, "sign_in_code", facts)
}

/// Answers it. The session is a new one, whatever cookie the browser had.
pub(super) async fn finish(desk: &Desk<'_>) -> Answered {
    let (challenge, to, code) = (desk.asked.text("challenge"), desk.asked.text("to"), desk.asked.text("code"));
    let name = desk.asked.text("name");
    let newcomer = (!name.is_empty())
        .then(|| NewcomerName { name, language: accepted(&desk.asked.headers).first().map(|&tag| tag.to_owned()) });
    let Ok(id) = challenge.parse() else { return Ok(page(desk, &to, Some("err_code"))) };
    match sign_in::finish(desk.env, id, &code, &desk.asked.device(), newcomer.as_ref()).await {
        Ok(SignedIn::As { token, .. }) => Ok(desk.cookie.given(redirect("/"), token.reveal())),
        Ok(SignedIn::Newcomer) => Ok(code_page(desk, &challenge, &to, None, true)),
        Err(Refused::Store(error)) => Err(Refused::Store(error)),
        Err(why) => Ok(code_page(desk, &challenge, &to, Some(sentence(&why).1), newcomer.is_some())),
    }
}

/// Signs in with a passkey. The session is a new one, as with a code.
pub(super) async fn by_passkey(desk: &Desk<'_>) -> Answered {
    let signed = match keys::assertion(desk.asked) {
        Ok(assertion) => passkeys::sign_in(desk.env, &assertion, &desk.asked.device()).await,
        Err(why) => Err(why),
    };
    match signed {
        Ok((_, token)) => Ok(desk.cookie.given(redirect("/"), token.reveal())),
        Err(Refused::Store(error)) => Err(Refused::Store(error)),
        Err(_) => Ok(desk.page(
            None,
            StatusCode::FORBIDDEN,
            "sign_in",
            json!({
                "to": "", "wrong": null, "passkeys": keys::possible(desk), "wrong_passkey": "err_passkey",
            }),
        )),
    }
}

/// Signs this device out.
pub(super) async fn end(desk: &Desk<'_>, me: &Signed) -> Answered {
    sessions::end(desk.env, me.owner.id, me.session.id).await?;
    Ok(desk.cookie.taken_away(redirect("/?done=done_signed_out")))
}
