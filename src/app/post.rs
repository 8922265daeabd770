//! Texts and accounts that notices leave with.

use super::{StartError, accounts, accounts::in_account};
use crate::{
    config::{self, Config},
    domain::{owner::Channel, schedule::Backoff},
    provider::Capability,
    template::Templates,
    transport::{
        folder::Folder,
        http::{self, Client, reach::Reach},
        smtp::{Settings, Smtp},
    },
    usecase::{
        carrier::{ByFolder, ByProvider, BySmtp, Carrier, Carriers, MailHead},
        deliver_notice::Post,
        gateway::Account,
    },
    worker,
};
use std::sync::Arc;
use toml::Spanned;

/// The name under which notices speak of this service.
const SERVICE: &str = "Redial";

/// Everything that a worker needs besides the store.
pub(crate) fn post(config: &Config) -> Result<Post, StartError> {
    let notices = &config.notices;
    let mut backoff = Backoff::default();
    backoff.steps.truncate(usize::try_from(notices.attempts.saturating_sub(1)).unwrap_or(usize::MAX));
    Ok(Post {
        templates: Templates::load(notices.templates.as_deref(), &notices.language).map_err(StartError::setting)?,
        carriers: carriers(config)?,
        service: SERVICE.to_owned(),
        help: String::new(),
        language: notices.language.clone(),
        backoff,
        expiry: Post::USUAL_EXPIRY,
    })
}

/// How much the worker does at once.
pub(super) fn settings(config: &Config) -> worker::Settings {
    let notices = &config.notices;
    worker::Settings {
        fresh: notices.concurrency.max(1),
        retries: (notices.concurrency / 2).max(1),
        lease: notices.lease.0,
        ..worker::Settings::default()
    }
}

fn carriers(config: &Config) -> Result<Carriers, StartError> {
    let mut carriers: Carriers = Vec::new();
    for (channel, names) in [(Channel::Sms, &config.notices.sms), (Channel::Email, &config.notices.email)] {
        for name in names {
            // The default names an account that a file need not have.
            let Some(account) = config.account(name.get_ref()) else { continue };
            let carrier = carrier(config, name, account).map_err(|why| in_account(config, name, why))?;
            if !carrier.speaks(channel) {
                return Err(in_account(config, name, format_args!("it takes no {channel:?} messages")));
            }
            carriers.push((channel, carrier));
        }
    }
    Ok(carriers)
}

fn carrier(config: &Config, name: &Spanned<String>, account: &config::Account) -> Result<Arc<dyn Carrier>, String> {
    let name: Box<str> = name.get_ref().as_str().into();
    let head = MailHead { from: account.from_email.clone().unwrap_or_default().into(), reply_to: None };
    match account.kind.get_ref().as_str() {
        "folder" => Ok(Arc::new(ByFolder {
            name,
            folder: Folder::new(account.path.clone().unwrap_or_default()),
            from: account.from.clone().unwrap_or_default().into(),
            head,
        })),
        "smtp" => {
            let credentials = match (&account.user, &account.password) {
                (Some(user), Some(password)) => Some((user.clone(), password.value()?)),
                _ => None,
            };
            let settings =
                Settings { url: account.url.clone().unwrap_or_default(), credentials, ..Settings::default() };
            Ok(Arc::new(BySmtp { name, smtp: Smtp::new(&settings).map_err(|why| why.to_string())?, head }))
        }
        kind => {
            let file = Arc::new(accounts::provider_file(config, kind)?);
            let one = accounts::one(config, &name, account, file)?;
            // Only the operator's own word leads off the public internet.
            let reach = if account.base_url.is_some() { Reach::Anywhere } else { Reach::Public };
            let settings = http::Settings { reach, ..http::Settings::default() };
            Ok(Arc::new(ByProvider {
                callback: callback(&one, account),
                account: Arc::new(one.provider),
                client: Client::new(&settings).map_err(|why| why.to_string())?,
                replies: sender_is_number(account),
                head: account.from.as_ref().map(|_| head),
            }))
        }
    }
}

/// Where reports on our messages go: only where the provider can reach it and its file reads them.
fn callback(one: &Account, written: &config::Account) -> Option<Box<str>> {
    let reached = one.public_url.starts_with("https://") || written.base_url.is_some();
    let reads = one.provider.provider().can(Capability::Status);
    (reached && reads).then(|| format!("{}/hooks/{}/status", one.public_url, one.name()).into())
}

/// Whether somebody can answer: a sender that is a name cannot be written to.
fn sender_is_number(account: &config::Account) -> bool {
    let written = account.parameters.get("from").and_then(|values| values.all().first()?.value().ok());
    written.is_none_or(|from| from.trim_start_matches('+').bytes().all(|byte| byte.is_ascii_digit()))
}
