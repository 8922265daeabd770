//! Credentials that hold for a time: asked for, used until shortly before their end, renewed.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{StatusCode, header::AUTHORIZATION};
use redial::{
    clock::Time,
    provider::{
        Account, AccountSettings, Custody, MessageKind, Moment, NoToken, Outgoing, Provider, Request, Secret,
        SenderKey, Step,
    },
};
use std::sync::Arc;

const RSA: &str = include_str!("../../../src/provider/jwt/rsa.pem");

fn account(auth: &str, parameters: &[(&str, &str)]) -> Account {
    let file = format!(
        "schema = 1\nname = \"acme\"\ntitle = \"Acme\"\nupstream = \"https://api.acme.example\"\n[parameters]\n\
         id = {{ about = \"id\" }}\nsecret = {{ about = \"secret\", secret = true, multiline = true }}\n\
         [[auth]]\n{auth}\n[signature]\nnone = {{}}\n[send]\nmethod = \"POST\"\npath = \"/send\"\nencoding = \"json\"\n\
         fields = {{ to = \"{{{{ to }}}}\" }}\n[send.reply]\nrules = []\n"
    );
    let provider = Arc::new(Provider::load(&file, "acme.toml").map_err(|wrong| wrong.to_string()).unwrap());
    let values = parameters.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect();
    let settings = AccountSettings {
        name: "main".into(),
        parameters: provider.parameters(values).unwrap(),
        provider,
        custody: Custody::Sender,
        senders: Vec::new(),
        public_urls: Vec::new(),
        upstream: None,
        application: None,
    };
    Account::new(settings).unwrap()
}

fn request(account: &Account) -> Request {
    let outgoing = Outgoing {
        to: "+15550100",
        from: None,
        text: "x",
        media: &[],
        reference: "r",
        callback: None,
        kind: MessageKind::Sms,
    };
    account.send(&outgoing).unwrap()
}

fn at(seconds: i64) -> Moment {
    Moment { now: Time(seconds * 1_000_000), bits: 7 }
}

fn shown(request: &Request) -> &str {
    request.headers.get(AUTHORIZATION).map_or("", |value| value.to_str().unwrap())
}

fn asked(step: Step) -> Request {
    match step {
        Step::Fetch(request) => request,
        Step::Ready => panic!("a token should be asked for"),
    }
}

#[test]
fn client_credentials_are_exchanged_for_a_token_that_is_renewed_before_its_end() {
    let account = account(
        "oauth2 = { url = \"https://auth.acme.example/oauth2/token\", id = \"id\", secret = \"secret\", fields = { scope = \"sms\" } }",
        &[("id", "k"), ("secret", "s")],
    );
    let mut out = request(&account);
    let ask = asked(account.authorize(&mut out, at(0)).unwrap());
    assert_eq!(ask.url, "https://auth.acme.example/oauth2/token");
    assert_eq!((&*ask.body, shown(&ask)), (&b"grant_type=client_credentials&scope=sms"[..], "Basic azpz"));
    let given = br#"{"access_token":"t1","token_type":"bearer","expires_in":3600}"#;
    account.keep_token(StatusCode::OK, given, at(0).now).unwrap();
    assert!(matches!(account.authorize(&mut out, at(3539)).unwrap(), Step::Ready));
    assert_eq!(shown(&out), "Bearer t1");
    asked(account.authorize(&mut out, at(3540)).unwrap());
    account.keep_token(StatusCode::OK, br#"{"access_token":"t2","expires_in":"100"}"#, at(3540).now).unwrap();
    assert!(matches!(account.authorize(&mut out, at(3629)).unwrap(), Step::Ready));
    assert_eq!(shown(&out), "Bearer t2");
    asked(account.authorize(&mut out, at(3630)).unwrap());
    account.keep_token(StatusCode::OK, br#"{"access_token":"t3"}"#, at(3630).now).unwrap();
    account.forget_tokens();
    asked(account.authorize(&mut out, at(3631)).unwrap());
}

#[test]
fn an_answer_without_a_token_says_whether_another_try_may_do() {
    let account = account(
        "oauth2 = { url = \"https://auth.acme.example/t\", id = \"id\", secret = \"secret\", in_body = true }",
        &[("id", "k"), ("secret", "s&")],
    );
    let ask = asked(account.authorize(&mut request(&account), at(0)).unwrap());
    assert_eq!(&*ask.body, b"grant_type=client_credentials&client_id=k&client_secret=s%26");
    let keep =
        |status: u16, body: &str| account.keep_token(StatusCode::from_u16(status).unwrap(), body.as_bytes(), Time(0));
    assert_eq!(keep(401, r#"{"error":"invalid_client"}"#), Err(NoToken::Refused("invalid_client".into())));
    assert_eq!(keep(503, "busy"), Err(NoToken::Failed(503)));
    assert_eq!(keep(429, ""), Err(NoToken::Failed(429)));
    assert_eq!(keep(200, r#"{"access_token":""}"#), Err(NoToken::Failed(200)));
    assert_eq!(keep(200, r#"{"access_token":"a\nb","expires_in":10}"#), Ok(()));
    assert!(account.authorize(&mut request(&account), at(1)).is_err(), "no header can hold it");
}

#[test]
fn a_token_of_our_own_is_used_for_its_time() {
    let account = account(
        "jwt = { algorithm = \"RS256\", key = \"secret\", claims = { application_id = \"{{ parameters.id }}\", jti = \"{{ id }}\" }, header = { kid = \"K\" }, expires_seconds = 900 }",
        &[("id", "app"), ("secret", RSA)],
    );
    let mut out = request(&account);
    assert!(matches!(account.authorize(&mut out, at(1000)).unwrap(), Step::Ready));
    let first = shown(&out).to_owned();
    let parts: Vec<serde_json::Value> = first
        .strip_prefix("Bearer ")
        .unwrap()
        .split('.')
        .take(2)
        .map(|part| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    assert_eq!(parts[0], serde_json::json!({"alg": "RS256", "typ": "JWT", "kid": "K"}));
    let jti = format!("{:032x}", 7);
    assert_eq!(parts[1], serde_json::json!({"application_id": "app", "iat": 1000, "exp": 1900, "jti": jti}));
    let _ready = account.authorize(&mut out, at(1809)).unwrap();
    assert_eq!(shown(&out), first, "still the same");
    let _ready = account.authorize(&mut out, at(1810)).unwrap();
    assert_ne!(shown(&out), first, "a new one before the end");
}

#[test]
fn a_token_may_be_for_one_origin_and_stand_elsewhere() {
    let key = "jwt = { algorithm = \"HS256\", key = \"secret\", claims = { aud = \"{{ origin }}\" }, name = \"X-Auth\", value = \"vapid t={{ token }}, k={{ parameters.id }}\", expires_seconds = 3600 }";
    let account = account(key, &[("id", "pub"), ("secret", "s")]);
    let mut one = request(&account);
    let _ready = account.authorize(&mut one, at(0)).unwrap();
    let mut other = request(&account);
    other.url = "https://push.example/x".to_owned();
    let _ready = account.authorize(&mut other, at(0)).unwrap();
    let text = |request: &Request| request.headers["x-auth"].to_str().unwrap().to_owned();
    assert!(text(&one).starts_with("vapid t=ey") && text(&one).ends_with(", k=pub"));
    assert_ne!(text(&one), text(&other));
}

#[test]
fn a_service_account_asks_with_a_signed_assertion() {
    let file = serde_json::json!({
        "type": "service_account", "project_id": "p", "client_email": "a@p.iam.example", "private_key": RSA,
        "token_uri": "https://oauth2.example/token",
    });
    let auth = "google = { account = \"secret\", scope = \"https://scope.example/fcm\" }";
    let account = account(auth, &[("secret", &file.to_string())]);
    let ask = asked(account.authorize(&mut request(&account), at(5)).unwrap());
    assert_eq!(ask.url, "https://oauth2.example/token");
    let fields: std::collections::HashMap<_, _> = form_urlencoded::parse(&ask.body).collect();
    assert_eq!(fields["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let claims = BASE64_URL_SAFE_NO_PAD.decode(fields["assertion"].split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["iss"], "a@p.iam.example");
    assert_eq!((claims["iat"].as_i64(), claims["exp"].as_i64()), (Some(5), Some(3605)));
    account.keep_token(StatusCode::OK, br#"{"access_token":"g","expires_in":3599}"#, at(5).now).unwrap();
    let mut out = request(&account);
    let _ready = account.authorize(&mut out, at(6)).unwrap();
    assert_eq!(shown(&out), "Bearer g");
}

/// What a sender with this key would show.
fn token(expires: &str) -> http::HeaderMap {
    let auth = format!("jwt = {{ algorithm = \"RS256\", key = \"secret\"{expires} }}");
    let account = account(&auth, &[("secret", RSA)]);
    let mut out = request(&account);
    let _ready = account.authorize(&mut out, at(1000)).unwrap();
    out.headers
}

#[test]
fn a_sender_shows_a_token_of_its_own() {
    let jwt = "jwt = { algorithm = \"RS256\", key = \"secret\", expires_seconds = 900 }";
    let own = account(jwt, &[("secret", RSA)]);
    let get = http::Method::GET;
    let shows = |account: &Account, headers: &http::HeaderMap, seconds: i64| {
        let incoming = redial::provider::Incoming::new(&get, "https://r.example", "/", headers, b"", at(seconds).now);
        account.authenticate(&incoming).map(|sender| sender.is_some()).map_err(|document| document.status.as_u16())
    };
    let good = token(", expires_seconds = 900");
    assert_eq!(shows(&own, &good, 1000), Ok(false));
    assert_eq!(shows(&own, &good, 1900), Err(401), "it has ended");
    assert_eq!(shows(&own, &token(""), 1000), Err(401), "it would never end");
    assert_eq!(shows(&own, &http::HeaderMap::new(), 1000), Err(401));
    let mut settings = own.settings().clone();
    settings.custody = Custody::Operator;
    let operators = Account::new(settings.clone()).unwrap();
    assert_eq!(shows(&operators, &good, 1000), Err(401), "no sender has this key");
    let public = include_str!("../../../src/provider/jwt/rsa.public.pem");
    settings.senders = vec![SenderKey { user: "s".into(), secret: Secret::new(public) }];
    assert_eq!(shows(&Account::new(settings).unwrap(), &good, 1000), Ok(true));
}
