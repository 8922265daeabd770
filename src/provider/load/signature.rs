//! `[signature]`: which scheme signs which webhooks.

use super::{Loader, Result};
use crate::provider::{
    compiled::Rule,
    file::{Coding, EcdsaFile, Ed25519File, HmacFile, JwtFile, SignatureFile, SignaturesFile, Written},
    incoming::Reads,
    jwt::Algorithm,
    place::{Kind, Place},
    rule::Subjects,
    signature::{Ecdsa, Ed25519, Hmac, Jwt, PARTS, Plivo, Scheme, Shown, Signed, Sinch, Sns, Twilio, Vonage},
    text::Escape,
};
use std::time::Duration;
use toml::Spanned;

/// What tells which scheme a webhook is signed with.
const ABOUT: Subjects = Subjects { names: &[], places: true, variables: false, status: false };

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

impl Loader<'_> {
    pub(super) fn signatures(
        &self,
        files: &SignaturesFile,
        secret: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<Rule<Scheme>>> {
        let rules = self.rules(&files.0, ABOUT, |file| &file.when, |file| self.signature(file, secret))?;
        let open = |rule: &Rule<Scheme>| matches!(rule.value, Scheme::None) && rule.when.is_always();
        if rules.iter().any(open) && rules.iter().any(|rule| !rule.when.is_always()) {
            // Who leaves out the header that chooses a scheme would need no signature at all.
            let span = files.0.last().map_or(0..0, Spanned::span);
            return Err(
                self.wrong(span, "`none` cannot follow a scheme with a `when`: leaving the header out would do")
            );
        }
        Ok(rules)
    }

    fn signature(&self, file: &SignatureFile, secret: &dyn Fn(usize) -> bool) -> Result<Scheme> {
        let mut found = Vec::new();
        if let Some(twilio) = &file.twilio {
            found.push(Scheme::Twilio(Twilio {
                header: self.header(&twilio.header)?,
                secret: self.parameter(&twilio.secret)?,
                settings_header: twilio.settings_header.as_ref().map(|name| self.header(name)).transpose()?,
                shared_keys: twilio.shared_keys.as_ref().map(|name| self.parameter(name)).transpose()?,
            }));
        }
        if let Some(scheme) = &file.ed25519 {
            found.push(self.ed25519(scheme)?);
        }
        if let Some(hmac) = &file.hmac {
            found.push(self.hmac(hmac)?);
        }
        if let Some(jwt) = &file.jwt {
            found.push(self.jwt(jwt)?);
        }
        if let Some(vonage) = &file.vonage {
            found.push(Scheme::Vonage(Vonage {
                secret: self.parameter(&vonage.secret)?,
                method: self.parameter(&vonage.method)?,
                tolerance: seconds(vonage.tolerance_seconds),
            }));
        }
        if let Some(plivo) = &file.plivo {
            found.push(Scheme::Plivo(Plivo {
                header: self.header(&plivo.header)?,
                nonce_header: self.header(&plivo.nonce_header)?,
                secret: self.parameter(&plivo.secret)?,
            }));
        }
        if let Some(sinch) = &file.sinch {
            found.push(Scheme::Sinch(Sinch {
                scheme: format!("{} ", sinch.scheme.trim()).into(),
                key: self.parameter(&sinch.key)?,
                secret: self.parameter(&sinch.secret)?,
                time_header: self.header(&sinch.time_header)?,
                tolerance: seconds(sinch.tolerance_seconds),
            }));
        }
        if let Some(ecdsa) = &file.ecdsa_p256 {
            found.push(self.ecdsa(ecdsa)?);
        }
        if let Some(sns) = &file.sns_cert {
            let topic = self.parameter(&sns.topic)?;
            found.push(Scheme::Sns(Sns { topic, tolerance: seconds(sns.tolerance_seconds) }));
        }
        if let Some(basic) = &file.basic {
            let (user, password) = (self.parameter(&basic.user)?, self.parameter(&basic.password)?);
            found.push(Scheme::Shown(Shown::Basic { user, password }));
        }
        if let Some(bearer) = &file.bearer {
            let value = self.parameter(&bearer.token)?;
            found.push(Scheme::Shown(Shown::Header {
                name: http::header::AUTHORIZATION,
                prefix: "Bearer ".into(),
                value,
            }));
        }
        if let Some(header) = &file.header {
            found.push(Scheme::Shown(Shown::Header {
                name: self.header(&header.name)?,
                prefix: header.prefix.as_str().into(),
                value: self.parameter(&header.value)?,
            }));
        }
        if let Some(pairs) = &file.query {
            let span = pairs.values().next().map_or(0..0, Spanned::span);
            found.push(Scheme::Shown(Shown::Query(self.pairs(pairs, &span, secret)?)));
        }
        if file.none.is_some() {
            found.push(Scheme::None);
        }
        match (found.pop(), found.is_empty()) {
            (Some(scheme), true) => Ok(scheme),
            _ => Err(self.wrong(
                0..0,
                "a [signature] needs one kind: twilio, ed25519, hmac, jwt, vonage, plivo, sinch, ecdsa_p256, sns_cert, \
                 basic, bearer, header, query or none",
            )),
        }
    }

    fn ed25519(&self, file: &Ed25519File) -> Result<Scheme> {
        Ok(Scheme::Ed25519(Ed25519 {
            header: self.header(&file.header)?,
            time_header: self.header(&file.time_header)?,
            public_key: self.parameter(&file.public_key)?,
            signed: self.signed(&file.signed)?,
            tolerance: seconds(file.tolerance_seconds),
            signing_key: file.signing_key.as_ref().map(|name| self.parameter(name)).transpose()?,
        }))
    }

    fn ecdsa(&self, file: &EcdsaFile) -> Result<Scheme> {
        Ok(Scheme::Ecdsa(Ecdsa {
            header: self.header(&file.header)?,
            time_header: self.header(&file.time_header)?,
            public_key: self.parameter(&file.public_key)?,
            signed: self.signed(&file.signed)?,
            tolerance: seconds(file.tolerance_seconds),
        }))
    }

    fn hmac(&self, file: &HmacFile) -> Result<Scheme> {
        let signed = self.signed(&file.signed)?;
        let needs = |name: &str, there: bool| {
            let wanted = format!("`{name}` stands in what is signed, so a place for it is needed (`{name} = …`)");
            if signed.has(&[name]) && !there { Err(self.wrong(file.signed.span(), wanted)) } else { Ok(()) }
        };
        needs("time", file.time.is_some())?;
        needs("nonce", file.nonce.is_some())?;
        if *file.coding.get_ref() == Coding::Text {
            return Err(self.wrong(file.coding.span(), "a signature is written in `hex` or `base64`"));
        }
        let time = match (&file.time, file.tolerance_seconds) {
            (Some(time), Some(tolerance)) => Some((self.webhook_place(time)?, seconds(tolerance))),
            (Some(time), None) => return Err(self.wrong(time.span(), "a time needs `tolerance_seconds` beside it")),
            (None, _) => None,
        };
        let names = &["signature", "time", "nonce"];
        Ok(Scheme::Hmac(Box::new(Hmac {
            secret: self.parameter(&file.secret)?,
            secret_prefix: file.secret_prefix.as_str().into(),
            secret_coding: file.secret_coding.as_ref().map_or(Coding::Text, |coding| *coding.get_ref()),
            hash: file.hash,
            value: self.webhook_place(&file.value)?,
            coding: *file.coding.get_ref(),
            separator: file.separator.as_str().into(),
            prefix: file.prefix.as_str().into(),
            time,
            nonce: file.nonce.as_ref().map(|nonce| self.webhook_place(nonce)).transpose()?,
            signed,
            written: file.written.as_ref().map(|text| self.text(text, names, Escape::Plain)).transpose()?,
        })))
    }

    fn jwt(&self, file: &JwtFile) -> Result<Scheme> {
        let algorithm = |name: &Written| {
            let found = Algorithm::named(name.get_ref()).filter(|algorithm| algorithm.hash().is_some());
            found.ok_or_else(|| self.wrong(name.span(), "HS256, HS384 or HS512 is needed"))
        };
        let claim =
            |(name, text): (&String, &Written)| Ok((name.as_str().into(), self.text(text, &[], Escape::Plain)?));
        Ok(Scheme::Jwt(Box::new(Jwt {
            value: self.webhook_place(&file.value)?,
            secret: self.parameter(&file.secret)?,
            algorithms: file.algorithms.iter().map(algorithm).collect::<Result<_>>()?,
            claims: file.claims.iter().map(claim).collect::<Result<_>>()?,
            body_hash: file.body_hash.as_deref().map(Into::into),
            query_as_json: file.query_as_json,
            url_hash: file.url_hash.as_deref().map(Into::into),
            tolerance: file.tolerance_seconds.map(seconds),
            leeway: seconds(file.leeway_seconds),
        })))
    }

    /// A text of letters and of names of parts of a request.
    fn signed(&self, written: &Written) -> Result<Signed> {
        let text = self.text(written, PARTS, Escape::Plain)?;
        let wanted = || format!("what is signed holds only letters and the names {}", PARTS.join(", "));
        Ok(text.parts().ok_or_else(|| self.wrong(written.span(), wanted()))?.into())
    }
}

/// Where a hook looks beside the body.
pub(super) fn reads<'p>(places: impl IntoIterator<Item = &'p Place>) -> Reads {
    Reads::of(places.into_iter().filter(|place| !matches!(place.kind, Kind::Path(_))))
}
