//! The proof of a migration, and what the program exits with.

use canary_policy::error::Severity;
use canary_policy::migrate::{self, Answer, Verification};
use canary_policy::route::VirtualHost;
use canary_policy::targets::VirtualHostReading;
use canary_policy::targets::nginx::HostReading;

use crate::after::{self, After};
use crate::manifests::Manifests;
use crate::notes::{error, note};
use crate::progress::Progress;
use crate::replay::Replayed;
use crate::report::Report;
use crate::target::Written;
use crate::unread::Concerned;
use crate::{Args, manifests};

/// What was asked about the time after the move, and the answers.
#[derive(Default)]
pub(crate) struct Proof {
    /// What the hosts are compared with; `None` if nothing was asked.
    after: Option<After>,
    pub(crate) verification: Option<Verification>,
    pub(crate) replayed: Option<Replayed>,
}

impl Proof {
    /// Answers what the arguments ask.
    pub(crate) fn of(
        args: &Args,
        manifests: &Manifests,
        readings: &[HostReading],
        written: Option<&Written>,
        concerned: &Concerned,
    ) -> Result<Self, String> {
        let before: Vec<VirtualHost> = readings.iter().filter_map(|reading| reading.virtual_host.clone()).collect();
        let Some(after) = after(args, manifests, &before, written)? else { return Ok(Proof::default()) };
        if let Some(words) = concerned.words() {
            note(&words);
        }
        // What was written and cannot be read back has no answer.
        let is_read = written.is_none() || after.errors.is_empty();
        let is_proof = (args.verify || !args.against.is_empty()) && is_read;
        let verification = is_proof.then(|| verify(&before, &after));
        let replayed = (!args.replay.is_empty() && is_read)
            .then(|| Replayed::of(&args.replay, readings, &before, &after.readings, concerned))
            .transpose()?;
        Ok(Proof { after: Some(after), verification, replayed })
    }

    /// What was read of the objects that the hosts are compared with.
    pub(crate) fn readings(&self) -> &[VirtualHostReading] {
        self.after.as_ref().map_or(&[], |after| &after.readings)
    }

    /// Why objects could not be read that the hosts are compared with.
    pub(crate) fn errors(&self) -> impl Iterator<Item = &String> {
        self.after.iter().flat_map(|after| &after.errors)
    }

    /// The lines that are no requests.
    pub(crate) fn replay_errors(&self) -> impl Iterator<Item = &String> {
        self.replayed.iter().flat_map(|replayed| &replayed.errors)
    }

    /// The exit code: the worst of what was found.
    pub(crate) fn exit_code(&self, report: &Report<'_>, fail_on: Option<Severity>, failed: bool) -> u8 {
        let answer = self.verification.as_ref().map(Verification::answer);
        let is_failure = |least: Severity| report.messages.iter().any(|one| one.message.severity >= least);
        let replayed = self.replayed.as_ref();
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
}

/// The virtual hosts to compare with, if a proof or a replay is asked for.
fn after(
    args: &Args,
    cluster: &Manifests,
    before: &[VirtualHost],
    written: Option<&Written>,
) -> Result<Option<After>, String> {
    if !args.against.is_empty() {
        let manifests = manifests::read(&args.against, args.strict)?;
        let in_files = |why: String| format!("--against: {}: {why}", manifests::names(&args.against));
        let mut after = after::read(&manifests, &cluster.services, before).map_err(in_files)?;
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
        Some(Err(why)) => {
            let why = format!("the objects cannot be read back: {why}");
            error(&why);
            Ok(Some(After { readings: Vec::new(), errors: vec![why] }))
        }
        Some(Ok(readings)) => Ok(Some(After { readings, errors: Vec::new() })),
    }
}

/// The proof, with a bar of the locations that were verified.
fn verify(before: &[VirtualHost], after: &After) -> Verification {
    let count = before.iter().map(|host| host.locations().len() * host.hosts().len().max(1)).sum();
    let progress = Progress::new("locations verified", count);
    migrate::verify_each(before, &after.readings, |_| progress.step())
}
