//! What is reported about a migration: each host and location, every message, and a summary.

use std::collections::{BTreeMap, BTreeSet};

use canary_policy::error::{Diagnostic, Report as Message, Severity};
use canary_policy::migrate::{Answer, DialectFinding, HostClass, LocationAnswer, Verification};
use canary_policy::route::{Host, Location, VirtualHost};
use canary_policy::targets::nginx::{Dialect, HostReading, LintFinding};
use canary_policy::targets::{Finding, LocationLoss};
use canary_policy::{Affinity, Canary, Loss, Policy};
use serde::Serialize;

use crate::proof::Proof;
use crate::replay::Replayed;
use crate::target::Written;
use crate::unread::Concerned;

/// Everything that is reported.
#[derive(Serialize)]
pub(crate) struct Report<'p> {
    /// The controller by whose rules the Ingresses were read; `None` for ingress-nginx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) controller: Option<&'static str>,
    pub(crate) hosts: Vec<HostReport>,
    pub(crate) messages: Vec<AdvisedMessage>,
    /// What could not be read, written or answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<String>,
    /// What has to be true besides, so that the proof holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) conditions: Vec<String>,
    /// `None` if no request was replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replay: Option<&'p Replayed>,
    pub(crate) summary: Summary,
}

/// What a host does today, and whether it is proven that it does the same after the migration.
#[derive(Serialize)]
pub(crate) struct HostReport {
    pub(crate) host: String,
    pub(crate) locations: Vec<LocationReport>,
    /// Whether nothing of the host is left out or changed.
    pub(crate) exact: bool,
    /// `None` if nothing was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verification: Option<Verified>,
}

/// The answer of the proof for a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Verified {
    /// Every request is answered alike.
    Proven,
    /// A request is answered differently.
    Differs,
    /// No difference was found, but not everything was compared.
    Undecided,
}

/// A location in words.
#[derive(Serialize)]
pub(crate) struct LocationReport {
    pub(crate) path: String,
    pub(crate) today: String,
    /// The answer of the proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verification: Option<String>,
    /// Its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'static str>,
}

/// The code of what was not compared.
const NOT_COMPARED: &str = "not-compared";

/// A message, and what to do about it.
#[derive(Serialize)]
pub(crate) struct AdvisedMessage {
    #[serde(flatten)]
    pub(crate) message: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

/// The numbers that a manager asks for.
#[derive(Default, Serialize)]
pub(crate) struct Summary {
    pub(crate) hosts: usize,
    pub(crate) exact: usize,
    pub(crate) proven: usize,
    pub(crate) differ: usize,
    pub(crate) undecided: usize,
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
}

/// What a report is made of.
pub(crate) struct Parts<'p> {
    /// How the Ingresses were read.
    pub(crate) dialect: Dialect,
    pub(crate) readings: &'p [HostReading],
    pub(crate) findings: &'p [LintFinding],
    /// What changes when another controller reads the same Ingresses.
    pub(crate) changes: &'p [DialectFinding],
    pub(crate) written: Option<&'p Written>,
    pub(crate) proof: &'p Proof,
    /// The hosts about which nothing is proven, because an object that cannot be read could concern them.
    pub(crate) concerned: &'p Concerned,
    /// What could not be read, written or answered.
    pub(crate) errors: Vec<String>,
}

impl<'p> Report<'p> {
    pub(crate) fn new(parts: Parts<'p>) -> Self {
        let hosts = hosts(&parts);
        let messages = messages(&parts);
        let count = |severity| messages.iter().filter(|one| one.message.severity == severity).count();
        let verified = |wanted| hosts.iter().filter(|host| host.verification == Some(wanted)).count();
        let summary = Summary {
            hosts: hosts.len(),
            exact: hosts.iter().filter(|host| host.exact).count(),
            proven: verified(Verified::Proven),
            differ: verified(Verified::Differs),
            undecided: verified(Verified::Undecided),
            errors: count(Severity::Error) + parts.errors.len(),
            warnings: count(Severity::Warning),
        };
        let controller = (parts.dialect != Dialect::INGRESS_NGINX).then_some(parts.dialect.name);
        let (conditions, replay) = (conditions(&parts), parts.proof.replayed.as_ref());
        Report { controller, hosts, messages, errors: parts.errors, conditions, replay, summary }
    }
}

/// A report for each host.
fn hosts(parts: &Parts<'_>) -> Vec<HostReport> {
    let answers = answers_by_class(parts.proof.verification.as_ref());
    let written = parts.written;
    let lossy: BTreeSet<&str> =
        written.iter().flat_map(|written| &written.losses).map(|loss| loss.host.as_str()).collect();
    let failed: BTreeSet<&str> =
        written.iter().flat_map(|written| &written.errors).map(|error| error.host.as_str()).collect();
    let is_written = |reading: &HostReading| {
        let has_loss = |host: &VirtualHost| lossy.contains(full_name(host).as_str());
        let host = reading.virtual_host.as_ref();
        host.is_some_and(|host| !has_loss(host)) && !failed.contains(reading.host.as_str())
    };
    let is_verified = parts.proof.verification.is_some();
    let report = |reading: &HostReading| {
        let is_exact = is_written(reading) && !parts.concerned.has_host(reading);
        let report = host(reading, &answers, is_verified, is_exact);
        if parts.concerned.has_host(reading) { report.without_proof() } else { report }
    };
    let mut hosts: Vec<HostReport> = parts.readings.iter().map(report).collect();
    hosts.extend(further_hosts(parts));
    hosts
}

/// Every finding, loss and error.
fn messages(parts: &Parts<'_>) -> Vec<AdvisedMessage> {
    let of_cluster = parts.findings.iter().map(|finding| advised(finding, finding.advice()));
    let of_change = parts.changes.iter().map(|finding| advised(finding, finding.advice()));
    let mut messages: Vec<AdvisedMessage> = of_cluster.chain(of_change).collect();
    let mut seen = BTreeSet::new();
    let of_hosts = parts.readings.iter().flat_map(|reading| &reading.findings);
    messages.extend(of_hosts.filter(|finding| seen.insert(finding.to_string())).map(|finding| plain(finding)));
    let of_objects = parts.proof.readings().iter().flat_map(|reading| &reading.findings);
    messages.extend(of_objects.filter(|finding| seen.insert(finding.to_string())).map(|finding| plain(finding)));
    let written = parts.written.iter();
    messages.extend(written.clone().flat_map(|written| &written.losses).map(|loss| plain(loss)));
    messages.extend(
        written
            .flat_map(|written| &written.errors)
            .map(|error| AdvisedMessage { message: error.report(), advice: None }),
    );
    messages
}

/// What has to be true besides, so that the proof holds: objects that the conversion needs, and listeners that have the requests.
fn conditions(parts: &Parts<'_>) -> Vec<String> {
    if parts.proof.verification.is_none() {
        return Vec::new();
    }
    let losses = parts.written.iter().flat_map(|written| &written.losses);
    let needed = losses.filter_map(|LocationLoss { loss, .. }| match loss {
        Loss::Needs { value, object, .. } => Some(format!("`{value}` needs {object}")),
        _ => None,
    });
    let findings = parts.proof.readings().iter().flat_map(|reading| &reading.findings);
    let of_objects = findings.filter_map(|finding| match finding {
        Finding::Condition { .. } => Some(finding.to_string()),
        _ => None,
    });
    needed.chain(of_objects).collect::<BTreeSet<String>>().into_iter().collect()
}

/// A message that says what to do.
fn advised(finding: &impl Diagnostic, advice: String) -> AdvisedMessage {
    AdvisedMessage { message: finding.report(), advice: Some(advice) }
}

fn plain(diagnostic: &dyn Diagnostic) -> AdvisedMessage {
    AdvisedMessage { message: diagnostic.report(), advice: None }
}

impl HostReport {
    /// The name of the host for people.
    pub(crate) fn name(&self) -> &str {
        if self.host == "_" { "every other host" } else { &self.host }
    }

    /// The same host, about which nothing is proven.
    fn without_proof(mut self) -> Self {
        let words = "not compared, because an object that cannot be read could concern it";
        for location in self.locations.iter_mut().filter(|location| location.verification.is_some()) {
            location.verification = Some(words.to_owned());
            location.code = Some(NOT_COMPARED);
        }
        self.verification = self.verification.map(|_| Verified::Undecided);
        self
    }
}

/// The answers of a proof, by the class of their hosts.
type AnswersByClass<'v> = BTreeMap<&'v HostClass, Vec<&'v LocationAnswer>>;

fn answers_by_class(verification: Option<&Verification>) -> AnswersByClass<'_> {
    let mut answers = AnswersByClass::new();
    for one in verification.iter().flat_map(|verification| &verification.locations) {
        answers.entry(&one.hosts).or_default().push(one);
    }
    answers
}

/// The name of a virtual host with its namespace, as losses name it.
fn full_name(host: &VirtualHost) -> String {
    match host.namespace() {
        Some(namespace) => format!("{namespace}/{}", host.name()),
        None => host.name().to_owned(),
    }
}

fn host(reading: &HostReading, answers: &AnswersByClass<'_>, is_verified: bool, is_written: bool) -> HostReport {
    let answers = answers_of(reading, answers);
    let of_today = reading.virtual_host.iter().flat_map(VirtualHost::locations);
    let mut locations: Vec<LocationReport> = of_today
        .map(|location| {
            let path = location.path().to_string();
            let (code, verification) = answers.get(&path).map(|one| answer(one, reading.whole)).unzip();
            LocationReport { path, today: today(location), verification, code }
        })
        .collect();
    // Paths that the host has only after the move are shown if they are not answered alike.
    let known: BTreeSet<String> = locations.iter().map(|location| location.path.clone()).collect();
    let further = answers.iter().filter(|(path, one)| one.answer != Answer::Same && !known.contains(*path));
    let further: Vec<LocationReport> =
        further.map(|(_, one)| further_location(reading.virtual_host.as_ref(), one)).collect();
    locations.extend(further);
    HostReport {
        host: reading.host.clone(),
        locations,
        exact: is_written && reading.findings.is_empty(),
        // What no virtual host can hold is not compared.
        verification: is_verified.then(|| match verified(answers.values().copied()) {
            Verified::Proven if !reading.whole => Verified::Undecided,
            verified => verified,
        }),
    }
}

/// The code of an answer, and its words. If not everything was read that the host answers today, no location of it is proven.
fn answer(one: &LocationAnswer, is_whole: bool) -> (&'static str, String) {
    match one.answer {
        Answer::Same if !is_whole => {
            let words = "not decided: what was read is answered alike, and the findings say what was not read";
            (NOT_COMPARED, words.to_owned())
        }
        _ => (one.code(), one.answer.to_string()),
    }
}

/// A path that a host has only after the move.
fn further_location(host: Option<&VirtualHost>, one: &LocationAnswer) -> LocationReport {
    let location = host.and_then(|host| host.location(&one.example_path));
    LocationReport {
        path: one.path.to_string(),
        today: location.map_or_else(|| "nothing answers".to_owned(), today),
        verification: Some(one.answer.to_string()),
        code: Some(one.code()),
    }
}

/// The hosts that are there only after the move, or that no wildcard matches before, with what is not answered alike.
fn further_hosts(parts: &Parts<'_>) -> Vec<HostReport> {
    let of_readings = parts.readings.iter().filter_map(|reading| reading.virtual_host.as_ref());
    let known: BTreeSet<HostClass> = of_readings.flat_map(classes).collect();
    let mut further: BTreeMap<&HostClass, Vec<&LocationAnswer>> = BTreeMap::new();
    let answers = parts.proof.verification.iter().flat_map(|verification| &verification.locations);
    for one in answers.filter(|one| one.answer != Answer::Same && !known.contains(&one.hosts)) {
        further.entry(&one.hosts).or_default().push(one);
    }
    let report = |(hosts, answers): (&HostClass, Vec<&LocationAnswer>)| HostReport {
        host: match (hosts, answers.first()) {
            (HostClass::Other, _) => "_".to_owned(),
            (HostClass::MoreLabels(_), Some(one)) => format!("{hosts}, such as {}", one.example_host),
            _ => hosts.to_string(),
        },
        exact: false,
        verification: Some(verified(answers.iter().copied())),
        locations: answers.into_iter().map(|one| further_location(answering(parts, one), one)).collect(),
    };
    let is_concerned = |hosts: &HostClass| {
        parts.concerned.has(&hosts.host().map_or_else(|| "_".to_owned(), ToString::to_string))
            // Every other host answers today what a wildcard answers only after the move.
            || (matches!(hosts, HostClass::MoreLabels(_)) && parts.concerned.has("_"))
    };
    let proven = |(hosts, answers): (&HostClass, Vec<&LocationAnswer>)| {
        let is_concerned = is_concerned(hosts);
        let report = report((hosts, answers));
        if is_concerned { report.without_proof() } else { report }
    };
    further.into_iter().map(proven).collect()
}

/// The classes of the hosts that a virtual host answers today.
fn classes(host: &VirtualHost) -> Vec<HostClass> {
    let is_wildcard = |host: &Host| host.as_str().starts_with('*');
    let class = |host: &Host| {
        if is_wildcard(host) { HostClass::OneLabel(host.clone()) } else { HostClass::Named(host.clone()) }
    };
    if host.hosts().is_empty() { vec![HostClass::Other] } else { host.hosts().iter().map(class).collect() }
}

/// The virtual host that answers the requests of a further class today: that of every other host, or that of a wildcard.
fn answering<'p>(parts: &Parts<'p>, one: &LocationAnswer) -> Option<&'p VirtualHost> {
    let hosts = parts.readings.iter().filter_map(|reading| reading.virtual_host.as_ref());
    let domain = one.example_host.split_once('.').map(|(_, domain)| format!("*.{domain}"));
    let is_wildcard = |host: &&VirtualHost| host.hosts().iter().any(|host| Some(host.as_str()) == domain.as_deref());
    hosts.clone().find(is_wildcard).or_else(|| hosts.clone().find(|host| host.hosts().is_empty()))
}

/// The answers for a host and its aliases, by path.
fn answers_of<'v>(reading: &HostReading, all: &AnswersByClass<'v>) -> BTreeMap<String, &'v LocationAnswer> {
    let Some(host) = &reading.virtual_host else { return BTreeMap::new() };
    let classes: BTreeSet<HostClass> = classes(host).into_iter().collect();
    let mut answers: BTreeMap<String, &LocationAnswer> = BTreeMap::new();
    for one in classes.iter().filter_map(|class| all.get(class)).flatten().copied() {
        let known = answers.entry(one.path.to_string()).or_insert(one);
        // The hosts of a virtual host have the same paths. A difference counts more than what is not decided.
        if known.answer == Answer::Same || matches!(one.answer, Answer::Differs(_)) {
            *known = one;
        }
    }
    answers
}

fn verified<'v>(answers: impl Iterator<Item = &'v LocationAnswer>) -> Verified {
    let mut found = None;
    for one in answers {
        match &one.answer {
            Answer::Differs(_) => return Verified::Differs,
            Answer::Same => found = found.or(Some(Verified::Proven)),
            _ => found = Some(Verified::Undecided),
        }
    }
    found.unwrap_or(Verified::Undecided)
}

/// What a location does: its stable backend, and who goes to the canaries.
fn today(location: &Location) -> String {
    let Some(policy) = location.policy() else { return location.stable().to_string() };
    let canaries = policy.canaries().iter().zip(location.canaries());
    let mut words = vec![location.stable().to_string()];
    words.extend(canaries.map(|(canary, backend)| format!("{} to {backend}", canary_words(policy, canary))));
    match policy.affinity() {
        Affinity::None => {}
        Affinity::Cookie(cookie) => words.push(format!("pinned by the cookie {}", cookie.name())),
        Affinity::Key(_) => words.push("pinned by a key".to_owned()),
    }
    words.join(", ")
}

fn canary_words(policy: &Policy, canary: &Canary) -> String {
    let share = f64::from(canary.weight()) * 100.0 / f64::from(policy.total().get());
    let mut words = vec![format!("{share} %")];
    words.extend(canary.header().map(|rule| format!("header {rule}")));
    words.extend(canary.cookie().map(|rule| format!("cookie {rule}")));
    words.join(" and ")
}
