//! `[console]`: who may see the operator's page.

use super::Secret;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The operator's page; without operators there is none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Console {
    /// By the name that they sign in with.
    pub operators: BTreeMap<Spanned<String>, Operator>,
}

/// Somebody who may sign in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// What they may do.
    #[serde(default)]
    pub role: Role,
    /// The hash of their password, as `redial operator-password` prints it.
    pub password: Spanned<Secret>,
}

/// What an operator may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look.
    #[default]
    Look,
    /// Also replay notices, and search by number.
    Act,
}
