//! Signature schemes, with the vectors that providers publish (or that were computed from the same text where they
//! publish none).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use redial::{
    clock::Time,
    provider::{Account, AccountSettings, Custody, Hook, Incoming, Provider},
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use std::sync::Arc;

/// What Redial signs for a sender is believed by the same scheme.
const SIGNED_AGAIN: &str = r#"
[[callback]]
name = "signed again"
now = 1700000100
request.url = "https://r.example/x"
request.json = '{"a":1}'
url = "https://sender.example/cb?x=y"
swaps = []
signed = true
restored.url = "https://sender.example/cb?x=y"
restored.body = '{"a":1}'
"#;

/// Runs signature samples against a small file with these parameters and this `[signature]`.
fn agrees(parameters: &str, signature: &str, account: &str, samples: &str) {
    let file = format!(
        "schema = 1\nname = \"acme\"\ntitle = \"Acme\"\nupstream = \"https://api.acme.example\"\n\n\
         [parameters]\n{parameters}\n\n{signature}\n"
    );
    let provider = Provider::load(&file, "acme.toml").map_err(|wrong| wrong.to_string()).unwrap();
    let samples = format!("[account]\nparameters = {{ {account} }}\n{samples}");
    let wrong: Vec<String> =
        Arc::new(provider).check(&[("samples.toml", &samples)]).iter().map(ToString::to_string).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn hmac_over_url_and_body_as_signalwire_does() {
    let body = r#"{"call":{"call_id":"b5d63b2e-f75b-4dc8-b6d4-269b635f96c0","node_id":"fa3570ae-f8bd-42c2-83f4-9950d906c91b@us-west","segment_id":"b5d63b2e-f75b-4dc8-b6d4-269b635f96c0","call_state":"created","direction":"inbound","type":"phone","from":"+12135877632","to":"+12089806814","from_number":"+12135877632","to_number":"+12089806814","project_id":"4b7ae78a-d02e-4889-a63b-08b156d5916e","space_id":"62615f44-2a34-4235-b38b-76b5a1de6ef8"},"vars":{}}"#;
    let samples = format!(
        "[[signature]]\nname = \"json\"\nrequest.url = \"https://81f2-2-45-18-191.ngrok-free.app/\"\n\
         request.headers = {{ X-SignalWire-Signature = \"b18500437ebb010220ddd770cbe6fd531ea0ba0d\" }}\n\
         request.json = '{body}'\nverdict = \"believed\"\n\
         [[signature]]\nname = \"changed\"\nrequest.url = \"https://81f2-2-45-18-191.ngrok-free.app/\"\n\
         request.headers = {{ X-SignalWire-Signature = \"b18500437ebb010220ddd770cbe6fd531ea0ba0d\" }}\n\
         request.json = '{body} '\nverdict = \"wrong\"\n"
    );
    agrees(
        "key = { about = \"signing key\", secret = true, several = true }",
        "[signature.hmac]\nsecret = \"key\"\nhash = \"sha1\"\nvalue = \"header:X-SignalWire-Signature\"\ncoding = \"hex\"\nsigned = \"{{ url }}{{ body }}\"",
        "key = [\"old\", \"PSK_7TruNcSNTxp4zNrykMj4EPzF\"]",
        &samples,
    );
}

#[test]
fn hmac_over_address_and_nonce_covers_no_parameters_as_in_plivos_second_scheme() {
    agrees(
        "key = { about = \"token\", secret = true }",
        "[signature.hmac]\nsecret = \"key\"\nhash = \"sha256\"\nvalue = \"header:X-Plivo-Signature-V2\"\nseparator = \",\"\ncoding = \"base64\"\nnonce = \"header:X-Plivo-Signature-V2-Nonce\"\nsigned = \"{{ address }}{{ nonce }}\"",
        "key = \"my_auth_token\"",
        r#"
[[signature]]
name = "one of a list"
request.url = "https://answer.url"
request.form = "To=1555"
request.headers = { X-Plivo-Signature-V2 = "AAAA,ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc=", X-Plivo-Signature-V2-Nonce = "12345" }
verdict = "believed"
covers_parameters = false

[[signature]]
name = "another nonce"
request.url = "https://answer.url"
request.headers = { X-Plivo-Signature-V2 = "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc=", X-Plivo-Signature-V2-Nonce = "12346" }
verdict = "wrong"

[[signature]]
name = "without a nonce"
request.url = "https://answer.url"
request.headers = { X-Plivo-Signature-V2 = "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc=" }
verdict = "unsigned"
"#,
    );
}

#[test]
fn hmac_over_body_nonce_and_time_as_sinch_does() {
    let body = r#"{"at":"2025-01-13T09:22:40.914Z","batch_id":"01JHFFHQ0P99JPPNQPJDV7JTBP","client_reference":"a client reference","code":0,"operator_status_at":"2025-01-13T09:22:00Z","recipient":"33662162466","status":"Delivered","type":"recipient_delivery_report_sms"}"#;
    let one = |name: &str, now: i64, verdict: &str| {
        format!(
            "[[signature]]\nname = \"{name}\"\nrequest.url = \"https://r.example/hooks/main/status\"\nnow = {now}\n\
             request.headers = {{ x-sinch-webhook-signature = \"ZoHei66PPN/kZjw7hFVfGhJOnml3iGNCMWoyQVcE5o0=\", \
             x-sinch-webhook-signature-nonce = \"01JHFFHWYY7HSS4FWTMDTQEK8V\", \
             x-sinch-webhook-signature-timestamp = \"1736760161\" }}\nrequest.json = '{body}'\nverdict = \"{verdict}\"\n"
        )
    };
    agrees(
        "key = { about = \"secret\", secret = true }",
        "[signature.hmac]\nsecret = \"key\"\nhash = \"sha256\"\nvalue = \"header:x-sinch-webhook-signature\"\ncoding = \"base64\"\nnonce = \"header:x-sinch-webhook-signature-nonce\"\ntime = \"header:x-sinch-webhook-signature-timestamp\"\ntolerance_seconds = 300\nsigned = \"{{ body }}.{{ nonce }}.{{ time }}\"",
        "key = \"SMSWebhooksSecret\"",
        &(one("in time", 1_736_760_161 + 300, "believed") + &one("late", 1_736_760_161 + 301, "out_of_time")),
    );
}

#[test]
fn hmac_over_the_body_as_in_sinchs_old_scheme() {
    agrees(
        "key = { about = \"secret\", secret = true }",
        "[signature.hmac]\nsecret = \"key\"\nhash = \"sha1\"\nvalue = \"header:X-Sinch-Signature\"\ncoding = \"hex\"\nsigned = \"{{ body }}\"",
        "key = \"my-callback-secret\"",
        r#"
[[signature]]
name = "numbers event"
request.url = "https://r.example/x"
request.headers = { X-Sinch-Signature = "d2107528d5d52897a97dc6e24e09a208036ccd83" }
request.json = '{"eventId":"event_id","timestamp":"2025-04-08T10:38:04.854087603","projectId":"project-id","resourceId":"+1234567890","resourceType":"ACTIVE_NUMBER","eventType":"PROVISIONING_TO_VOICE_PLATFORM","status":"SUCCEEDED","failureCode":null,"internalFailureCode":null}'
verdict = "believed"
"#,
    );
}

#[test]
fn one_header_with_time_and_signature_as_jambonz_writes_it() {
    agrees(
        "key = { about = \"webhook secret\", secret = true }",
        "[signature.hmac]\nsecret = \"key\"\nhash = \"sha256\"\nvalue = \"header:Jambonz-Signature ~ v1=([0-9a-f]+)\"\ncoding = \"hex\"\ntime = \"header:Jambonz-Signature ~ t=([0-9]+)\"\ntolerance_seconds = 300\nsigned = \"{{ time }}.{{ body }}\"\nwritten = \"t={{ time }},v1={{ signature }}\"",
        "key = \"whsec_test\"",
        &[
r#"
[[signature]]
name = "in time"
now = 1700000000
request.url = "https://r.example/x"
request.headers = { Jambonz-Signature = "t=1700000000,v1=d237683bdb728774bb6800d1c768f7ea7c437a3d5b4048254b7d88c8da87aa63" }
request.json = '{"call_sid":"abc","from":"+15550100","to":"+15550101"}'
verdict = "believed"

"#,
SIGNED_AGAIN,
].concat(),
    );
}

#[test]
fn plivos_third_scheme() {
    let form = "Direction=outbound&From=19792014278&ALegUUID=3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36&ALegRequestUUID=3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36&CallUUID=3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36&RequestUUID=3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36&CallStatus=in-progress&BillRate=0.002&ParentAuthID=MANWVLYTK4ZWU1YTY4QA&To=sip%3APlivoSignature382029104058171078704104%40phone-qa.voice.plivodev.com&SIP-H-To=%3Csip%3APlivoSignature382029104058171078704104%4052.9.11.55%3Btransport%3Dudp%3E%3Btag%3D1&SessionStart=2020-04-08+11%3A34%3A33.238707&Event=StartApp";
    let url = "https://plivobin.non-prod.plivops.com/api/v1/validate_signature03.xml";
    let one = |name: &str, method: &str, query: &str, body: &str, signature: &str, verdict: &str| {
        let body = if body.is_empty() { String::new() } else { format!("request.form = \"{body}\"\n") };
        format!(
            "[[signature]]\nname = \"{name}\"\nrequest.method = \"{method}\"\nrequest.url = \"{url}{query}\"\n{body}\
             request.headers = {{ X-Plivo-Signature-V3 = \"{signature}\", X-Plivo-Signature-V3-Nonce = \"31627761595286130198\" }}\n\
             verdict = \"{verdict}\"\n"
        )
    };
    let get = format!("/?a=b&c=d&{form}");
    let samples = [
        one("query and form", "POST", "/?a=b&c=d", form, "k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c=", "believed"),
        one("no query", "POST", "", form, "AAAA, iAjE5QqI37mbkYe4w3jTMudqEzbDufdqi7sYwTu64e0=", "believed"),
        one("GET", "GET", &get, "", "UBq8jAtd32wR8EK9VgxbBn4n5rpI/l1H9iN4WfSEHFQ=", "believed"),
        one("another query", "POST", "/?a=b&c=e", form, "k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c=", "wrong"),
        "[[callback]]\nname = \"signed again\"\nrequest.url = \"https://r.example/x\"\nrequest.form = \"b=2&a=1\"\nurl = \"https://sender.example/cb?x=y\"\nswaps = []\nsigned = true\nrestored.url = \"https://sender.example/cb?x=y\"\nrestored.body = \"b=2&a=1\"\n".to_owned(),
    ];
    agrees(
        "key = { about = \"token\", secret = true }",
        "[signature.plivo]\nheader = \"X-Plivo-Signature-V3\"\nnonce_header = \"X-Plivo-Signature-V3-Nonce\"\nsecret = \"key\"",
        "key = \"Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4\"",
        &samples.concat(),
    );
}

#[test]
fn sinchs_signed_requests() {
    let signed = |now: i64, kind: &str, verdict: &str| {
        format!(
            "[[signature]]\nname = \"{kind} at {now}\"\nnow = {now}\nrequest.url = \"https://r.example/sinch/callback/ace\"\n\
             request.headers = {{ Content-Type = \"{kind}\", x-timestamp = \"2014-09-24T10:59:41Z\", \
             Authorization = \"Application 669E367E-6BBA-48AB-AF15-266871C28135:Tg6fMyo8mj9pYfWQ9ssbx3Tc1BNC87IEygAfLbJqZb4=\" }}\n\
             request.json = '{{\"event\":\"ace\",\"callid\":\"822aa4b7-05b4-4d83-87c7-1f835ee0b6f6_257\",\"timestamp\":\"2014-09-24T10:59:41Z\",\"version\":1}}'\n\
             verdict = \"{verdict}\"\n"
        )
    };
    agrees(
        "key = { about = \"application key\" }\nsecret = { about = \"secret\", secret = true }",
        "[signature.sinch]\nscheme = \"application\"\nkey = \"key\"\nsecret = \"secret\"\ntime_header = \"x-timestamp\"\ntolerance_seconds = 300",
        "key = \"669E367E-6BBA-48AB-AF15-266871C28135\", secret = \"BeIukql3pTKJ8RGL5zo0DA==\"",
        &(signed(1_411_556_381, "application/json", "believed")
            + &signed(1_411_556_381 + 301, "application/json", "out_of_time")
            + &signed(1_411_556_381, "application/json; charset=utf-8", "wrong")
            + SIGNED_AGAIN),
    );
}

#[test]
fn a_token_with_the_hash_of_the_url_as_messagebird_makes_it() {
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTYyNTQ3OTIwMCwiZXhwIjoxNjI1NDc5MjYwLCJqdGkiOiI1OWEyNDRkYy1lOWFkLTRlMjMtOTc3OC0zNzFmYWEyMzhmNzIiLCJ1cmxfaGFzaCI6IjBmMTE1ZGIwNjJiN2MwZGQwMzBiMTY4NzhjOTlkZWE1YzM1NGI0OWRjMzdiMzhlYjg4NDYxNzljNzc4M2U5ZDcifQ.6Fp0rVOsRr1fj9S2GidXAfkmPVofKr8_RTffC6G6r2E";
    let one = |name: &str, method: &str, url: &str, now: i64, body: &str, verdict: &str| {
        format!(
            "[[signature]]\nname = \"{name}\"\nnow = {now}\nrequest.method = \"{method}\"\nrequest.url = \"{url}\"\n{body}\
             request.headers = {{ MessageBird-Signature-JWT = \"{token}\" }}\nverdict = \"{verdict}\"\n"
        )
    };
    agrees(
        "key = { about = \"signing key\", secret = true }",
        "[signature.jwt]\nvalue = \"header:MessageBird-Signature-JWT\"\nsecret = \"key\"\nalgorithms = [\"HS256\", \"HS384\", \"HS512\"]\nclaims = { iss = \"MessageBird\" }\nbody_hash = \"payload_hash\"\nurl_hash = \"url_hash\"\nleeway_seconds = 1",
        "key = \"36efdd1aace2e26cd490f0d951138253bef2f7c6d34d18981da781555cc4cebb\"",
        &(one("published", "GET", "https://example.com/", 1_625_479_200, "", "believed")
            + &one("ended", "GET", "https://example.com/", 1_625_479_262, "", "out_of_time")
            + &one("early", "GET", "https://example.com/", 1_625_479_198, "", "out_of_time")
            + &one("another path", "GET", "https://example.com/x", 1_625_479_200, "", "wrong")
            + &one(
                "a body that nothing vouches for",
                "POST",
                "https://example.com/",
                1_625_479_200,
                "request.json = '{}'\n",
                "wrong",
            )
            + SIGNED_AGAIN),
    );
}

#[test]
fn a_token_with_the_hash_of_the_body_as_vonage_makes_it() {
    let file = "[signature.jwt]\nvalue = \"header:Authorization ~ ^[Bb]earer (.+)$\"\nsecret = \"key\"\nalgorithms = [\"HS256\"]\nclaims = { iss = \"Vonage\", api_key = \"{{ parameters.api_key }}\" }\nbody_hash = \"payload_hash\"\nquery_as_json = true\ntolerance_seconds = 300";
    agrees(
        "key = { about = \"signature secret\", secret = true }\napi_key = { about = \"key\" }",
        file,
        "key = \"qwertyuiopasdfghjklzxcvbnm123456\", api_key = \"k1\"",
        &[
r#"
[[signature]]
name = "another issuer"
now = 1697634680
request.url = "https://r.example/x"
request.json = '{}'
request.headers = { Authorization = "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJPbmxpbmUgSldUIEJ1aWxkZXIiLCJpYXQiOjE2OTc2MzQ2ODAsImV4cCI6MzMyNTQ1NDA4MjgsImF1ZCI6IiIsInN1YiI6IiJ9.88vJc3I2HhuqEDixHXVhc9R30tA6U_HQHZTC29y6CGM" }
verdict = "wrong"

[[signature]]
name = "none"
request.url = "https://r.example/x"
verdict = "unsigned"

"#,
SIGNED_AGAIN,
].concat(),
    );
}

#[test]
fn vonages_signed_parameters() {
    agrees(
        "secret = { about = \"secret\", secret = true }\nmethod = { about = \"method\", default = \"md5hash\" }",
        "[signature.vonage]\nsecret = \"secret\"\nmethod = \"method\"\ntolerance_seconds = 300",
        "secret = \"signature_secret\"",
        r#"
[[signature]]
name = "SHA-256 in the query"
parameters = { method = "sha256" }
now = 1234567890
request.method = "GET"
request.url = "https://r.example/x?param2=value2&param1=value1&timestamp=1234567890&sig=280C4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287"
verdict = "believed"

[[signature]]
name = "plain MD5 in a form"
now = 1234567890
request.url = "https://r.example/x"
request.form = "param2=value2&param1=value1&timestamp=1234567890&sig=d72f75ac8cda9bbce891c4fa62bee6cd"
verdict = "believed"

[[signature]]
name = "HMAC-MD5, odd letters, JSON"
parameters = { method = "md5" }
now = 1234567890
request.url = "https://r.example/x"
request.json = '{"param1":"value&1","param2":"value=2","timestamp":"1234567890","sig":"2bbf0abafb2c55e5af6231513896a2ac"}'
verdict = "believed"

[[signature]]
name = "late"
now = 1234568890
request.url = "https://r.example/x"
request.form = "param2=value2&param1=value1&timestamp=1234567890&sig=d72f75ac8cda9bbce891c4fa62bee6cd"
verdict = "out_of_time"

[[signature]]
name = "a parameter more"
now = 1234567890
request.url = "https://r.example/x"
request.form = "param2=value2&param1=value1&timestamp=1234567890&to=1&sig=d72f75ac8cda9bbce891c4fa62bee6cd"
verdict = "wrong"

[[signature]]
name = "no signature"
request.url = "https://r.example/x"
request.form = "param2=value2"
verdict = "unsigned"
"#,
    );
}

#[test]
fn credentials_and_several_schemes() {
    agrees(
        "user = { about = \"user\" }\npassword = { about = \"password\", secret = true, several = true }\ntoken = { about = \"token\", secret = true }\nhook = { about = \"secret in the URL\", secret = true }",
        "[[signature]]\nwhen = { \"header:X-Token\" = { present = true } }\nheader = { name = \"X-Token\", prefix = \"Key \", value = \"token\" }\n[[signature]]\nwhen = { \"query:token\" = { present = true } }\nquery = { token = \"hook\" }\n[[signature]]\nbasic = { user = \"user\", password = \"password\" }",
        "user = \"u\", password = [\"p\", \"q\"], token = \"t\", hook = \"h\"",
        r#"
[[signature]]
name = "basic, the second of two passwords"
request.url = "https://r.example/x"
request.form = "To=1"
request.headers = { Authorization = "Basic dTpx" }
verdict = "believed"

[[signature]]
name = "another user"
request.url = "https://r.example/x"
request.form = "To=1"
request.headers = { Authorization = "Basic djpx" }
verdict = "wrong"

[[signature]]
name = "a header"
request.url = "https://r.example/x"
request.form = "To=1"
request.headers = { X-Token = "key t" }
verdict = "believed"

[[signature]]
name = "the header of another scheme"
request.url = "https://r.example/x"
request.headers = { X-Token = "Key q", Authorization = "Basic dTpx" }
verdict = "wrong"

[[signature]]
name = "a secret in the URL vouches for nothing but itself"
request.method = "GET"
request.url = "https://r.example/x?token=h&To=1"
verdict = "believed"
covers_parameters = false

[[signature]]
name = "nothing"
request.url = "https://r.example/x"
request.form = "To=1"
verdict = "unsigned"
"#,
    );
}

/// `SendGrid` publishes this request with its signature.
#[test]
fn ecdsa_over_time_and_body() {
    let key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
    agrees(
        "key = { about = \"public key\" }",
        "[signature.ecdsa_p256]\nheader = \"X-Twilio-Email-Event-Webhook-Signature\"\ntime_header = \"X-Twilio-Email-Event-Webhook-Timestamp\"\npublic_key = \"key\"\nsigned = \"{{ time }}{{ body }}\"\ntolerance_seconds = 300",
        &format!("key = \"{key}\""),
        r#"
[[signature]]
name = "not theirs"
request.url = "https://r.example/x"
request.json = '[{}]'
request.headers = { X-Twilio-Email-Event-Webhook-Signature = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=", X-Twilio-Email-Event-Webhook-Timestamp = "1600112502" }
verdict = "wrong"

[[signature]]
name = "none"
request.url = "https://r.example/x"
request.json = '[{}]'
verdict = "unsigned"
"#,
    );
    // What a key that is made here signs is believed, and nothing that differs from it.
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pair.as_ref(), &random).unwrap();
    let head = &BASE64_STANDARD.decode(key).unwrap()[..26];
    let public = BASE64_STANDARD.encode([head, pair.public_key().as_ref()].concat());
    let signature = BASE64_STANDARD.encode(pair.sign(&random, b"1600112502[{\"a\":1}]").unwrap());
    let one = |body: &str, now: i64, verdict: &str| {
        format!(
            "[[signature]]\nname = \"{verdict}\"\nnow = {now}\nrequest.url = \"https://r.example/x\"\nrequest.json = '{body}'\n\
             request.headers = {{ X-S = \"{signature}\", X-T = \"1600112502\" }}\nverdict = \"{verdict}\"\n"
        )
    };
    agrees(
        "key = { about = \"public key\" }",
        "[signature.ecdsa_p256]\nheader = \"X-S\"\ntime_header = \"X-T\"\npublic_key = \"key\"\nsigned = \"{{ time }}{{ body }}\"\ntolerance_seconds = 300",
        &format!("key = \"{public}\""),
        &(one(r#"[{"a":1}]"#, 1_600_112_502, "believed")
            + &one(r#"[{"a":2}]"#, 1_600_112_502, "wrong")
            + &one(r#"[{"a":1}]"#, 1_600_113_502, "out_of_time")),
    );
}

#[test]
fn a_file_that_would_let_anybody_in_is_refused() {
    let file = |signature: &str| {
        let text = format!(
            "schema = 1\nname = \"acme\"\ntitle = \"Acme\"\nupstream = \"https://api.acme.example\"\n[parameters]\nkey = {{ about = \"k\", secret = true }}\nopen = {{ about = \"o\" }}\n{signature}\n"
        );
        Provider::load(&text, "acme.toml").map(drop).map_err(|wrong| wrong.to_string()).unwrap_err()
    };
    let header = "header = { name = \"X-A\", value = \"key\" }";
    let cases = [
        (format!("[[signature]]\nwhen = {{ \"header:X-A\" = {{ present = true }} }}\n{header}\n[[signature]]\nnone = {{}}"), "leaving the header out"),
        (format!("[signature]\n{header}\nnone = {{}}"), "needs one kind"),
        ("[signature]".to_owned(), "needs one kind"),
        ("[signature]\nquery = { token = \"open\" }".to_owned(), "a secret parameter is needed"),
        ("[signature.hmac]\nsecret = \"key\"\nhash = \"sha256\"\nvalue = \"header:X\"\ncoding = \"hex\"\nsigned = \"{{ time }}\"".to_owned(), "a place for it is needed"),
        ("[signature.hmac]\nsecret = \"key\"\nhash = \"sha256\"\nvalue = \"header:X\"\ncoding = \"hex\"\ntime = \"header:T\"\nsigned = \"{{ time }}\"".to_owned(), "needs `tolerance_seconds`"),
        ("[signature.hmac]\nsecret = \"key\"\nhash = \"sha256\"\nvalue = \"header:X\"\ncoding = \"hex\"\nsigned = \"{{ bdy }}\"".to_owned(), "not known here"),
        ("[signature.jwt]\nvalue = \"header:X\"\nsecret = \"key\"\nalgorithms = [\"none\"]".to_owned(), "HS256, HS384 or HS512"),
    ];
    for (signature, wanted) in cases {
        let wrong = file(&signature);
        assert!(wrong.contains(wanted), "{signature}\n→ {wrong}");
    }
}

/// An account with every scheme that has a secret, each chosen by a header of its own.
fn everything() -> Account {
    let schemes = [
        (
            "H",
            "hmac = { secret = \"key\", hash = \"md5\", value = \"header:V\", coding = \"base64\", separator = \",\", nonce = \"header:N\", time = \"header:T ~ ([0-9-]+)\", tolerance_seconds = 5, signed = \"{{ url }}{{ nonce }}{{ time }}{{ body_sha256_bytes }}\" }",
        ),
        (
            "J",
            "jwt = { value = \"header:V\", secret = \"key\", algorithms = [\"HS256\", \"HS512\"], body_hash = \"b\", url_hash = \"u\", query_as_json = true }",
        ),
        ("P", "plivo = { header = \"V\", nonce_header = \"N\", secret = \"key\" }"),
        (
            "S",
            "sinch = { scheme = \"application\", key = \"id\", secret = \"b64\", time_header = \"T\", tolerance_seconds = 5 }",
        ),
        ("O", "vonage = { secret = \"key\", method = \"method\", tolerance_seconds = 5 }"),
        ("B", "basic = { user = \"id\", password = \"key\" }"),
        ("Q", "query = { token = \"key\" }"),
        ("T", "twilio = { header = \"V\", secret = \"key\", settings_header = \"N\", shared_keys = \"shared\" }"),
    ];
    let one = |(name, scheme)| format!("[[signature]]\nwhen = {{ \"header:X-Scheme\" = \"{name}\" }}\n{scheme}\n");
    let list = schemes.map(one).concat();
    let file = format!(
        "schema = 1\nname = \"acme\"\ntitle = \"Acme\"\nupstream = \"https://api.acme.example\"\n[parameters]\n\
         id = {{ about = \"id\" }}\nmethod = {{ about = \"m\" }}\nshared = {{ about = \"s\", secret = true, several = true }}\n\
         b64 = {{ about = \"b\", secret = true }}\nkey = {{ about = \"k\", secret = true }}\n{list}"
    );
    let provider = Arc::new(Provider::load(&file, "acme.toml").map_err(|wrong| wrong.to_string()).unwrap());
    let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
    let values = vec![
        one("id", "i"),
        one("method", "sha512"),
        one("shared", "S1:x"),
        one("b64", "c2VjcmV0"),
        one("key", "a secret that nobody guesses"),
    ];
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever comes is refused, and nothing panics.
    #[test]
    fn nobody_gets_in_by_chance(
        scheme in "[HJPSOBQT]",
        value in "[ -~]{0,80}|[A-Za-z0-9+/]{0,40}={0,2}|[A-Za-z0-9_-]{0,20}\\.[A-Za-z0-9_-]{0,20}\\.[A-Za-z0-9_-]{0,20}",
        authorization in "(Basic |application |Bearer )?[A-Za-z0-9+/=:]{0,40}",
        nonce in "[ -~]{0,20}", time in "-?[0-9]{0,20}|[ -~]{0,20}",
        kind in "application/json|application/x-www-form-urlencoded|text/plain|",
        target in "/[a-z?&=%0-9]{0,30}",
        body: Vec<u8>,
    ) {
        static ACCOUNT: std::sync::LazyLock<Account> = std::sync::LazyLock::new(everything);
        let mut headers = http::HeaderMap::new();
        let all =
            [("x-scheme", &scheme), ("v", &value), ("n", &nonce), ("t", &time), ("authorization", &authorization), ("content-type", &kind)];
        for (name, value) in all {
            if let Ok(value) = http::HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        let method = http::Method::POST;
        let incoming = Incoming::new(&method, "https://r.example", &target, &headers, &body, Time(0));
        prop_assert!(ACCOUNT.verify(&incoming, Hook::Status).is_err());
    }
}
