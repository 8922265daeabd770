//! What a provider and a sender would do: a signed call webhook, and a message through the drop-in endpoint.

use super::request::Api;
use crate::{
    cli::Failure,
    config::{Account, Config},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;

/// The account of the configuration that the demonstration uses.
pub(super) struct Demo {
    name: String,
    public_url: String,
    sid: String,
    token: String,
    user: String,
    secret: String,
}

impl Demo {
    /// An account of kind `twilio` whose requests stay on this machine; `None` where the configuration has none.
    pub(super) fn find(config: &Config) -> Result<Option<Self>, Failure> {
        let fits = |account: &&Account| {
            account.kind.get_ref() == "twilio"
                && account.base_url.as_deref().is_some_and(|url| url.starts_with("http://127.0.0.1"))
        };
        let found = config.accounts.iter().find(|(_, account)| fits(account) && !account.senders.is_empty());
        let Some((name, account)) = found.filter(|_| config.stand_in.is_some()) else { return Ok(None) };
        let sender = &account.senders[0];
        Ok(Some(Self {
            name: name.get_ref().clone(),
            public_url: config.server.public_url.get_ref().clone(),
            sid: parameter(config, account, "account_sid")?,
            token: parameter(config, account, "auth_token")?,
            user: sender.user.clone(),
            secret: config.secret("senders", &sender.secret)?,
        }))
    }

    /// A call comes in for `to`: the provider asks what to do, and this is the answer.
    pub(super) async fn call(&self, api: &Api, id: &str, from: &str, to: &str) -> Result<String, Failure> {
        let path = format!("/hooks/{}/call", self.name);
        let fields = [
            ("AccountSid", self.sid.as_str()),
            ("ApiVersion", "2010-04-01"),
            ("CallSid", id),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
            ("From", from),
            ("To", to),
        ];
        let signed = fields.iter().fold(format!("{}{path}", self.public_url), |all, (name, value)| all + name + value);
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.token.as_bytes());
        let headers = [
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("x-twilio-signature", STANDARD.encode(hmac::sign(&key, signed.as_bytes()))),
        ];
        let (status, answer) = api.raw("POST", &path, &headers, form(&fields)).await?;
        if status == 200 { Ok(answer) } else { Err(format!("the webhook was answered {status}: {answer}").into()) }
    }

    /// A sender with the provider's SDK sends a message to `to`; what the SDK gets back.
    pub(super) async fn message(&self, api: &Api, from: &str, to: &str, text: &str) -> Result<String, Failure> {
        let path = format!("/via/{}/2010-04-01/Accounts/{}/Messages.json", self.name, self.user);
        let headers = [
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("authorization", format!("Basic {}", STANDARD.encode(format!("{}:{}", self.user, self.secret)))),
        ];
        let body = form(&[("To", to), ("From", from), ("Body", text)]);
        let (status, answer) = api.raw("POST", &path, &headers, body).await?;
        if status == 201 { Ok(answer) } else { Err(format!("the message was answered {status}: {answer}").into()) }
    }
}

fn parameter(config: &Config, account: &Account, name: &str) -> Result<String, Failure> {
    let values = account.parameters.get(name).map(|values| config.secrets(name, values)).transpose()?;
    let first = values.into_iter().flatten().next();
    Ok(first.ok_or_else(|| format!("the demonstration's account has no {name}"))?)
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
