//! Command line arguments. Wrong ones exit with 1, because 2 means that a part of a policy was lost.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

/// The arguments. Otherwise prints the message or the help, and returns the exit code.
pub(crate) fn parsed<T: Parser>() -> Result<T, ExitCode> {
    T::try_parse().map_err(|error| printed(&error))
}

/// The arguments, if nothing is wrong with them together.
#[allow(dead_code, reason = "not every example has arguments that exclude each other by their values")]
pub(crate) fn checked<T: Parser>(args: T, conflict: fn(&T) -> Option<&'static str>) -> Result<T, ExitCode> {
    match conflict(&args) {
        None => Ok(args),
        Some(why) => Err(printed(&T::command().error(ErrorKind::ArgumentConflict, why))),
    }
}

fn printed(error: &clap::Error) -> ExitCode {
    let code = if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    error.print().map_or(ExitCode::FAILURE, |()| code)
}
