//! A report for code-scanning pages: the Static Analysis Results Interchange Format (SARIF) 2.1.0 of OASIS.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};

use crate::manifests::{Manifests, STANDARD_INPUT};
use crate::region::Texts;
use crate::report::{AdvisedMessage, LocationReport, Report};

/// The messages of a report as SARIF, and what is not proven to be answered alike. Errors are about the run of the tool.
pub(crate) fn sarif(report: &Report<'_>, manifests: &Manifests) -> Value {
    let mut texts = Texts::default();
    let mut results: Vec<Value> =
        report.messages.iter().map(|message| result(message, manifests, &mut texts)).collect();
    results.extend(not_alike(report).map(|(host, location, code)| difference(host, location, code)));
    let codes: BTreeSet<&str> = results.iter().filter_map(|result| result["ruleId"].as_str()).collect();
    let rules: Vec<Value> = codes.into_iter().map(rule).collect();
    let notification = |why: &String| json!({ "level": "error", "message": { "text": why } });
    let notifications: Vec<Value> = report.errors.iter().map(notification).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "canary-policy", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "utf16CodeUnits",
            "invocations": [
                { "executionSuccessful": notifications.is_empty(), "toolExecutionNotifications": notifications },
            ],
            "results": results,
        }],
    })
}

/// The locations that are not proven to be answered alike, each with its host and the code of the answer.
fn not_alike<'r>(report: &'r Report<'_>) -> impl Iterator<Item = (&'r str, &'r LocationReport, &'static str)> {
    report.hosts.iter().flat_map(|host| {
        let with_code = host.locations.iter().filter_map(|location| Some((location, location.code?)));
        with_code.filter(|(_, code)| *code != "same").map(|(location, code)| (host.name(), location, code))
    })
}

/// The result of a location that is not proven to be answered alike.
fn difference(host: &str, location: &LocationReport, code: &str) -> Value {
    let LocationReport { path, today: _, verification, code: _ } = location;
    let level = if code == "different" { "error" } else { "warning" };
    let text = format!("{host} {path}: {}", verification.as_deref().unwrap_or_default());
    let logical = json!([{ "fullyQualifiedName": format!("{host}#{path}") }]);
    json!({
        "ruleId": code, "level": level, "message": { "text": text }, "locations": [{ "logicalLocations": logical }],
    })
}

/// The rule of a code, with the text of the table of codes.
fn rule(code: &str) -> Value {
    let start = format!("| `{code}` | ");
    let row = include_str!("../../CODES.md").lines().find(|line| line.starts_with(&start));
    let meaning = row.and_then(|row| row.trim_end_matches(" |").rsplit(" | ").next());
    match meaning {
        Some(meaning) => json!({ "id": code, "shortDescription": { "text": meaning } }),
        None => json!({ "id": code }),
    }
}

fn result(message: &AdvisedMessage, manifests: &Manifests, texts: &mut Texts) -> Value {
    let AdvisedMessage { message, advice } = message;
    let level = message.severity.as_str();
    let text = match advice {
        Some(advice) => format!("{}. Advice: {advice}.", message.message),
        None => message.message.clone(),
    };
    let location = message.object.as_ref().map(|object| {
        let field = message.field.as_deref();
        let name = [Some(object.as_str()), field].into_iter().flatten().collect::<Vec<_>>().join("#");
        let logical = json!([{ "fullyQualifiedName": name }]);
        match manifests.sources.get(object) {
            Some(source) if source.file != STANDARD_INPUT => json!({
                "logicalLocations": logical,
                "physicalLocation": {
                    "artifactLocation": { "uri": uri(&source.file) },
                    "region": texts.region(source, field),
                },
            }),
            _ => json!({ "logicalLocations": logical }),
        }
    });
    let locations: Vec<Value> = location.into_iter().collect();
    json!({ "ruleId": message.code, "level": level, "message": { "text": text }, "locations": locations })
}

/// The name of a file as a reference of RFC 3986.
fn uri(file: &str) -> String {
    let mut uri = String::new();
    for byte in file.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
