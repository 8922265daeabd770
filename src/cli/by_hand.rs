//! What a command does stands in the operators' trail before it is done.

use super::Failure;
use crate::{
    store::Trail,
    usecase::{
        Env,
        trail::{self, Doer},
    },
};
use std::os::unix::fs::MetadataExt as _;

/// Where commands come from.
const ORIGIN: &str = "cli";

/// Writes that this command is about to do something; what cannot be written is not done. Its user is known by the number
/// that the system gives, not by a name that anybody may set.
pub(super) async fn noted(env: &Env, what: &str, subject: &str) -> Result<(), Failure> {
    let user = std::fs::metadata("/proc/self").map(|own| format!("uid:{}", own.uid())).unwrap_or_default();
    trail::write(env, Trail::Operators, Doer { name: &user, origin: ORIGIN }, what, subject).await?;
    Ok(())
}
