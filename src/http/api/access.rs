//! Signing in, sessions, app passwords, the word and code that stop a held request, panic.

use super::{
    call::Call,
    reply::Reply,
    view::{OwnerView, Page},
};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        id::{AppId, CodeId, OwnerId, SessionId},
        owner::Owner,
    },
    http::problem::{Kind, Problem},
    store::{ApiKey, Session},
    usecase::{
        app_passwords,
        codes::{Issued, Requester},
        course::Kept,
        former, keep as keeping,
        keys::Scope,
        panic as panicking,
        sessions::{self as doors, Token},
        sign_in as signing,
        sign_in::{NewcomerName, SignedIn},
        write::{Fault, Refused, carry_out, read_owner},
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Reads an address in a body.
pub(super) fn address(call: &Call, text: &str, pointer: &'static str) -> Result<Address, Problem> {
    let read = Address::parse(text, call.api.env.rules().region);
    read.map_err(|why| Refused::Invalid(vec![Fault::address(pointer, &why)]).into())
}

/// A code that was asked for. Whether anybody gets one is not said.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CodeView {
    /// Shown with the answer.
    #[schema(value_type = String)]
    challenge: CodeId,
    /// Until when it counts.
    #[schema(value_type = String, format = DateTime)]
    expires: Time,
}

impl From<Issued> for CodeView {
    fn from(issued: Issued) -> Self {
        Self { challenge: issued.challenge, expires: issued.expires }
    }
}

/// The answer to a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Answered {
    /// As it was given when the code was asked for.
    challenge: String,
    /// Six digits.
    pub(super) code: String,
}

impl Answered {
    /// One that cannot be read is one that there never was.
    pub(super) fn challenge(&self) -> Result<CodeId, Problem> {
        self.challenge.parse().map_err(|_| Refused::WrongCode.into())
    }
}

/// Somebody wants to sign in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    /// A phone number with its country code, or an e-mail address.
    to: String,
    /// The person's network address or device, for the limits; without it the key is the one who asks.
    #[serde(default)]
    requester: Option<String>,
    /// The language of the message.
    #[serde(default)]
    language: Option<String>,
}

/// Asks for a code to sign in with. The answer is the same whether or not anybody has the address.
#[utoipa::path(post, path = "/v1/sign-in", request_body = SignIn, responses((status = 202, body = CodeView)))]
pub(super) async fn sign_in(call: &Call) -> Result<Reply, Problem> {
    let wanted: SignIn = call.json()?;
    let to = address(call, &wanted.to, "/to")?;
    let who = requested_by(call, &wanted.requester.unwrap_or_default());
    let language = wanted.language.as_deref().filter(|tag| tag.len() <= 35);
    let issued = signing::begin(&call.api.env, &to, Requester { who: &who, language }).await?;
    Ok(Reply::json(202, &CodeView::from(issued)))
}

/// Who a limit is for: each caller tells its own people apart.
fn requested_by(call: &Call, person: &str) -> String {
    format!("{} {}", call.caller.app, person.chars().take(100).collect::<String>())
}

/// The answer to a sign-in code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Finish {
    /// As it was given when the code was asked for.
    challenge: String,
    /// Six digits.
    code: String,
    /// The device, in words.
    #[serde(default)]
    device: String,
    /// For somebody new, where people may register themselves: the name as it is shown.
    #[serde(default)]
    name: Option<String>,
    /// For somebody new: a language tag.
    #[serde(default)]
    language: Option<String>,
}

/// Somebody who is signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct SignedInView {
    /// Stands in `Authorization: Bearer`; shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionView>,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    owner: Option<OwnerId>,
    /// The code is right and nobody has the address: answer once more, with a name.
    newcomer: bool,
}

pub(super) fn signed_in(session: &Session, token: &Token) -> SignedInView {
    SignedInView {
        token: Some(token.reveal().to_owned()),
        session: Some(SessionView::of(session, Some(session.id))),
        owner: Some(session.owner),
        newcomer: false,
    }
}

/// Answers a sign-in code: a session (201), or that a name is needed for somebody new (200).
#[utoipa::path(post, path = "/v1/sign-in/finish", request_body = Finish,
    responses((status = 200, body = SignedInView), (status = 201, body = SignedInView)))]
pub(super) async fn finish(call: &Call) -> Result<Reply, Problem> {
    let Finish { challenge, code, device, name, language } = call.json()?;
    let challenge = Answered { challenge, code: String::new() }.challenge()?;
    let newcomer = name.map(|name| NewcomerName { name, language });
    match signing::finish(&call.api.env, challenge, &code, &device, newcomer.as_ref()).await? {
        SignedIn::As { session, token } => Ok(Reply::json(201, &signed_in(&session, &token))),
        SignedIn::Newcomer => {
            Ok(Reply::json(200, &SignedInView { token: None, session: None, owner: None, newcomer: true }))
        }
    }
}

/// The word and code, or the link, against a held change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Keep {
    /// The number or address at which the message came.
    #[serde(default)]
    from: Option<String>,
    /// The code in the message.
    #[serde(default)]
    code: Option<String>,
    /// The person's network address or device, for the limits; without it those of the number or address alone count.
    #[serde(default)]
    requester: Option<String>,
    /// Instead of all these: the end of the link in the message.
    #[serde(default)]
    link: Option<String>,
}

/// What a word against a held change came to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeptView {
    /// `ended`, `delayed`, or `spent`: it was delayed as often as it may be.
    kept: &'static str,
    /// When the change takes effect now; absent where it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Time>,
}

/// Stops a held change, by the code or the link in a message about it. A wrong code, and one where nothing is held, are one
/// answer.
#[utoipa::path(post, path = "/v1/keep", request_body = Keep, responses((status = 200, body = KeptView)))]
pub(super) async fn keep(call: &Call) -> Result<Reply, Problem> {
    let env = &call.api.env;
    let kept = match call.json()? {
        Keep { link: Some(link), from: None, code: None, requester: None } => keeping::by_link(env, &link).await?,
        Keep { link: None, from: Some(from), code: Some(code), requester } => {
            let from = address(call, &from, "/from")?;
            let digits = crate::domain::code::typed(&code)
                .ok_or_else(|| Problem::new(Kind::Invalid).field("/code", "a code has six digits"))?;
            // A key without a person stands for many people.
            let who = requester.map(|person| requested_by(call, &person));
            keeping::by_code(env, &from, &digits, who.as_deref()).await?
        }
        _ => return Err(Problem::new(Kind::Invalid).field("", "either from and code, or link, is needed")),
    };
    let word = match kept {
        Kept::Ended => "ended",
        Kept::Delayed(_) => "delayed",
        Kept::Spent(_) => "spent",
    };
    Ok(Reply::json(200, &KeptView { kept: word, until: kept.until() }))
}

/// Somebody who is signed in on one device.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionView {
    /// Never changes.
    #[schema(value_type = String)]
    id: SessionId,
    /// The device, in words.
    device: Box<str>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    made: Time,
    /// When it was last used, to some minutes.
    #[schema(value_type = String, format = DateTime)]
    used: Time,
    /// Whether it is the one that asks.
    current: bool,
}

impl SessionView {
    fn of(session: &Session, current: Option<SessionId>) -> Self {
        let (id, made, used) = (session.id, session.made, session.used);
        Self { id, device: session.label.clone(), made, used, current: current == Some(id) }
    }
}

/// Where an owner is signed in.
#[utoipa::path(get, path = "/v1/owners/{owner}/sessions", responses((status = 200, body = Page<SessionView>)))]
pub(super) async fn sessions(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let all = doors::list(&call.api.env, owner.id).await?;
    let current = call.caller.session.as_ref().map(|session| session.id);
    Ok(Reply::json(200, &Page::whole(all.iter().map(|session| SessionView::of(session, current)).collect())))
}

/// Signs a device out; `current` is the one that asks.
#[utoipa::path(delete, path = "/v1/owners/{owner}/sessions/{session}", responses((status = 204)))]
pub(super) async fn end_session(call: &Call) -> Result<Reply, Problem> {
    let owner = call.owner()?;
    let current = call.caller.session.as_ref().filter(|_| call.segment("session") == "current");
    let id = match current {
        Some(session) => session.id,
        None => call.id("session")?,
    };
    doors::end(&call.api.env, owner, id).await?;
    Ok(Reply::rendered(204, String::new()))
}

/// What a code that belongs to no request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum For {
    /// To show one thing more in this session: a code to another point.
    Session,
    /// To prove a former number once more, so that it is answered for longer.
    Former,
}

/// A code that belongs to no request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedProof {
    /// A number or address of the owner's, or a former one.
    to: String,
    /// What for.
    r#for: For,
}

/// Asks for a code that belongs to no request.
#[utoipa::path(post, path = "/v1/owners/{owner}/codes", request_body = WantedProof,
    responses((status = 202, body = CodeView)))]
pub(super) async fn code(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let wanted: WantedProof = call.json()?;
    let session = session(call)?;
    let to = address(call, &wanted.to, "/to")?;
    let who = format!("owner {}", owner.id);
    let requester = Requester { who: &who, language: Some(&owner.language) };
    let issued = match wanted.r#for {
        For::Session => doors::step_up_begin(&call.api.env, session, &to, requester).await?,
        For::Former => former::begin(&call.api.env, session, &to, requester).await?,
    };
    Ok(Reply::json(202, &CodeView::from(issued)))
}

/// The answer to such a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    /// As it was given when the code was asked for.
    challenge: String,
    /// Six digits.
    code: String,
    /// What for.
    r#for: For,
}

/// Answers a code that belongs to no request. For a session the answer has its new token (201); for a former number, the
/// owner (200).
#[utoipa::path(post, path = "/v1/owners/{owner}/proofs", request_body = Proof,
    responses((status = 200, body = OwnerView), (status = 201, body = SignedInView)))]
pub(super) async fn proof(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let Proof { challenge, code, r#for } = call.json()?;
    let session = session(call)?;
    let challenge = Answered { challenge, code: String::new() }.challenge()?;
    let env = &call.api.env;
    match r#for {
        For::Session => {
            let (session, token) = doors::step_up_finish(env, session, challenge, &code).await?;
            Ok(Reply::json(201, &signed_in(&session, &token)))
        }
        For::Former => {
            let code = former::answered(env, session, challenge, &code).await?;
            let owner: Owner = carry_out(env, || former::renew(env, session, &code)).await?;
            Ok(Reply::json(200, &OwnerView::from(&owner)).tagged(owner.version))
        }
    }
    .inspect(|_| tracing::debug!(owner = %owner.id, "a proof was given"))
}

/// The session that asks; a key shows nothing of an owner.
fn session(call: &Call) -> Result<&Session, Problem> {
    call.caller.session.as_ref().ok_or_else(|| {
        Problem::new(Kind::Forbidden).detail("only an owner who is signed in can do this, by the token of a session")
    })
}

/// An app password, without its secret.
#[derive(Serialize, ToSchema)]
pub(super) struct AppPasswordView {
    /// Never changes.
    #[schema(value_type = String)]
    id: AppId,
    /// The owner's own word for it.
    label: Box<str>,
    /// `api`.
    scopes: Vec<Box<str>>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    /// When it was last used, to within some minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    used: Option<Time>,
    /// The password itself; shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl AppPasswordView {
    fn of(key: &ApiKey, secret: Option<String>) -> Self {
        let (label, scopes) = (key.label.clone(), key.scopes.clone());
        Self { id: key.id, label, scopes, created: key.created, used: key.used, secret }
    }
}

/// An owner's app passwords that count.
#[utoipa::path(get, path = "/v1/owners/{owner}/app-passwords",
    responses((status = 200, body = Page<AppPasswordView>)))]
pub(super) async fn app_passwords(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let all = app_passwords::list(&call.api.env, owner.id).await?;
    Ok(Reply::json(200, &Page::whole(all.iter().map(|key| AppPasswordView::of(key, None)).collect())))
}

/// An app password that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAppPassword {
    /// The owner's own word for it.
    label: String,
    /// `api`; `carddav` is refused until address books are served.
    scopes: Vec<String>,
}

/// Makes an app password. Its secret is shown once; it is the password of basic credentials, or the bearer's.
#[utoipa::path(post, path = "/v1/owners/{owner}/app-passwords", request_body = NewAppPassword,
    responses((status = 201, body = AppPasswordView)))]
pub(super) async fn create_app_password(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let NewAppPassword { label, scopes } = call.json()?;
    let scopes: Result<Vec<Scope>, _> = scopes.iter().map(|scope| scope.parse()).collect();
    let scopes = scopes.map_err(|_| Refused::invalid("/scopes", "an app password has the scope api"))?;
    let env = &call.api.env;
    let (key, secret) = carry_out(env, || app_passwords::create(env, owner.id, &label, &scopes)).await?;
    Ok(Reply::json(201, &AppPasswordView::of(&key, Some(secret.reveal().to_owned()))))
}

/// Ends an app password.
#[utoipa::path(delete, path = "/v1/owners/{owner}/app-passwords/{password}", responses((status = 204)))]
pub(super) async fn revoke_app_password(call: &Call) -> Result<Reply, Problem> {
    let (owner, id, env) = (call.owner()?, call.id("password")?, &call.api.env);
    carry_out(env, || app_passwords::revoke(env, owner, id)).await?;
    Ok(Reply::rendered(204, String::new()))
}

/// Panic: forwarding, notices and the shown history end at once, and other devices are signed out. It is ended by a request
/// with `end_panic`, a fresh proof and its hold.
#[utoipa::path(post, path = "/v1/owners/{owner}/panic", responses((status = 200, body = OwnerView)))]
pub(super) async fn panic(call: &Call) -> Result<Reply, Problem> {
    let (owner, actor) = (call.owner()?, &call.actor());
    let current = call.caller.session.as_ref().map(|session| session.id);
    let env = &call.api.env;
    call.wrote(|owner: &Owner| (200, OwnerView::from(owner)), || panicking::panic(env, actor, owner, current)).await
}
