//! Texts and accounts that notices leave with.

use super::{StartError, accounts, accounts::in_account};
use crate::{
    config::{self, Config},
    domain::{
        address::phone::Region,
        owner::Channel,
        schedule::{self, Backoff, BreakerSettings, Hours, Rate},
    },
    provider::{Capability, Provider},
    telemetry::Metrics,
    template::{Price, Prices, Templates},
    transport::{
        folder::Folder,
        http::{self, Client, reach::Reach},
        mail::check_sender,
        smtp::{Settings, Smtp},
    },
    usecase::{
        carrier::{ByFolder, ByProvider, BySmtp, Cards, Carrier, Carriers, MailHead},
        deliver_notice::Post,
        devices::{PushAccount, PushAccounts},
        gateway::Account,
        governor::{Caps, Governor},
    },
    worker,
};
use jiff::tz::TimeZone;
use std::{collections::HashMap, sync::Arc};
use toml::Spanned;

/// Everything that a worker needs besides the store.
pub(crate) fn post(config: &Config, metrics: Option<Metrics>) -> Result<Post, StartError> {
    let notices = &config.notices;
    let mut backoff = Backoff::default();
    backoff.steps.truncate(usize::try_from(notices.attempts - 1).unwrap_or(usize::MAX));
    Ok(Post {
        templates: Templates::load(config.texts_folder(), &notices.language).map_err(StartError::setting)?,
        carriers: carriers(config)?,
        service: notices.service.get_ref().clone(),
        help: notices.help.get_ref().clone(),
        public_url: links(config),
        mailboxes: mailboxes(config)?,
        language: notices.language.clone(),
        backoff,
        expiry: notices.expiry.0,
        caps: caps(config)?,
        governor: Governor::new(metrics),
        zone: zone(config)?,
    })
}

/// How much the worker does at once.
pub(super) fn settings(config: &Config) -> worker::Settings {
    let notices = &config.notices;
    worker::Settings {
        // `post` has refused a zone that there is not.
        zone: schedule::zone(notices.zone.get_ref()).unwrap_or(TimeZone::UTC),
        fresh: notices.concurrency.get(),
        retries: (notices.concurrency.get() / 2).max(1),
        lease: notices.lease.0,
        ..worker::Settings::default()
    }
}

/// What each account may do (rules N4, N7).
fn caps(config: &Config) -> Result<HashMap<Box<str>, Caps>, StartError> {
    let mut all = HashMap::new();
    for (name, account) in &config.accounts {
        all.insert(name.get_ref().as_str().into(), caps_of(config, name.get_ref(), account)?);
    }
    Ok(all)
}

fn caps_of(config: &Config, name: &str, account: &config::Account) -> Result<Caps, StartError> {
    let notices = &config.notices;
    let read = |rate: &Spanned<String>| {
        Rate::parse(rate.get_ref()).ok_or_else(|| {
            let what =
                format!("{:?} is no rate; write one like \"1/s\", \"60/minute\" or \"1000/hour\"", rate.get_ref());
            config.wrong(rate, what)
        })
    };
    let known = |country: &Spanned<String>| {
        Region::new(country.get_ref()).ok_or_else(|| {
            config.wrong(country, format_args!("no numbers are known for the region {:?}", country.get_ref()))
        })
    };
    let rate = account.rate.as_ref().map(read);
    let rates = account.rates.iter().map(|(country, rate)| Ok::<_, StartError>((known(country)?, read(rate)?)));
    let rates = rates.collect::<Result<HashMap<_, _>, _>>()?;
    let daily_to = account.daily_to.iter().map(|(country, most)| Ok::<_, StartError>((known(country)?, *most)));
    let daily_to = daily_to.collect::<Result<HashMap<_, _>, _>>()?;
    let countries = account.notice_countries.as_ref();
    let countries = countries.map(|countries| countries.iter().map(known).collect::<Result<Vec<_>, _>>());
    // A folder wakes nobody, nor does an e-mail.
    let mut loud = notices.sms.iter().chain(&notices.push);
    let wakes = account.kind.get_ref() != "folder" && loud.any(|listed| listed.get_ref() == name);
    let quiet = match &account.quiet {
        Some(quiet) => hours(config, quiet)?,
        None if wakes => hours(config, &notices.quiet)?,
        None => Hours::NONE,
    };
    let breaker = BreakerSettings {
        window: notices.breaker.window.0,
        least: notices.breaker.least,
        percent: notices.breaker.percent,
        open: notices.breaker.open.0,
        probes: notices.breaker.probes.get(),
    };
    let share = (notices.concurrency.get() * 3).div_ceil(4);
    let kind = account.kind.get_ref();
    let known = (!accounts::BUILT_IN.contains(&kind.as_str())).then(|| accounts::provider_file(config, kind).ok());
    let known = known.flatten().map(|file| file.rates()).unwrap_or_default();
    let most = known.concurrent.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    Ok(Caps {
        concurrency: account.concurrency.unwrap_or(share.min(most)).max(1),
        rate: rate.transpose()?.or_else(|| known.per_second.and_then(Rate::each_second)),
        rates,
        daily: account.daily,
        daily_to,
        countries: countries.transpose()?,
        quiet,
        breaker,
        prices: prices(config, account)?,
    })
}

/// What text messages of an account cost: whole ones, where they have the card with them.
fn prices(config: &Config, account: &config::Account) -> Result<Prices, StartError> {
    let whole = account.card == config::Card::Mms;
    let mut found = Prices { whole, ..Prices::default() };
    for (country, price) in if whole { &account.mms_prices } else { &account.prices } {
        let read: Price = price.get_ref().parse().map_err(|why| config.wrong(price, why))?;
        if country == "*" {
            found.elsewhere = Some(read);
            continue;
        }
        let region = Region::new(country).filter(|_| country.bytes().all(|byte| byte.is_ascii_uppercase()));
        let region = region.ok_or_else(|| {
            let what = format!("a price is for a country's two capitals, like \"US\", or \"*\", and not {country:?}");
            config.wrong(price, what)
        })?;
        found.by_country.insert(region, read);
    }
    Ok(found)
}

fn hours(config: &Config, written: &Spanned<String>) -> Result<Hours, StartError> {
    let wrong = || config.wrong(written, "quiet hours are written like \"21:00-08:00\", or \"none\"");
    Ok(Hours::parse(written.get_ref()).ok_or_else(wrong)?)
}

fn zone(config: &Config) -> Result<TimeZone, StartError> {
    let written = &config.notices.zone;
    let wrong =
        || config.wrong(written, format_args!("{:?} is no time zone, like \"Europe/Berlin\"", written.get_ref()));
    Ok(schedule::zone(written.get_ref()).ok_or_else(wrong)?)
}

fn carriers(config: &Config) -> Result<Carriers, StartError> {
    let mut carriers: Carriers = Vec::new();
    let notices = &config.notices;
    for (channel, key, names) in [
        (Channel::Push, "push", &notices.push),
        (Channel::Sms, "sms", &notices.sms),
        (Channel::Email, "email", &notices.email),
    ] {
        for name in names {
            // The default names an account that a file need not have.
            let Some((name, account)) = config.account(name.get_ref()) else { continue };
            let carrier = carrier(config, name, account, channel)?;
            if !carrier.speaks(channel) {
                let kind = account.kind.get_ref();
                let what =
                    format!("notices.{key} names it, and kind \"{kind}\" sends no such messages: take it out there");
                return Err(in_account(config, name, what));
            }
            carriers.push((channel, carrier));
        }
    }
    Ok(carriers)
}

/// The accounts that push, as owners register devices with them.
pub(crate) fn push_accounts(config: &Config) -> Result<PushAccounts, StartError> {
    let mut all = Vec::new();
    for name in &config.notices.push {
        let Some((name, written)) = config.account(name.get_ref()) else { continue };
        let kind = written.kind.get_ref().as_str();
        let account = if accounts::BUILT_IN.contains(&kind) {
            None
        } else {
            let file = Arc::new(accounts::file_of(config, written)?);
            Some(Arc::new(accounts::one(config, name, written, file)?.provider))
        };
        let reach = if written.private_endpoints { Reach::Anywhere } else { Reach::Public };
        all.push(PushAccount { name: name.get_ref().as_str().into(), kind: kind.into(), account, reach });
    }
    Ok(all.into())
}

/// How requests of an account leave: only the operator's own word leads off the public internet, and a recipient's
/// endpoint is none (rule W2).
fn client(one: &Account, account: &config::Account, channel: Channel) -> Result<Client, String> {
    let device = one.provider.provider().device().filter(|_| channel == Channel::Push);
    let private = match device {
        Some(form) if form.endpoint => account.private_endpoints,
        _ => account.base_url.is_some(),
    };
    let version = match (channel, one.provider.provider().only_http2()) {
        (_, true) => http::Version::Only2,
        (Channel::Push, false) => http::Version::OneOrTwo,
        (Channel::Sms | Channel::Email, false) => http::Version::One,
    };
    let reach = if private { Reach::Anywhere } else { Reach::Public };
    Client::new(&http::Settings { version, reach, ..http::Settings::default() }).map_err(|why| why.to_string())
}

fn carrier(
    config: &Config,
    written: &Spanned<String>,
    account: &config::Account,
    channel: Channel,
) -> Result<Arc<dyn Carrier>, StartError> {
    let name: Box<str> = written.get_ref().as_str().into();
    for (key, address) in [("from_email", &account.from_email), ("reply_to", &account.reply_to)] {
        let checked = address.as_deref().map(|address| check_sender(key, address)).transpose();
        checked.map_err(|why| in_account(config, written, why))?;
    }
    if channel == Channel::Email && account.from_email.is_none() {
        let what = "e-mails need from_email, like from_email = \"Redial <notices@example.com>\"";
        return Err(in_account(config, written, what));
    }
    let head = MailHead {
        from: account.from_email.clone().unwrap_or_default().into(),
        reply_to: account.reply_to.as_deref().map(Into::into),
        bounces: account.bounces.as_deref().map(Into::into),
    };
    match account.kind.get_ref().as_str() {
        "folder" => Ok(Arc::new(ByFolder {
            name,
            folder: Folder::new(account.path.clone().unwrap_or_default()),
            from: account.from.clone().unwrap_or_default().into(),
            head,
        })),
        "smtp" => {
            let credentials = match (&account.user, &account.password) {
                (Some(user), Some(password)) => {
                    Some((user.clone(), config.secret(&format!("account {name}: password"), password)?))
                }
                _ => None,
            };
            let settings =
                Settings { url: account.url.clone().unwrap_or_default(), credentials, ..Settings::default() };
            let smtp = Smtp::new(&settings).map_err(|why| in_account(config, written, why))?;
            Ok(Arc::new(BySmtp { name, smtp, head }))
        }
        _ => {
            let file = Arc::new(accounts::file_of(config, account)?);
            let one = accounts::one(config, written, account, file)?;
            let cards = cards(config, account, one.provider.provider());
            Ok(Arc::new(ByProvider {
                callback: callback(&one, account),
                client: client(&one, account, channel).map_err(|why| in_account(config, written, why))?,
                account: Arc::new(one.provider),
                sender: sender(account).unwrap_or_default().into(),
                replies: sender_is_number(account),
                repeats: account.unknown == config::Unanswered::Repeat,
                cards: cards.map_err(|why| in_account(config, written, why))?,
                head: account.from_email.as_ref().map(|_| head),
                before_looking: ByProvider::BEFORE_LOOKING,
            }))
        }
    }
}

/// How the card goes with text messages: both ways need an address at which it is found.
fn cards(config: &Config, account: &config::Account, file: &Provider) -> Result<Cards, String> {
    let cards = match account.card {
        config::Card::None => return Ok(Cards::None),
        config::Card::Mms if !file.takes_media() => {
            return Err(
                "card = \"mms\" is for providers that take media; this one's file has no field for them".to_owned()
            );
        }
        config::Card::Mms => Cards::Mms,
        config::Card::Link => Cards::Link,
    };
    if links(config).is_empty() {
        return Err("card needs a server.public_url that begins with https://".to_owned());
    }
    Ok(cards)
}

/// What links in e-mails begin with: RFC 8058 asks for https.
fn links(config: &Config) -> String {
    let url = config.server.public_url.get_ref().as_str();
    if url.starts_with("https://") { url.to_owned() } else { String::new() }
}

/// With what mail that came back is handed in.
fn mailboxes(config: &Config) -> Result<HashMap<Box<str>, Box<str>>, StartError> {
    let mut found = HashMap::new();
    for (name, account) in &config.accounts {
        if let Some(secret) = &account.hook_secret {
            let secret = config.secret(&format!("account {}: hook_secret", name.get_ref()), secret)?;
            found.insert(name.get_ref().as_str().into(), secret.into());
        }
    }
    Ok(found)
}

/// Where reports on our messages go: only where the provider can reach it and its file reads them.
fn callback(one: &Account, written: &config::Account) -> Option<Box<str>> {
    let reached = one.public_url.starts_with("https://") || written.base_url.is_some();
    let reads = one.provider.provider().can(Capability::Status);
    (reached && reads).then(|| format!("{}/hooks/{}/status", one.public_url, one.name()).into())
}

fn sender(account: &config::Account) -> Option<String> {
    account.parameters.get("from").and_then(|values| values.get_ref().all().first()?.value().ok())
}

/// Whether somebody can answer: a sender that is a name cannot be written to.
fn sender_is_number(account: &config::Account) -> bool {
    sender(account).is_none_or(|from| from.trim_start_matches('+').bytes().all(|byte| byte.is_ascii_digit()))
}
