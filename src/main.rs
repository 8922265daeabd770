//! The `redial` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    redial::cli::main()
}
