//! The operators of the console, and what is taken down for it.

use super::StartError;
use crate::{
    config::{self, Config},
    usecase::console::{Console, Operator, Operators, Role},
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Those who may sign in.
pub(super) fn operators(config: &Config) -> Result<Operators, StartError> {
    let mut operators = Operators::new();
    for (name, written) in &config.console.operators {
        let wrong = |why: &dyn std::fmt::Display| {
            config.wrong(name, format_args!("console.operators.{}: {why}", name.get_ref()))
        };
        let hash = written.password.value().map_err(|why| wrong(&why))?;
        let role = match written.role {
            config::Role::Look => Role::Look,
            config::Role::Act => Role::Act,
        };
        let operator = Operator::new(role, hash.trim()).map_err(|why| wrong(&why))?;
        operators.insert(name.get_ref().as_str().into(), operator);
    }
    Ok(operators)
}

/// Takes down what is measured, until the stop.
pub(super) async fn sample(console: Arc<Console>, stop: CancellationToken) {
    loop {
        console.sample();
        if stop.run_until_cancelled(tokio::time::sleep(Console::INTERVAL)).await.is_none() {
            return;
        }
    }
}
