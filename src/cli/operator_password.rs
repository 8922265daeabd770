//! `redial operator-password`: the hash of a password, for `[console.operators]`.

use super::{
    Failure,
    say::{note, say},
};
use crate::{clock::SystemRandom, usecase::console::hash_password};
use std::{io::Read as _, process::ExitCode};

/// A shorter one can be guessed.
const LEAST: usize = 10;

pub(super) fn run() -> Result<ExitCode, Failure> {
    if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        note("Type the password, then Enter and Ctrl-D. It is shown as you type; a pipe shows nothing.");
    }
    let mut password = String::new();
    std::io::stdin().take(4_096).read_to_string(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.chars().count() < LEAST {
        return Err(format!("a password of at least {LEAST} characters is needed on standard input").into());
    }
    say(hash_password(password, &SystemRandom::new()))?;
    Ok(ExitCode::SUCCESS)
}
