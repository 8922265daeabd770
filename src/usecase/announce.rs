//! The line that a caller hears before the new number is dialled (rule Q6).

use super::gateway::Account;
use crate::{domain::address::Address, template::Told};

/// The line for a caller who is connected to `connected`. `revealed` is the owner's name where the number may be learnt by
/// whoever reads the answer; the caller's own number is a claim and leads to no value, so without it the line has neither
/// name nor number (rules Q5, Q11). A line that cannot be made is left out: the call matters more.
pub(super) fn line(account: &Account, connected: &Address, revealed: Option<&str>) -> Option<String> {
    let announce = account.announce.as_ref()?;
    if revealed.is_none() && !announce.to_all {
        return None;
    }
    let told = revealed.map_or_else(Told::default, |name| Told::new(name, connected));
    match announce.spoken.say(&announce.language, &told) {
        Ok(line) => Some(line).filter(|line| !line.is_empty()),
        Err(error) => {
            tracing::error!(account = account.name(), %error, "the spoken line could not be made");
            None
        }
    }
}
