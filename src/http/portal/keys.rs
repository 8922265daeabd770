//! Ways in beside a code: passkeys for people, app passwords for programs (rules C1, C3).
//!
//! A passkey's ceremony needs a script: it fetches what the browser is to be asked with, and hands in what it answered as an
//! ordinary form.

use super::{Answered, Asked, Desk, Signed, facts, redirect, sentence};
use crate::{
    store::{ApiKey, Passkey},
    usecase::{
        app_passwords,
        keys::Scope,
        passkeys::{self, Assertion, Creation},
        requests,
        write::{Refused, carry_out},
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use warp::reply::Response;

pub(super) async fn route(desk: &Desk<'_>, me: &Signed, post: bool, rest: &[&str]) -> Answered {
    match (post, rest) {
        (false, []) => page(desk, me, json!({})).await,
        (false, ["options"]) => Ok(document(&passkeys::options(desk.env, me.owner.id).await?)),
        (true, ["add"]) => add(desk, me).await,
        (true, ["remove"]) => {
            let (actor, id) = (me.actor(), desk.asked.text("passkey"));
            let made = carry_out(desk.env, || passkeys::remove(desk.env, &actor, me.owner.id, &id)).await?;
            Ok(redirect(&format!("/me/change/{}", made.request.id)))
        }
        (true, ["passwords"]) => make(desk, me).await,
        (true, ["revoke"]) => {
            let id = desk.asked.text("key").parse().map_err(|_| Refused::NotFound("app password"))?;
            carry_out(desk.env, || app_passwords::revoke(desk.env, me.owner.id, id)).await?;
            Ok(redirect("/me/keys?done=done_revoked"))
        }
        _ => Err(Refused::NotFound("page")),
    }
}

/// Whether browsers make passkeys for this service at all.
pub(super) fn possible(desk: &Desk<'_>) -> bool {
    desk.env.rules().relying.is_some()
}

/// What `navigator.credentials.get` is to be asked with. It tells nothing about anybody.
pub(super) async fn ask(desk: &Desk<'_>) -> Answered {
    Ok(document(&passkeys::ask(desk.env).await?))
}

/// What the browser answered, as the script put it into a form.
pub(super) fn assertion(asked: &Asked) -> Result<Assertion, Refused> {
    Ok(Assertion {
        id: bytes(asked, "id")?,
        client_data: bytes(asked, "client_data")?,
        authenticator: bytes(asked, "authenticator")?,
        signature: bytes(asked, "signature")?,
    })
}

fn bytes(asked: &Asked, name: &str) -> Result<Vec<u8>, Refused> {
    URL_SAFE_NO_PAD.decode(asked.text(name)).map_err(|_| Refused::WrongCode)
}

fn document(value: &Value) -> Response {
    let mut response = Response::new(value.to_string().into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The page; `more`: a secret that is shown this once, or what was wrong with a form.
async fn page(desk: &Desk<'_>, me: &Signed, more: Value) -> Answered {
    let passkey = |key: &Passkey| {
        json!({
            "id": URL_SAFE_NO_PAD.encode(&key.id), "label": key.label, "made": facts::when(key.made),
            "used": key.used.map(facts::when),
        })
    };
    let password = |key: &ApiKey| {
        json!({
            "id": key.id, "label": key.label, "made": facts::when(key.created), "used": key.used.map(facts::when),
        })
    };
    let known = passkeys::list(desk.env, me.owner.id).await?;
    let passwords = app_passwords::list(desk.env, me.owner.id).await?;
    let mut facts = json!({
        "short": facts::length_of(desk.env.rules().holds.short), "long": facts::length_of(desk.env.rules().holds.long),
        "possible": possible(desk), "passkeys": known.iter().map(passkey).collect::<Vec<_>>(),
        "passwords": passwords.iter().map(password).collect::<Vec<_>>(), "device": desk.asked.device(),
    });
    if let (Some(facts), Value::Object(more)) = (facts.as_object_mut(), more) {
        facts.extend(more);
    }
    let wrong = ["wrong_passkey", "wrong_password"].iter().any(|key| facts[key].is_string());
    let status = if wrong { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(desk.page(Some(me), status, "safety_keys", facts))
}

/// A new passkey: a request that is proved and held like any other.
async fn add(desk: &Desk<'_>, me: &Signed) -> Answered {
    let creation = Creation {
        label: desk.asked.text("label"),
        client_data: bytes(desk.asked, "client_data")?,
        attestation: bytes(desk.asked, "attestation")?,
    };
    let wanted = match passkeys::created(desk.env, me.owner.id, &creation).await {
        Ok(wanted) => wanted,
        Err(Refused::Store(error)) => return Err(Refused::Store(error)),
        Err(_) => return page(desk, me, json!({ "wrong_passkey": "err_new_passkey" })).await,
    };
    let actor = me.actor();
    let made = carry_out(desk.env, || requests::make(desk.env, &actor, me.owner.id, None, &wanted)).await?;
    Ok(redirect(&format!("/me/change/{}", made.request.id)))
}

/// A new app password. It stands on the answer and nowhere else, so this page is not fetched again.
async fn make(desk: &Desk<'_>, me: &Signed) -> Answered {
    let label = desk.asked.text("label");
    if label.is_empty() {
        return page(desk, me, json!({ "wrong_password": "err_app_password", "label": label })).await;
    }
    match carry_out(desk.env, || app_passwords::create(desk.env, me.owner.id, &label, &[Scope::Api])).await {
        Ok((key, secret)) => page(desk, me, json!({ "secret": secret.reveal(), "secret_label": key.label })).await,
        Err(Refused::Store(error)) => Err(Refused::Store(error)),
        Err(why) => page(desk, me, json!({ "wrong_password": sentence(&why).1, "label": label })).await,
    }
}
