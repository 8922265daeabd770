//! What `redial check` looks at.

use super::{StartError, accounts};
use crate::{
    config::{self, Config},
    domain::notice::REPORTS_WITHIN,
    provider::{BUILT_IN, Capability, Provider},
    telemetry::log,
    template::{Alphabet, CardWay, Letterhead, Price, Prices, Segments, Templates},
    transport::http::reach::Reach,
    usecase::{deliver_notice::Post, devices::PushAccount},
};
use std::{
    collections::{BTreeMap, HashSet},
    fmt::Display,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What: an account, a provider file, a template.
    pub of: String,
    /// Whether it cannot be used as it is.
    pub wrong: bool,
    /// What was found, and what would be right.
    pub what: String,
}

/// Loads accounts, provider files and templates, and renders every sample. The configuration itself was read before.
pub fn check(config: &Config) -> Vec<Finding> {
    let mut report = settings(config);
    let by_kind = config.accounts.values().map(|account| (account.kind.get_ref().as_str(), account));
    let kinds: BTreeMap<&str, &config::Account> = by_kind.rev().collect();
    report.extend(kinds.into_iter().filter(|(kind, _)| !accounts::BUILT_IN.contains(kind)).map(|(kind, first)| {
        let file = accounts::file_of(config, first);
        file.map_or_else(
            |error| wrong(&format!("provider {kind}"), &error),
            |file| provider(config, kind, &Arc::new(file)),
        )
    }));
    match accounts::each(config) {
        Ok(each) => {
            let within = accounts::reports(config);
            let found = each.iter().map(|one| match one {
                Ok(one) => account(one, within.get(one.name()).copied()),
                Err(error) => wrong("accounts", error),
            });
            report.extend(found);
        }
        Err(error) => report.push(wrong("accounts", &error)),
    }
    if let Err(error) = super::console::operators(config) {
        report.push(wrong("console", &error));
    }
    match super::post::push_accounts(config) {
        Ok(accounts) => report.extend(accounts.iter().map(pushes)),
        Err(error) => report.push(wrong("notices.push", &error)),
    }
    match super::post::post(config, None) {
        Ok(post) => {
            let card = cards(config, &post.public_url, &mut report);
            let prices = prices(config, &post);
            let (service, help) = (post.service.clone(), post.help.clone());
            let head = Letterhead { service, help, reply: true, card, ..Letterhead::default() };
            texts(&post.templates, &head, &prices, &mut report);
        }
        Err(error) => report.push(wrong("notices", &error)),
    }
    // One mistake may stand in the way of several things, and is said once.
    let mut said = HashSet::new();
    report.retain(|finding| !finding.wrong || said.insert(finding.what.clone()));
    report
}

fn wrong(of: &str, what: &dyn Display) -> Finding {
    Finding { of: of.to_owned(), wrong: true, what: what.to_string() }
}

/// What else would end a start: the log's level, files and secrets that are not there, a region without numbers.
fn settings(config: &Config) -> Vec<Finding> {
    let level = log::check(config.log.level.get_ref()).map_err(|why| config.wrong(&config.log.level, why));
    let tls = config.server.tls.as_ref().map(|tls| super::serve::read_tls(config, tls));
    let secret = |key, written: &Option<_>| written.as_ref().and_then(|written| config.secret(key, written).err());
    let looked: [(&str, Option<StartError>); 6] = [
        ("log.level", level.err().map(Into::into)),
        ("queries.region", super::rules(config).err()),
        ("server.tls", tls.and_then(Result::err)),
        ("server.proxies", super::serve::proxies(config).err()),
        ("store.url", secret("store.url", &config.store.url).map(Into::into)),
        ("sign_in.key", secret("sign_in.key", &config.sign_in.key).map(Into::into)),
    ];
    looked.into_iter().filter_map(|(of, error)| Some(wrong(of, &error?))).collect()
}

/// How the card goes with text messages; with a link in them the texts below are counted with it.
fn cards(config: &Config, base: &str, report: &mut Vec<Finding>) -> CardWay {
    let mut way = CardWay::None;
    for name in config.notices.sms.iter().map(toml::Spanned::get_ref) {
        let what = match config.account(name).map(|(_, account)| account.card) {
            Some(config::Card::Mms) => "text messages carry the card as media: each is billed as a multimedia message",
            Some(config::Card::Link) => {
                way = CardWay::Link(format!("{base}/c/{}", "0".repeat(32)));
                "text messages carry a link to the card; the parts of the texts are counted with it"
            }
            _ => continue,
        };
        report.push(Finding { of: format!("account {name}"), wrong: false, what: what.to_owned() });
    }
    way
}

/// What devices an account pushes to.
fn pushes(account: &PushAccount) -> Finding {
    let private = if account.endpoints() && account.reach == Reach::Anywhere {
        "; their endpoints may lie on this machine or network"
    } else {
        ""
    };
    let what = format!("pushes to devices by {}: each tells {}{private}", account.kind, account.about());
    Finding { of: format!("account {}", account.name), wrong: false, what }
}

/// What text messages cost, by the accounts by which they leave.
fn prices<'a>(config: &'a Config, post: &'a Post) -> Vec<(&'a str, &'a Prices)> {
    let names = config.notices.sms.iter().map(|name| name.get_ref().as_str());
    names.filter_map(|name| Some((name, &post.caps.get(name)?.prices))).collect()
}

/// The parts of each text message in each language, and what they cost by each account.
fn texts(templates: &Templates, head: &Letterhead, prices: &[(&str, &Prices)], report: &mut Vec<Finding>) {
    let checked = templates.check(head);
    for size in checked.sizes {
        let counted = |size: &Segments| {
            let alphabet = if size.alphabet == Alphabet::Gsm7 { "GSM-7" } else { "UCS-2" };
            format!("{} part{} ({} of {alphabet})", size.parts, if size.parts == 1 { "" } else { "s" }, size.units)
        };
        let mut what = format!(
            "{} with a usual name; with the longest {} in Latin letters, {} in other scripts",
            counted(&size.usual),
            counted(&size.longest_gsm),
            counted(&size.worst)
        );
        for (account, prices) in prices {
            let mut all: Vec<(String, &Price)> =
                prices.by_country.iter().map(|(country, price)| (country.to_string(), price)).collect();
            all.sort_by(|(one, _), (other, _)| one.cmp(other));
            all.splice(0..0, prices.elsewhere.iter().map(|price| ("*".to_owned(), price)));
            for (country, price) in all {
                let cost = if prices.whole {
                    format!("; {account} {country}: {} as a multimedia message", price.times(1))
                } else {
                    let (usual, worst) = (price.times(size.usual.parts), price.times(size.worst.parts));
                    format!("; {account} {country}: {usual} to {worst}")
                };
                what.push_str(&cost);
            }
        }
        report.push(Finding { of: format!("template {}", size.file), wrong: false, what });
    }
    for problem in checked.problems {
        let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
        report.push(Finding { of: format!("template {}{line}", problem.file), wrong: true, what: problem.message });
    }
}

fn provider(config: &Config, kind: &str, file: &Arc<Provider>) -> Finding {
    let of = format!("provider {kind}");
    let samples = match samples(config, kind) {
        Ok(samples) => samples,
        Err(what) => return Finding { of, wrong: true, what },
    };
    let read: Vec<(&str, &str)> = samples.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let wrong: Vec<String> = file.check(&read).iter().map(ToString::to_string).collect();
    if wrong.is_empty() {
        let what = format!("can {}; its {} sample files agree with it", abilities(file), read.len());
        Finding { of, wrong: false, what }
    } else {
        Finding { of, wrong: true, what: wrong.join("\n      ") }
    }
}

/// Name and text of each sample file: those in the folder beside the operator's own file, else those that come with
/// Redial.
fn samples(config: &Config, kind: &str) -> Result<Vec<(String, String)>, String> {
    let own = config.provider_folder().filter(|folder| folder.join(format!("{kind}.toml")).exists());
    let Some(folder) = own else {
        let known = BUILT_IN.iter().find(|built_in| built_in.name == kind);
        let samples = known.map(|built_in| built_in.samples).unwrap_or_default();
        return Ok(samples.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect());
    };
    let Ok(entries) = std::fs::read_dir(folder.join(kind)) else { return Ok(Vec::new()) };
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    let read = |path: PathBuf| match std::fs::read_to_string(&path) {
        Ok(text) => Ok((path.display().to_string(), text)),
        Err(error) => Err(format!("{}: {error}", path.display())),
    };
    paths.into_iter().map(read).collect()
}

fn abilities(file: &Provider) -> String {
    let all = [
        (Capability::Send, "send"),
        (Capability::CallHook, "answer call webhooks"),
        (Capability::MessageHook, "answer message webhooks"),
        (Capability::Status, "read delivery reports"),
        (Capability::Inbound, "read inbound messages"),
        (Capability::Via, "stand in for its endpoints"),
    ];
    let able: Vec<&str> = all.into_iter().filter(|(ability, _)| file.can(*ability)).map(|(_, word)| word).collect();
    able.join(", ")
}

fn account(account: &crate::usecase::gateway::Account, reports_within: Option<Duration>) -> Finding {
    let custody = match account.provider.settings().custody {
        crate::provider::Custody::Operator => "forwarding works, since its credentials are Redial's",
        crate::provider::Custody::Sender => {
            "what may only be forwarded passes unchanged, since the sender holds its credentials (rule Q5)"
        }
    };
    Finding {
        of: format!("account {}", account.name()),
        wrong: false,
        what: format!("its identity for groups is {}; {custody}; {}", account.app, reports(account, reports_within)),
    }
}

/// How long its delivery reports are waited for (rule N3).
fn reports(account: &crate::usecase::gateway::Account, within: Option<Duration>) -> String {
    if !account.provider.provider().can(Capability::Status) {
        return "its file reads no delivery reports".to_owned();
    }
    let hours = within.unwrap_or(REPORTS_WITHIN).as_secs_f64() / 3_600.0;
    format!("a message without a report is unknown after {hours} h")
}
