//! `[signature]`: which scheme signs which webhooks.

use super::{Loader, Result};
use crate::provider::{
    compiled::Rule,
    file::{
        Coding, EcdsaFile, Ed25519File, HmacFile, JwtFile, PlivoFile, SignatureFile, SignaturesFile, SinchFile,
        TwilioFile, VonageFile, Written,
    },
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
        let wanted = |span| {
            let kinds = "twilio, ed25519, hmac, jwt, vonage, plivo, sinch, ecdsa_p256, sns_cert, basic, bearer, header, \
                         query or none";
            self.wrong(span, format!("a [signature] needs one kind: {kinds}"))
        };
        for file in &files.0 {
            if self.schemes(file.get_ref(), secret)?.len() != 1 {
                return Err(wanted(file.span()));
            }
        }
        let one = |file: &SignatureFile| self.schemes(file, secret)?.pop().ok_or_else(|| wanted(0..0));
        let rules = self.rules(&files.0, ABOUT, |file| &file.when, one)?;
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

    /// Of each kind that is named: there should be one.
    fn schemes(&self, file: &SignatureFile, secret: &dyn Fn(usize) -> bool) -> Result<Vec<Scheme>> {
        let mut found = Vec::new();
        found.extend(file.twilio.as_ref().map(|twilio| self.twilio(twilio)).transpose()?);
        found.extend(file.ed25519.as_ref().map(|ed25519| self.ed25519(ed25519)).transpose()?);
        found.extend(file.hmac.as_ref().map(|hmac| self.hmac(hmac)).transpose()?);
        found.extend(file.jwt.as_ref().map(|jwt| self.jwt(jwt)).transpose()?);
        found.extend(file.vonage.as_ref().map(|vonage| self.vonage(vonage)).transpose()?);
        found.extend(file.plivo.as_ref().map(|plivo| self.plivo(plivo)).transpose()?);
        found.extend(file.sinch.as_ref().map(|sinch| self.sinch(sinch)).transpose()?);
        found.extend(file.ecdsa_p256.as_ref().map(|ecdsa| self.ecdsa(ecdsa)).transpose()?);
        if let Some(sns) = &file.sns_cert {
            let topic = self.parameter(&sns.topic)?;
            found.push(Scheme::Sns(Sns { topic, tolerance: seconds(sns.tolerance_seconds) }));
        }
        if let Some(basic) = &file.basic {
            let (user, password) = (self.parameter(&basic.user)?, self.parameter(&basic.password)?);
            found.push(Scheme::Shown(Shown::Basic { user, password }));
        }
        if let Some(bearer) = &file.bearer {
            let (name, value) = (http::header::AUTHORIZATION, self.parameter(&bearer.token)?);
            found.push(Scheme::Shown(Shown::Header { name, prefix: "Bearer ".into(), value }));
        }
        if let Some(header) = &file.header {
            let (name, value) = (self.header(&header.name)?, self.parameter(&header.value)?);
            found.push(Scheme::Shown(Shown::Header { name, prefix: header.prefix.as_str().into(), value }));
        }
        if let Some(pairs) = &file.query {
            let span = pairs.values().next().map_or(0..0, Spanned::span);
            found.push(Scheme::Shown(Shown::Query(self.pairs(pairs, &span, secret)?)));
        }
        found.extend(file.none.is_some().then_some(Scheme::None));
        Ok(found)
    }

    fn twilio(&self, file: &TwilioFile) -> Result<Scheme> {
        Ok(Scheme::Twilio(Twilio {
            header: self.header(&file.header)?,
            secret: self.parameter(&file.secret)?,
            settings_header: file.settings_header.as_ref().map(|name| self.header(name)).transpose()?,
            shared_keys: file.shared_keys.as_ref().map(|name| self.parameter(name)).transpose()?,
        }))
    }

    fn vonage(&self, file: &VonageFile) -> Result<Scheme> {
        let (secret, method) = (self.parameter(&file.secret)?, self.parameter(&file.method)?);
        Ok(Scheme::Vonage(Vonage { secret, method, tolerance: seconds(file.tolerance_seconds) }))
    }

    fn plivo(&self, file: &PlivoFile) -> Result<Scheme> {
        let (header, nonce_header) = (self.header(&file.header)?, self.header(&file.nonce_header)?);
        Ok(Scheme::Plivo(Plivo { header, nonce_header, secret: self.parameter(&file.secret)? }))
    }

    fn sinch(&self, file: &SinchFile) -> Result<Scheme> {
        Ok(Scheme::Sinch(Sinch {
            scheme: format!("{} ", file.scheme.trim()).into(),
            key: self.parameter(&file.key)?,
            secret: self.parameter(&file.secret)?,
            time_header: self.header(&file.time_header)?,
            tolerance: seconds(file.tolerance_seconds),
        }))
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
