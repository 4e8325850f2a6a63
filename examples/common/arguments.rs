//! Arguments, with the exit codes of these examples: 1 for a mistake, since 2 may say that something was lost.

use std::process::ExitCode;

use clap::Parser;

/// The arguments; or what to exit with, once the message or the help is printed.
pub(crate) fn parsed<T: Parser>() -> Result<T, ExitCode> {
    T::try_parse().map_err(|error| {
        let code = if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        error.print().map_or(ExitCode::FAILURE, |()| code)
    })
}
