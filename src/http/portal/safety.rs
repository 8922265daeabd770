//! Panic, devices, and taking one's own data along (rules C1, C7).

use super::{Answered, Desk, Signed, facts, redirect};
use crate::{
    domain::id::OwnerId,
    store::{Session, StoreError},
    usecase::{
        export::{ExportFailed, Sink, export},
        panic as panicking, requests, sessions,
        wanted::Wanted,
        write::{Refused, carry_out},
    },
};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use std::io;
use warp::reply::Response;

const CARDS: &str = "text/vcard; charset=utf-8";

pub(super) async fn route(desk: &Desk<'_>, me: &Signed, post: bool, rest: &[&str]) -> Answered {
    match (post, rest) {
        (false, []) => page(desk, me).await,
        (true, ["panic"]) => panic(desk, me).await,
        (true, ["end-panic"]) => {
            let (actor, wanted) = (me.actor(), Wanted { end_panic: true, ..Wanted::default() });
            let made = carry_out(desk.env, || requests::make(desk.env, &actor, me.owner.id, None, &wanted)).await?;
            Ok(redirect(&format!("/me/change/{}", made.request.id)))
        }
        (true, ["erase"]) => erase(desk, me).await,
        (true, ["sign-out"]) => {
            let id = desk.asked.text("session").parse().map_err(|_| Refused::NotFound("session"))?;
            sessions::end(desk.env, me.owner.id, id).await?;
            Ok(redirect("/me/safety?done=done_signed_out"))
        }
        (false, ["card.vcf"]) => Ok(file(CARDS, "me.vcf", take(desk, me).await?.card.into_bytes())),
        (false, ["contacts.vcf"]) => Ok(file(CARDS, "contacts.vcf", take(desk, me).await?.contacts)),
        (false, ["data.json"]) => {
            let text = serde_json::to_vec_pretty(&take(desk, me).await?.lines).unwrap_or_default();
            Ok(file("application/json", "data.json", text))
        }
        _ => Err(Refused::NotFound("page")),
    }
}

async fn page(desk: &Desk<'_>, me: &Signed) -> Answered {
    let one = |session: &Session| {
        json!({
            "id": session.id, "label": session.label, "made": facts::when(session.made), "used": facts::when(session.used),
            "here": session.id == me.session.id,
        })
    };
    let devices = sessions::list(desk.env, me.owner.id).await?;
    let facts = json!({
        "silenced": me.owner.silenced, "devices": devices.iter().map(one).collect::<Vec<Value>>(),
    });
    Ok(desk.page(Some(me), StatusCode::OK, "safety", facts))
}

/// Everything ends at once; confirmed once.
async fn panic(desk: &Desk<'_>, me: &Signed) -> Answered {
    if desk.asked.text("sure") != "yes" {
        return Ok(desk.page(Some(me), StatusCode::OK, "safety_panic", json!({})));
    }
    let (actor, kept) = (me.actor(), Some(me.session.id));
    carry_out(desk.env, || panicking::panic(desk.env, &actor, me.owner.id, kept)).await?;
    Ok(redirect("/me/safety?done=done_panic"))
}

/// Everything goes for good; confirmed once, then proved anew and held like a change.
async fn erase(desk: &Desk<'_>, me: &Signed) -> Answered {
    if desk.asked.text("sure") != "yes" {
        return Ok(desk.page(Some(me), StatusCode::OK, "safety_erase", json!({})));
    }
    let (actor, wanted) = (me.actor(), Wanted { erase: true, ..Wanted::default() });
    let made = carry_out(desk.env, || requests::make(desk.env, &actor, me.owner.id, None, &wanted)).await?;
    Ok(redirect(&format!("/me/change/{}", made.request.id)))
}

/// Everything that there is of the owner (rule C7), as it is handed out.
#[derive(Default)]
struct Taken {
    lines: Vec<Value>,
    card: String,
    contacts: Vec<u8>,
}

impl Sink for Taken {
    fn line(&mut self, object: &Value) -> io::Result<()> {
        self.lines.push(object.clone());
        Ok(())
    }

    fn own_card(&mut self, card: &str) -> io::Result<()> {
        card.clone_into(&mut self.card);
        Ok(())
    }

    fn contact(&mut self, _: OwnerId, card: &[u8]) -> io::Result<()> {
        self.contacts.extend_from_slice(card);
        if !card.ends_with(b"\n") {
            self.contacts.extend_from_slice(b"\r\n");
        }
        Ok(())
    }
}

async fn take(desk: &Desk<'_>, me: &Signed) -> Result<Taken, Refused> {
    let mut taken = Taken::default();
    match export(desk.env, Some(me.owner.id), &mut taken, &mut |_| {}).await {
        Ok(_) => Ok(taken),
        Err(ExportFailed::Refused(why)) => Err(why),
        Err(ExportFailed::Unwritable(why)) => Err(StoreError::Unavailable(Box::new(why)).into()),
    }
}

fn file(kind: &'static str, name: &str, body: Vec<u8>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = format!("attachment; filename=\"{name}\"").parse() {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
