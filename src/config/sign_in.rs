//! `[sign_in]`: how owners get in.

use super::Secret;
use serde::Deserialize;

/// How owners get in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignIn {
    /// Whether people may register themselves by a code.
    pub registration: bool,
    /// What codes and links are made with; the same on all nodes. Without it the store keeps one.
    pub key: Option<Secret>,
}
