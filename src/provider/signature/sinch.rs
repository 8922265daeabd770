//! Sinch's signed requests: an `Authorization` header over method, body, content type, time and path.

use super::{
    Covers, Incoming, Keys, ParameterError, Parameters, Refused, SenderKey, ToSign, same,
    signed::{Said, Signed, in_time},
};
use crate::provider::{auth::after_scheme, digest::HmacKey, file::Hash};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::time::Duration;

/// `[signature.sinch]`.
#[derive(Debug)]
pub(in crate::provider) struct Sinch {
    /// `application ` or `service `.
    pub(in crate::provider) scheme: Box<str>,
    pub(in crate::provider) key: usize,
    pub(in crate::provider) secret: usize,
    pub(in crate::provider) time_header: http::HeaderName,
    pub(in crate::provider) tolerance: Duration,
}

impl Sinch {
    pub(super) fn prepare(&self, parameters: &Parameters) -> Result<Option<Keys>, ParameterError> {
        let secrets = parameters.all(self.secret);
        let keys = secrets.iter().map(|secret| {
            let bytes = BASE64_STANDARD.decode(&**secret).map_err(|_| ParameterError {
                name: parameters.name(self.secret).to_owned(),
                wanted: "the secret is written in base64".to_owned(),
            })?;
            Ok(HmacKey::new(Hash::Sha256, &bytes))
        });
        let keys = keys.collect::<Result<_, _>>()?;
        Ok(Some(Keys::Hmac(keys)).filter(|_| !secrets.is_empty()))
    }

    fn signed(&self, has_body: bool) -> Signed {
        let md5 = if has_body { Err("body_md5") } else { Ok("") };
        let time = format!("\n{}:", self.time_header);
        vec![
            Err("method"),
            Ok("\n"),
            md5,
            Ok("\n"),
            Err("content_type"),
            Ok(&*time),
            Err("time"),
            Ok("\n"),
            Err("path"),
        ]
        .into()
    }

    pub(super) fn verify(
        &self,
        keys: &[HmacKey],
        parameters: &Parameters,
        incoming: &Incoming<'_>,
    ) -> Result<Covers, Refused> {
        let given = incoming.headers.get(http::header::AUTHORIZATION).ok_or(Refused::Unsigned)?;
        let given = after_scheme(given.as_bytes(), self.scheme.as_bytes()).ok_or(Refused::Wrong)?;
        let given = std::str::from_utf8(given).map_err(|_| Refused::Wrong)?.trim();
        let (key, signature) = given.split_once(':').ok_or(Refused::Wrong)?;
        let signature = BASE64_STANDARD.decode(signature).map_err(|_| Refused::Wrong)?;
        let time = incoming.headers.get(&self.time_header).ok_or(Refused::Unsigned)?;
        let time = time.to_str().map_err(|_| Refused::Wrong)?;
        let own = parameters.all(self.key).iter().any(|own| same(own.as_bytes(), key.as_bytes()));
        let message = self.signed(!incoming.body.is_empty()).message(&Said::of(incoming, time, ""));
        if !own || !keys.iter().any(|key| same(&key.sign(&message), &signature)) {
            return Err(Refused::Wrong);
        }
        in_time(incoming, time, self.tolerance)?;
        Ok(Covers { body: true, query: false, headers: false })
    }

    pub(super) fn sign(
        &self,
        keys: &[HmacKey],
        sender: Option<&SenderKey>,
        parameters: &Parameters,
        request: &ToSign<'_>,
    ) -> Option<Vec<(http::HeaderName, String)>> {
        let own = match sender {
            Some(sender) => Some(HmacKey::new(Hash::Sha256, &BASE64_STANDARD.decode(sender.secret.expose()).ok()?)),
            None => None,
        };
        let key = own.as_ref().or(keys.first())?;
        let name = sender.map_or_else(|| parameters.first(self.key), |sender| &*sender.user);
        let time = jiff::Timestamp::from_second(request.now.seconds()).ok()?.to_string();
        let message = self.signed(!request.body.is_empty()).message(&Said::to_sign(request, &time, ""));
        let signature = BASE64_STANDARD.encode(key.sign(&message));
        let shown = format!("{}{name}:{signature}", self.scheme);
        Some(vec![(http::header::AUTHORIZATION, shown), (self.time_header.clone(), time)])
    }
}
