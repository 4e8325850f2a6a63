//! A report for code-scanning pages: the Static Analysis Results Interchange Format (SARIF) 2.1.0 of OASIS.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::manifests::{Manifests, STANDARD_INPUT};
use crate::report::{Level, LevelledMessage, Report};

/// The messages of a report as SARIF.
pub(crate) fn sarif(report: &Report, manifests: &Manifests) -> Value {
    let codes: BTreeSet<&str> = report.messages.iter().map(|message| message.message.code.as_ref()).collect();
    let rules: Vec<Value> = codes.iter().map(|code| json!({ "id": code })).collect();
    let results = report.messages.iter().map(|message| result(message, manifests));
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "canary-policy", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn result(message: &LevelledMessage, manifests: &Manifests) -> Value {
    let LevelledMessage { level, message, advice } = message;
    let level = match level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
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
                    "artifactLocation": { "uri": source.file.replace('%', "%25").replace(' ', "%20") },
                    "region": { "startLine": source.line },
                },
            }),
            _ => json!({ "logicalLocations": logical }),
        }
    });
    let locations: Vec<Value> = location.into_iter().collect();
    json!({ "ruleId": message.code, "level": level, "message": { "text": text }, "locations": locations })
}
