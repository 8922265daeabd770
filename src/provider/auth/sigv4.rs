//! AWS Signature Version 4, in the `Authorization` header.

use crate::{
    clock::Time,
    provider::{
        NotWritten, Parameters, Request,
        digest::{HmacKey, hex, sha256},
        file::Hash,
        form, signature,
        text::{Text, Values},
    },
};
use std::fmt::Write as _;

/// `sigv4`; numbers are positions of parameters.
#[derive(Debug)]
pub(in crate::provider) struct SigV4 {
    pub(in crate::provider) access_key: usize,
    pub(in crate::provider) secret_key: usize,
    /// Of temporary credentials.
    pub(in crate::provider) session_token: Option<usize>,
    pub(in crate::provider) service: Box<str>,
    pub(in crate::provider) region: Text,
}

/// Signs the request as it stands: method, path, query, host, content type, the AWS headers and the body.
pub(super) fn sign(keys: &SigV4, parameters: &Parameters, request: &mut Request, now: Time) -> Result<(), NotWritten> {
    let wrong = |what: &str| NotWritten(what.to_owned());
    let region = keys.region.render(&Values { section: &[], parameters })?;
    let (access, secret) = (parameters.first(keys.access_key), parameters.first(keys.secret_key));
    let time = jiff::Timestamp::from_second(now.seconds()).map_err(|_| wrong("the time is none"))?;
    let time = time.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    let date = &time[..8];
    let mut insert = |name: &'static str, value: &str| {
        let value = http::HeaderValue::from_str(value).map_err(|_| wrong("a key holds control characters"))?;
        request.headers.insert(name, value);
        Ok::<(), NotWritten>(())
    };
    insert("x-amz-date", &time)?;
    if let Some(token) = keys.session_token.map(|index| parameters.first(index)).filter(|token| !token.is_empty()) {
        insert("x-amz-security-token", token)?;
    }
    let (signed, canonical) = canonical(request);
    let scope = format!("{date}/{region}/{}/aws4_request", keys.service);
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&sha256(canonical.as_bytes())));
    let signature = hex(&HmacKey::new(Hash::Sha256, &key(secret, date, &region, &keys.service)).sign(text.as_bytes()));
    let shown = format!("AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={signed}, Signature={signature}");
    let mut shown = http::HeaderValue::try_from(shown).map_err(|_| wrong("a key holds control characters"))?;
    shown.set_sensitive(true);
    request.headers.insert(http::header::AUTHORIZATION, shown);
    Ok(())
}

fn key(secret: &str, date: &str, region: &str, service: &str) -> Vec<u8> {
    [date, region, service, "aws4_request"]
        .iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| HmacKey::new(Hash::Sha256, &key).sign(part.as_bytes()))
}

/// The names of the signed headers, and the canonical request.
fn canonical(request: &Request) -> (String, String) {
    let (origin, target) = signature::split(&request.url);
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = vec![("host", host.to_ascii_lowercase())];
    for (name, value) in &request.headers {
        if *name == http::header::CONTENT_TYPE || name.as_str().starts_with("x-amz-") {
            headers.push((name.as_str(), value.to_str().unwrap_or_default().trim().to_owned()));
        }
    }
    headers.sort_unstable();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let mut pairs: Vec<(String, String)> =
        form::pairs(query.as_bytes()).map(|pair| (encode(&pair.name), encode(&pair.value))).collect();
    pairs.sort_unstable();
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let path = if path.is_empty() { "/" } else { path };
    let mut out = format!("{}\n{path}\n{}\n", request.method, query.join("&"));
    for (name, value) in &headers {
        let _never_fails = writeln!(out, "{name}:{value}");
    }
    let names = names.join(";");
    let _never_fails = write!(out, "\n{names}\n{}", hex(&sha256(&request.body)));
    (names, out)
}

/// Percent-encoding of everything but RFC 3986's unreserved characters.
fn encode(text: &str) -> String {
    crate::provider::text::percent_encoded(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From AWS's published test suite for Signature Version 4: `get-vanilla` and `post-x-www-form-urlencoded`.
    #[test]
    fn signatures_are_those_of_the_published_suite() {
        let parameters = Parameters::of(&[
            ("access_key", "AKIDEXAMPLE"),
            ("secret_key", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        ]);
        let names = crate::provider::text::Names { section: &[], parameters: &[] };
        let region = Text::compile("us-east-1", &names, crate::provider::text::Escape::Plain).unwrap();
        let keys = SigV4 { access_key: 0, secret_key: 1, session_token: None, service: "service".into(), region };
        let cases = [
            ("GET", "", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", "", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "POST",
                "application/x-www-form-urlencoded",
                "Param1=value1",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ];
        for (method, kind, body, wanted) in cases {
            let mut headers = http::HeaderMap::new();
            if !kind.is_empty() {
                headers.insert(http::header::CONTENT_TYPE, kind.parse().unwrap());
            }
            let mut request = Request {
                method: method.parse().unwrap(),
                url: "https://example.amazonaws.com/".into(),
                headers,
                body: body.into(),
            };
            sign(&keys, &parameters, &mut request, Time(1_440_938_160_000_000)).unwrap();
            let shown = request.headers[http::header::AUTHORIZATION].to_str().unwrap();
            assert!(shown.ends_with(&format!("Signature={wanted}")), "{method} {kind}: {shown}");
            assert!(
                shown.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request")
            );
        }
    }
}
