//! The operators of the console, and what is taken down for it.

use super::StartError;
use crate::{
    config::{self, Config},
    usecase::console::{Console, Operator, Operators, Role},
};
use std::{net::SocketAddr, sync::Arc};
use tokio_util::sync::CancellationToken;

/// Those who may sign in.
pub(super) fn operators(config: &Config) -> Result<Operators, StartError> {
    let mut operators = Operators::new();
    for (name, written) in &config.console.operators {
        let wrong = |why: &dyn std::fmt::Display| {
            config.wrong(name, format_args!("console.operators.{}: {why}", name.get_ref()))
        };
        let hash = config.secret(&format!("console.operators.{}.password", name.get_ref()), &written.password)?;
        let role = match written.role {
            config::Role::Look => Role::Look,
            config::Role::Act => Role::Act,
        };
        let operator = Operator::new(role, hash.trim()).map_err(|why| wrong(&why))?;
        operators.insert(name.get_ref().as_str().into(), operator);
    }
    Ok(operators)
}

/// Takes down what was counted at the beginning of each minute, and at the stop.
pub(super) async fn take_down(console: Arc<Console>, stop: CancellationToken) {
    loop {
        let ended = stop.run_until_cancelled(tokio::time::sleep(console.until_next_minute())).await.is_none();
        if let Err(error) = console.take_down().await {
            tracing::warn!(%error, "what was counted in this minute waits for the store");
        }
        if ended {
            return;
        }
    }
}

/// This process's name among those that share the store: the machine's, and where it listens, the same after a restart.
pub(super) fn node(address: SocketAddr) -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let machine = Some(machine.trim()).filter(|name| !name.is_empty()).unwrap_or("node").to_owned();
    format!("{machine}:{}", address.port())
}
