//! What commands print: results to standard output, all else to standard error.

use super::Failure;
use std::{
    fmt::Display,
    io::{self, ErrorKind, Write as _},
    process::ExitCode,
};

/// Whoever read standard output has gone, as `head` does when it has seen enough.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads standard output any more")]
pub(super) struct NobodyReads;

impl NobodyReads {
    /// What a shell says of a program that the system ended for it: 128 and the number of SIGPIPE.
    pub(super) const CODE: u8 = 141;
}

/// Prints a line of the result.
pub(super) fn say(line: impl Display) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}").map_err(|error| unread(&error))
}

/// Prints a line for people. The exit code says what counts, so it is no matter where nobody reads it.
pub(super) fn note(line: impl Display) {
    let _unread = writeln!(io::stderr(), "{line}");
}

/// A failure to write to standard output.
pub(super) fn unread(error: &io::Error) -> Failure {
    if error.kind() == ErrorKind::BrokenPipe { NobodyReads.into() } else { format!("standard output: {error}").into() }
}

/// Says why a command ended without being done.
pub(super) fn failed(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    if error.is::<NobodyReads>() {
        return ExitCode::from(NobodyReads::CODE);
    }
    let mut said = error.to_string();
    note(format_args!("redial: {said}"));
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let text = deeper.to_string();
        // Many errors end with the words of their cause.
        if !said.contains(&text) {
            note(format_args!("  because: {text}"));
            said.push_str(&text);
        }
        cause = deeper.source();
    }
    ExitCode::from(2)
}
