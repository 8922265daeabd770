//! What `redial check` looks at.

use super::accounts;
use crate::{
    config::Config,
    provider::{Capability, Provider},
    template::Templates,
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
    let mut report = Vec::new();
    let mut kinds: Vec<&str> = config.accounts.values().map(|account| account.kind.get_ref().as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds.into_iter().filter(|kind| !accounts::BUILT_IN.contains(kind)) {
        report.push(provider(config, kind));
    }
    match accounts::each(config) {
        Ok(each) => report.extend(each.iter().map(account)),
        Err(error) => report.push(Finding { of: "accounts".to_owned(), wrong: true, what: error.to_string() }),
    }
    match super::post::post(config) {
        Ok(post) => texts(&post.templates, &mut report),
        Err(error) => report.push(Finding { of: "notices".to_owned(), wrong: true, what: error.to_string() }),
    }
    report
}

fn texts(templates: &Templates, report: &mut Vec<Finding>) {
    let checked = templates.check();
    for size in checked.sizes {
        let what = format!("{} part(s) with a usual name, {} at worst", size.usual.parts, size.worst.parts);
        report.push(Finding { of: format!("template {}", size.file), wrong: false, what });
    }
    for problem in checked.problems {
        let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
        report.push(Finding { of: format!("template {}{line}", problem.file), wrong: true, what: problem.message });
    }
}

fn provider(config: &Config, kind: &str) -> Finding {
    let of = format!("provider {kind}");
    match accounts::provider_file(config, kind) {
        Ok(file) => Finding { of, wrong: false, what: format!("can {}", abilities(&file)) },
        Err(what) => Finding { of, wrong: true, what },
    }
}

fn abilities(file: &Provider) -> String {
    let all = [
        (Capability::Send, "send"),
        (Capability::CallHook, "answer call webhooks"),
        (Capability::Status, "read delivery reports"),
        (Capability::Inbound, "read inbound messages"),
        (Capability::Via, "stand in for its endpoints"),
    ];
    let able: Vec<&str> = all.into_iter().filter(|(ability, _)| file.can(*ability)).map(|(_, word)| word).collect();
    able.join(", ")
}

fn account(account: &crate::usecase::gateway::Account) -> Finding {
    let custody = match account.provider.settings().custody {
        crate::provider::Custody::Operator => "forwarding works, since its credentials are Redial's",
        crate::provider::Custody::Sender => {
            "what may only be forwarded passes unchanged, since the sender holds its credentials (rule Q5)"
        }
    };
    Finding {
        of: format!("account {}", account.name()),
        wrong: false,
        what: format!("its identity for groups is {}; {custody}", account.app),
    }
}
