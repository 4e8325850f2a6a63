//! Command line arguments. Wrong ones exit with 1, because 2 means that a part of a policy was lost.

use std::process::ExitCode;

use clap::Parser;

/// The arguments. Otherwise prints the message or the help, and returns the exit code.
pub(crate) fn parsed<T: Parser>() -> Result<T, ExitCode> {
    T::try_parse().map_err(|error| {
        let code = if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        error.print().map_or(ExitCode::FAILURE, |()| code)
    })
}
