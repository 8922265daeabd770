//! What a repeated request was answered is forgotten after a day.

use super::Env;
use crate::store::Result;
use std::time::Duration;

/// For how long a repeat of a request gets its first answer.
pub const KEPT: Duration = Duration::from_hours(24);

/// How many are forgotten at once: a moment of the one writer's time.
const PAGE: usize = 1_000;

/// Forgets a page of old answers; whether there may be more.
///
/// # Errors
/// The store could not be reached.
pub async fn forget_answers(env: &Env) -> Result<bool> {
    let before = env.store.now().await?.before(KEPT);
    Ok(env.store.forget_answers(before, PAGE).await? == PAGE)
}
