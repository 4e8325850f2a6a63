//! The status of a release: three conditions, and every loss or problem with its code.

use std::fmt::Write;

use canary_policy::error::Report;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::target::Place;

/// The status of a release. Every field may be missing, so that any version reads the status of any other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(description = "What became of it.")]
pub struct ReleaseStatus {
    /// The generation of the release that the conditions are about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Valid`: the release can be read. `Ready`: the target has the policy. `Exact`: the target expresses all of it.
    #[schemars(transform = conditions_by_type)]
    pub conditions: Vec<Condition>,
    /// The losses of the policy that was written, or the problems because of which nothing was written.
    pub reports: Vec<Report>,
    /// Where the policy is, or may be. It is written before the policy is, so that a crash hides nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

fn conditions_by_type(schema: &mut schemars::Schema) {
    schema.insert("x-kubernetes-list-type".to_owned(), json!("map"));
    schema.insert("x-kubernetes-list-map-keys".to_owned(), json!(["type"]));
}

/// What a reconciliation came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The place of the policy is recorded, and the policy is written next.
    Begun,
    /// The target has the policy. The reports are its losses.
    Written(Vec<Report>),
    /// The release is invalid. What was written before stays.
    Invalid(Vec<Report>),
    /// Somebody has to change something first. What was written before stays.
    Blocked(Report),
}

impl Outcome {
    /// A label for metrics.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Outcome::Begun => "begun",
            Outcome::Written(_) => "written",
            Outcome::Invalid(_) => "invalid",
            Outcome::Blocked(_) => "blocked",
        }
    }

    fn reports(&self) -> Vec<Report> {
        match self {
            Outcome::Begun => Vec::new(),
            Outcome::Written(reports) | Outcome::Invalid(reports) => reports.clone(),
            Outcome::Blocked(report) => vec![report.clone()],
        }
    }

    /// Type, status, reason and message of each condition.
    fn conditions(&self) -> [(&'static str, &'static str, String, String); 3] {
        let reports = self.reports();
        let (reason, message) = (reports.first().map_or_else(String::new, reason), text(&reports));
        let plain = |text: &str| (text.to_owned(), String::new());
        let (valid, ready, exact) = match self {
            Outcome::Begun => (("True", plain("Read")), ("Unknown", plain("Writing")), ("Unknown", plain("Writing"))),
            Outcome::Written(losses) if losses.is_empty() => {
                (("True", plain("Read")), ("True", plain("Written")), ("True", plain("NoLosses")))
            }
            Outcome::Written(_) => (("True", plain("Read")), ("True", plain("Written")), ("False", (reason, message))),
            Outcome::Invalid(_) => (
                ("False", (reason.clone(), message.clone())),
                ("False", (reason, message)),
                ("Unknown", plain("NotWritten")),
            ),
            Outcome::Blocked(_) => {
                (("True", plain("Read")), ("False", (reason, message)), ("Unknown", plain("NotWritten")))
            }
        };
        let named = |name, (status, (reason, message))| (name, status, reason, message);
        [named("Valid", valid), named("Ready", ready), named("Exact", exact)]
    }
}

/// A code as the reason of a condition: `left-out` is `LeftOut`.
fn reason(report: &Report) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    report.code.split('-').map(capital).collect()
}

/// The messages of all reports, one on each line. An API server takes 32768 characters.
fn text(reports: &[Report]) -> String {
    let mut text = String::new();
    for (index, report) in reports.iter().enumerate() {
        if text.len() > 30_000 {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "\nand {} more", reports.len() - index);
            break;
        }
        let line = report.message.chars().take(2000);
        text.extend((index > 0).then_some('\n').into_iter().chain(line));
    }
    text
}

impl ReleaseStatus {
    /// The status after this outcome. A condition that stays as it was keeps its time.
    #[must_use]
    pub fn after(
        &self,
        generation: Option<i64>,
        outcome: &Outcome,
        place: Option<Place>,
        now: Timestamp,
    ) -> ReleaseStatus {
        let conditions = outcome.conditions().into_iter().map(|(type_, status, reason, message)| {
            let before = self.condition(type_).filter(|before| before.status == status);
            let last_transition_time = before.map_or(Time(now), |before| before.last_transition_time.clone());
            let (type_, status) = (type_.to_owned(), status.to_owned());
            Condition { type_, status, reason, message, last_transition_time, observed_generation: generation }
        });
        let conditions = conditions.collect();
        ReleaseStatus { observed_generation: generation, conditions, reports: outcome.reports(), place }
    }

    /// The condition of this type.
    #[must_use]
    pub fn condition(&self, type_: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.type_ == type_)
    }

    /// Whether the condition `Ready` says the same in both, apart from the generation.
    #[must_use]
    pub fn is_ready_as(&self, other: &ReleaseStatus) -> bool {
        let ready = |status: &ReleaseStatus| {
            status.condition("Ready").map(|ready| (ready.status.clone(), ready.reason.clone(), ready.message.clone()))
        };
        ready(self) == ready(other)
    }

    /// The body of a server-side apply of this status.
    pub(crate) fn configuration(&self, api_version: &str, kind: &str, name: &str) -> Value {
        json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": name }, "status": self })
    }
}
