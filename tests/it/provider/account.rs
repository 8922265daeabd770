//! Accounts: their parameters, who may use them, and what is shown of their secrets.

use super::{SID, account, telnyx, twilio};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, Method, header::AUTHORIZATION};
use redial::{
    clock::Time,
    provider::{Account, Custody, Hook, Incoming, Provider, Refused, Secret, SenderKey},
};

fn with_authorization(value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(value).expect("a header"));
    headers
}

fn basic(user: &str, password: &str) -> HeaderMap {
    with_authorization(&format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
}

fn request(headers: &HeaderMap) -> Incoming<'_> {
    Incoming::new(&Method::GET, "https://redial.example.com", "/2010-04-01/Accounts.json", headers, b"", Time(0))
}

/// The sender whose key it was, an empty name for the account's own credentials, or the refusal's status and body.
fn shown(account: &Account, headers: &HeaderMap) -> Result<String, (u16, String)> {
    let found = account.authenticate(&request(headers));
    found
        .map(|key| key.map(|key| key.secret.expose().to_owned()).unwrap_or_default())
        .map_err(|document| (document.status.as_u16(), String::from_utf8_lossy(&document.body).into_owned()))
}

#[test]
fn a_sender_shows_the_accounts_own_credentials() {
    let account = twilio(|_| {});
    assert_eq!(shown(&account, &basic(SID, "12345")), Ok(String::new()));
    assert_eq!(shown(&account, &basic(SID, "old")), Ok(String::new()), "while the token is rotated");
    let lower = with_authorization(&format!("basic {}", BASE64_STANDARD.encode(format!("{SID}:12345"))));
    assert_eq!(shown(&account, &lower), Ok(String::new()), "the scheme has no case");
    let wrong = [
        HeaderMap::new(),
        basic(SID, ""),
        basic("", "12345"),
        basic(SID, "1234"),
        basic(SID, "123456"),
        basic("AC1", "12345"),
        with_authorization("Basic ???"),
        with_authorization("Bearer 12345"),
    ];
    for headers in wrong {
        let (status, body) = shown(&account, &headers).unwrap_err();
        assert_eq!(status, 401);
        assert!(body.starts_with("{\"code\":20003,"), "{body}");
    }
}

#[test]
fn an_api_key_is_as_good_as_the_token_and_is_what_is_sent() {
    let key = "SK00000000000000000000000000000001";
    let account = account(
        "twilio",
        &[("account_sid", &[SID]), ("auth_token", &["12345"]), ("api_key", &[key]), ("api_secret", &["s3cret"])],
        |_| {},
    );
    assert!(shown(&account, &basic(key, "s3cret")).is_ok());
    assert!(shown(&account, &basic(SID, "12345")).is_ok());
    assert!(shown(&account, &basic(key, "12345")).is_err());
    assert!(shown(&account, &basic(SID, "s3cret")).is_err());
}

#[test]
fn in_the_operators_custody_a_sender_has_a_key_of_redials_which_goes_no_further() {
    let key = |user: &str, secret: &str| SenderKey { user: user.into(), secret: Secret::new(secret) };
    let account = twilio(|settings| {
        settings.custody = Custody::Operator;
        settings.senders = vec![key(SID, "first"), key(SID, "second")];
    });
    assert_eq!(shown(&account, &basic(SID, "second")), Ok("second".into()));
    assert!(
        shown(&account, &basic(SID, "12345")).is_err(),
        "the provider's own credentials are no longer the sender's"
    );
    let headers = basic(SID, "second");
    let upstream = account.forward(&request(&headers), None);
    assert_eq!(upstream.headers[AUTHORIZATION], basic(SID, "12345")[AUTHORIZATION]);

    let account = telnyx(|settings| {
        settings.custody = Custody::Operator;
        settings.senders = vec![key("", "tenant-1")];
    });
    assert_eq!(shown(&account, &with_authorization("Bearer tenant-1")), Ok("tenant-1".into()));
    assert_eq!(shown(&account, &with_authorization("Bearer KEY1")).unwrap_err().0, 401);
    let headers = with_authorization("Bearer tenant-1");
    assert_eq!(account.forward(&request(&headers), None).headers[AUTHORIZATION], "Bearer KEY1");
}

#[test]
fn in_the_senders_custody_its_credentials_pass() {
    let headers = basic(SID, "old");
    let upstream = twilio(|_| {}).forward(&request(&headers), None);
    assert_eq!(upstream.headers[AUTHORIZATION], headers[AUTHORIZATION]);
    assert_eq!(upstream.url, "https://api.twilio.com/2010-04-01/Accounts.json");
}

#[test]
fn parameters_are_checked_and_named() {
    let provider = Provider::built_in("twilio").unwrap().unwrap();
    let problems = |values: &[(&str, &[&str])]| {
        let values =
            values.iter().map(|(name, all)| ((*name).to_owned(), all.iter().map(ToString::to_string).collect()));
        let wrong = provider.parameters(values.collect()).unwrap_err();
        wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let right: [(&str, &[&str]); 2] = [("account_sid", &[SID]), ("auth_token", &["12345"])];
    assert!(problems(&right[..1]).contains("parameter `auth_token`: is missing"));
    assert!(
        problems(&[right[0], right[1], ("autoken", &["x"])])
            .contains("`autoken`: unknown; twilio takes account_sid, api_key")
    );
    assert!(problems(&[("account_sid", &["AC12"]), right[1]]).contains("`account_sid`: does not look right"));
    assert!(problems(&[("account_sid", &[SID, SID]), right[1]]).contains("`account_sid`: takes one value"));
    assert!(problems(&[right[0], ("auth_token", &["a\nb"])]).contains("control characters"));
}

#[test]
fn secrets_and_numbers_are_never_shown() {
    let account = twilio(|settings| {
        settings.senders = vec![SenderKey { user: "u".into(), secret: Secret::new("s3cret-of-a-sender") }];
    });
    let headers = basic(SID, "12345");
    let incoming = Incoming::new(&Method::POST, "https://a", "/x?To=%2B14155550100", &headers, b"", Time(0));
    let upstream = account.forward(&incoming, None);
    let shown = format!("{account:?} {upstream:?}");
    for secret in ["12345", "s3cret-of-a-sender", "14155550100"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn a_webhook_must_name_the_account_it_is_signed_for() {
    // Signed with the account's token by hand: URL, then the sorted form.
    let signed = |body: &'static str, pairs: &str| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"12345");
        let tag = ring::hmac::sign(&key, format!("https://redial.example.com/hooks/main/call{pairs}").as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert("x-twilio-signature", BASE64_STANDARD.encode(tag).parse().unwrap());
        let account = twilio(|settings| settings.public_urls = vec!["https://redial.example.com".into()]);
        let (method, target) = (Method::POST, "/hooks/main/call");
        let incoming = Incoming::new(&method, "http://127.0.0.1:8080", target, &headers, body.as_bytes(), Time(0));
        account.verify(&incoming, Hook::Call)
    };
    let own = "AccountSid=AC00000000000000000000000000000001&CallSid=CA1";
    assert!(signed(own, "AccountSidAC00000000000000000000000000000001CallSidCA1").is_ok());
    assert_eq!(signed("AccountSid=AC2&CallSid=CA1", "AccountSidAC2CallSidCA1"), Err(Refused::OtherAccount));
    assert_eq!(signed("CallSid=CA1", "CallSidCA1"), Err(Refused::OtherAccount));
    assert_eq!(signed(own, "CallSidCA1"), Err(Refused::Wrong));
}
