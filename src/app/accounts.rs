//! Accounts of the configuration, as what hooks, drop-in endpoints and the worker use.

use super::StartError;
use crate::{
    config::{self, Config},
    domain::{
        address::phone::{self, Region},
        identity_bound::Lists,
        target::{Countries, Targets},
    },
    provider::{self, AccountSettings, Provider, Secret, SenderKey},
    template::Spoken,
    usecase::gateway::{Account, Accounts, Announce},
};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
    time::Duration,
};
use toml::Spanned;

/// Kinds that are not provider files.
pub(super) const BUILT_IN: [&str; 2] = ["folder", "smtp"];

/// Every account of a provider file, ready for use.
pub(super) fn all(config: &Config) -> Result<Accounts, StartError> {
    Ok(Accounts::new(each(config)?.into_iter().collect::<Result<Vec<_>, _>>()?))
}

/// The same, one by one: what is wrong with one says nothing of the others.
pub(super) fn each(config: &Config) -> Result<Vec<Result<Account, StartError>>, StartError> {
    let mut files: BTreeMap<String, Arc<Provider>> = BTreeMap::new();
    let mut accounts = Vec::new();
    let all = bound(config)?;
    for (key, folder) in
        [("providers.folder", &config.providers.folder), ("notices.templates", &config.notices.templates)]
    {
        if let Some(folder) = folder.as_ref().filter(|folder| !folder.get_ref().is_dir()) {
            let what = format!("{key}: there is no folder {}", folder.get_ref().display());
            return Err(config.wrong(folder, what).into());
        }
    }
    let spoken = Spoken::load(config.texts_folder()).map_err(StartError::setting)?;
    let spoken = Arc::new(spoken);
    for (name, written) in &config.accounts {
        let kind = written.kind.get_ref();
        if BUILT_IN.contains(&kind.as_str()) {
            continue;
        }
        let file = match files.get(kind) {
            Some(file) => Arc::clone(file),
            None => match file_of(config, written) {
                Ok(file) => Arc::new(file),
                Err(error) => {
                    accounts.push(Err(error));
                    continue;
                }
            },
        };
        files.insert(kind.clone(), Arc::clone(&file));
        accounts.push(one(config, name, written, file).and_then(|account| {
            Ok(Account {
                bound: Arc::new(own_bound(config, written)?.and(&all)),
                announce: announce(config, written, &spoken)?,
                ..account
            })
        }));
    }
    Ok(accounts)
}

/// The provider file of an account; one that cannot be used is wrong where the account names it.
pub(super) fn file_of(config: &Config, written: &config::Account) -> Result<Provider, StartError> {
    Ok(provider_file(config, written.kind.get_ref()).map_err(|why| config.wrong(&written.kind, why))?)
}

pub(super) fn in_account(config: &Config, name: &Spanned<String>, why: impl std::fmt::Display) -> StartError {
    config.wrong(name, format_args!("account {}: {why}", name.get_ref())).into()
}

/// The operator's own file of this kind, else the one that comes with Redial.
pub(super) fn provider_file(config: &Config, kind: &str) -> Result<Provider, String> {
    let own = config.provider_folder().map(|folder| folder.join(format!("{kind}.toml")));
    if let Some(path) = own.filter(|path| path.exists()) {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        return Provider::load(&text, &path.display().to_string()).map_err(|error| error.to_string());
    }
    let Some(file) = Provider::built_in(kind) else {
        let folder = config.provider_folder().unwrap_or(Path::new("providers"));
        return Err(format!(
            "there is no kind {kind:?}: it is folder, smtp, a provider that comes with Redial, or a file {} with providers.folder set",
            folder.join(format!("{kind}.toml")).display()
        ));
    };
    file.map_err(|error| error.to_string())
}

/// How long reports may take, for the accounts of which the operator or the provider's file says it. A kind that cannot be
/// read is told where its account is made.
pub(super) fn reports(config: &Config) -> HashMap<Box<str>, Duration> {
    let time = |written: &config::Account| {
        let kind = written.kind.get_ref();
        let file = || provider_file(config, kind).ok().filter(|_| !BUILT_IN.contains(&kind.as_str()));
        written.reports_within.map_or_else(|| file()?.reports_within(), |span| Some(span.0))
    };
    config
        .accounts
        .iter()
        .filter_map(|(name, written)| Some((name.get_ref().as_str().into(), time(written)?)))
        .collect()
}

/// One account with its provider's file.
pub(super) fn one(
    config: &Config,
    name: &Spanned<String>,
    written: &config::Account,
    file: Arc<Provider>,
) -> Result<Account, StartError> {
    let wrong = |why: &dyn std::fmt::Display| in_account(config, name, why);
    let known_as = name.get_ref().as_str();
    let mut values = Vec::new();
    for (key, value) in &written.parameters {
        values.push((key.clone(), config.secrets(&format!("account {known_as}: parameters.{key}"), value)?));
    }
    let parameters = file
        .parameters(values)
        .map_err(|errors| wrong(&errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
    let mut senders = Vec::new();
    for sender in &written.senders {
        let secret = config.secret(&format!("account {known_as}: senders"), &sender.secret)?;
        senders.push(SenderKey { user: sender.user.as_str().into(), secret: Secret::new(secret) });
    }
    let public_url: Box<str> = config.server.public_url.get_ref().as_str().into();
    let settings = AccountSettings {
        name: known_as.into(),
        provider: file,
        parameters,
        custody: match written.custody {
            config::Custody::Operator => provider::Custody::Operator,
            config::Custody::Sender => provider::Custody::Sender,
        },
        senders,
        public_urls: vec![public_url.clone()],
        upstream: written.base_url.as_deref().map(Into::into),
        application: written.application.as_deref().map(Into::into),
    };
    let region = written.region.as_deref().map(known_region).transpose().map_err(|why| wrong(&why))?;
    Ok(Account {
        provider: provider::Account::new(settings).map_err(|error| wrong(&error))?,
        app: Account::app_id(known_as),
        deadline: written.deadline.0,
        harvest: written.new_numbers_a_day,
        identity_bound: written.identity_bound,
        bound: Arc::default(),
        announce: None,
        after: written.after,
        region,
        targets: targets(config, written).map_err(|why| wrong(&why))?,
        public_url,
        private_callbacks: written.private_callbacks,
        inbound_url: written.inbound_url.as_deref().map(Into::into),
        host: written.host.as_deref().map(Into::into),
        no_results: std::sync::OnceLock::new(),
    })
}

/// What is not redirected on any account, by the operator's word (rule Q8).
pub(super) fn bound(config: &Config) -> Result<Lists, StartError> {
    let written = &config.queries;
    let region = Region::new(written.region.get_ref());
    lists(config, [&written.bound_senders, &written.bound_keys, &written.bound_patterns], region)
}

fn own_bound(config: &Config, written: &config::Account) -> Result<Lists, StartError> {
    let region = written.region.as_deref().map_or_else(|| Region::new(config.queries.region.get_ref()), Region::new);
    lists(config, [&written.bound_senders, &written.bound_keys, &written.bound_patterns], region)
}

fn lists(
    config: &Config,
    [senders, keys, patterns]: [&Vec<Spanned<String>>; 3],
    region: Option<Region>,
) -> Result<Lists, StartError> {
    let mut lists = Lists::default();
    for sender in senders {
        lists.add_sender(sender.get_ref(), region).map_err(|why| config.wrong(sender, why))?;
    }
    for key in keys {
        lists.add_key(key.get_ref()).map_err(|why| config.wrong(key, why))?;
    }
    for pattern in patterns {
        lists.add_pattern(pattern.get_ref()).map_err(|why| config.wrong(pattern, why))?;
    }
    Ok(lists)
}

/// What callers of an account hear (rule Q6).
fn announce(config: &Config, written: &config::Account, spoken: &Arc<Spoken>) -> Result<Option<Announce>, StartError> {
    let own = written.announce_text.as_ref().map(|text| {
        let own = Spoken::one(text.get_ref());
        own.map(Arc::new).map_err(|why| config.wrong(text, why.message))
    });
    let own = own.transpose()?;
    if written.announce == config::Announce::Never {
        return Ok(None);
    }
    if let Some(language) = written.announce_language.as_deref().filter(|tag| own.is_none() && !spoken.speaks(tag)) {
        let what = format!("announce_language is {language:?}; there are: {}", spoken.languages().join(", "));
        return Err(config.wrong(&written.kind, what).into());
    }
    Ok(Some(Announce {
        to_all: written.announce == config::Announce::Always,
        language: written.announce_language.as_deref().unwrap_or(&config.notices.language).into(),
        spoken: own.unwrap_or_else(|| Arc::clone(spoken)),
    }))
}

fn known_region(text: &str) -> Result<Region, String> {
    Region::new(text)
        .ok_or_else(|| format!("no numbers are known for the region {text:?}; two capitals are needed, like \"US\""))
}

/// What may stand in an answer of the API: any country, but none of the operator's own numbers.
pub(super) fn api_targets(config: &Config) -> Result<Targets, StartError> {
    let mut all = Targets { countries: Countries::Any, ..Targets::default() };
    for (name, written) in &config.accounts {
        all.own.extend(targets(config, written).map_err(|why| in_account(config, name, why))?.own);
    }
    Ok(all)
}

fn targets(config: &Config, written: &config::Account) -> Result<Targets, String> {
    let countries = match &written.countries {
        config::Countries::Same | config::Countries::Word(config::Word::Same) => Countries::Same,
        config::Countries::Word(config::Word::Any) => Countries::Any,
        config::Countries::These(list) => {
            Countries::These(list.iter().map(|text| known_region(text)).collect::<Result<_, _>>()?)
        }
    };
    let region = written.region.as_deref().map_or_else(|| Region::new(config.queries.region.get_ref()), Region::new);
    let own = written.own_numbers.iter().map(|number| {
        phone::parse(number, region)
            .map(|address| address.key().into())
            .map_err(|why| format!("own_numbers: {number:?}: {why}"))
    });
    Ok(Targets { countries, own: own.collect::<Result<_, _>>()? })
}
