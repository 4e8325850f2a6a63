//! The proof of a migration, and what the program exits with.

use canary_policy::migrate::{self, Answer, Verification};
use canary_policy::route::VirtualHost;

use crate::after::{self, After};
use crate::notes::error;
use crate::progress::Progress;
use crate::report::{Level, Report};
use crate::target::Written;
use crate::{Args, manifests};

/// The virtual hosts to compare with, if a proof or a replay is asked for.
pub(crate) fn after(args: &Args, before: &[VirtualHost], written: Option<&Written>) -> Result<Option<After>, String> {
    if !args.against.is_empty() {
        let manifests = manifests::read(&args.against, args.strict)?;
        let mut after = after::read(&manifests, before)?;
        for why in &after.errors {
            error(why);
        }
        if args.strict && !after.errors.is_empty() {
            return Err(format!("{} of the objects cannot be read", after.errors.len()));
        }
        after.errors.extend(manifests.errors);
        return Ok(Some(after));
    }
    let is_asked = args.verify || !args.replay.is_empty();
    let Some(written) = written.filter(|_| is_asked) else { return Ok(None) };
    match written.read.clone() {
        // Nothing was written, which is an error already.
        None => Ok(Some(After::default())),
        Some(Err(why)) => Err(format!("the objects cannot be read back: {why}")),
        Some(Ok(readings)) => Ok(Some(After { readings, errors: Vec::new() })),
    }
}

/// The proof, with a bar of the locations that were verified.
pub(crate) fn verify(before: &[VirtualHost], after: &After) -> Verification {
    let count = before.iter().map(|host| host.locations().len() * host.hosts().len().max(1)).sum();
    let progress = Progress::new("locations verified", count);
    migrate::verify_each(before, &after.readings, |_| progress.step())
}

/// The exit code: the worst of what was found.
pub(crate) fn exit_code(
    report: &Report<'_>,
    verification: Option<&Verification>,
    fail_on: Option<Level>,
    failed: bool,
) -> u8 {
    let answer = verification.map(Verification::answer);
    let is_failure = |level: Level| report.messages.iter().any(|message| message.level >= level);
    let replayed = report.replay.as_ref();
    match answer {
        _ if failed => 1,
        _ if replayed.is_some_and(|replayed| replayed.differ > 0) => 3,
        Some(Answer::Differs(_)) => 3,
        _ if replayed.is_some_and(|replayed| replayed.unread > 0) => 4,
        Some(Answer::Undecided(_) | Answer::Unread) => 4,
        Some(_) if report.summary.undecided > 0 || report.hosts.is_empty() => 4,
        _ if fail_on.is_some_and(is_failure) => 2,
        _ => 0,
    }
}
