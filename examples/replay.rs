//! Decides recorded requests again: JSON lines in, JSON lines out.
//!
//! ```console
//! $ cargo run --example replay -- examples/manifests/requests.jsonl
//! $ cargo run --example replay -- --annotations < examples/manifests/requests.jsonl
//! ```
//!
//! A line is a request and the annotations that decide it: those at the time of the request, or new ones.
//!
//! ```json
//! {"id": 1, "annotations": {"nginx.ingress.kubernetes.io/canary": "true"}, "primary_annotations": {},
//!  "request": {"headers": [["Host", "example.com"]]}, "draw": 30,
//!  "affinity": {"cookie_name": "route", "behavior": "sticky", "primary_key": "…", "canary_key": "…"}}
//! ```
//!
//! `draw` is the number that the controller's `random(1..=total)` returned, or null. `affinity` is null if the stable
//! Ingress has no affinity cookie. The answer to a line that cannot be decided has the reason in `unsupported`. A line
//! that is not of this form is an error on standard error. The other lines are answered, and the exit code is 1.

#[path = "common/arguments.rs"]
mod arguments;
#[path = "common/json.rs"]
mod json_line;
#[path = "common/lines.rs"]
mod lines;
#[path = "common/output.rs"]
mod output;
#[path = "common/say.rs"]
mod say;

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::ControlFlow;
use std::process::ExitCode;

use canary_policy::policy::Token;
use canary_policy::targets::nginx::{self, Annotations, Config, Flags, Prefix, RequestView};
use canary_policy::{Affinity, AffinityScope, CookieAffinity, Diagnostic, Reason, Sample, Selector, Variant};
use clap::Parser;
use clap::builder::styling::AnsiColor;
use lines::Line;
use serde::Deserialize;
use serde_json::{Value, json};

/// Decides recorded requests again, as ingress-nginx would: JSON lines in, JSON lines on standard output.
#[derive(Parser)]
#[command(name = "replay")]
struct Args {
    /// Files with JSON lines; `-` is standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    files: Vec<String>,
    /// Parse the annotations only, and print the configuration that the controller's parser returns.
    #[arg(long)]
    annotations: bool,
}

/// A recorded request. Other fields are ignored.
#[derive(Deserialize)]
struct RecordedLine {
    id: Value,
    annotations: BTreeMap<String, String>,
    /// The annotations of the stable Ingress.
    primary_annotations: Option<BTreeMap<String, String>>,
    request: RecordedRequest,
    /// The number that the controller's `random(1..=total)` returned.
    draw: Option<i64>,
    affinity: Option<RecordedAffinity>,
}

#[derive(Deserialize)]
struct RecordedRequest {
    headers: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct RecordedAffinity {
    cookie_name: String,
    behavior: Behavior,
    primary_key: String,
    canary_key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Behavior {
    Sticky,
    Legacy,
}

#[derive(Deserialize)]
struct AnnotationsLine {
    id: Value,
    annotations: BTreeMap<String, String>,
    options: Option<Options>,
}

/// The controller's flags.
#[derive(Deserialize)]
struct Options {
    annotations_prefix: Option<String>,
    enable_annotation_validation: Option<bool>,
}

fn main() -> ExitCode {
    let args = match arguments::parsed::<Args>() {
        Ok(args) => args,
        Err(code) => return code,
    };
    let mut code = ExitCode::SUCCESS;
    let mut error = |why: String| {
        say::say(AnsiColor::Red, "error", &why);
        code = ExitCode::FAILURE;
    };
    for file in &args.files {
        let expected = if args.annotations { "annotations in JSON" } else { "a recorded request in JSON" };
        match lines::each(file, expected, &mut error, |line| answer(&args, line)) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => break,
            Err(why) => error(why),
        }
    }
    code
}

/// Answers a line; `Break` if nobody reads the answers any more. An error is the reason why the line cannot be answered.
fn answer(args: &Args, line: &Line) -> Result<ControlFlow<()>, String> {
    let text = line.text.as_ref()?;
    let answer = if args.annotations { parsed(text)? } else { decided(text)? };
    output::print(&format!("{}\n", json_line::line(&answer.to_string())))
}

fn decided(text: &str) -> Result<Value, String> {
    let line: RecordedLine = lines::parsed(text)?;
    Ok(match decision(&line) {
        Ok((variant, reason)) => {
            let variant = if variant == Variant::Stable { "stable" } else { "canary" };
            json!({ "id": line.id, "variant": variant, "reason": reason.as_str() })
        }
        Err(why) => json!({ "id": line.id, "unsupported": why.to_string() }),
    })
}

fn decision(line: &RecordedLine) -> Result<(Variant, Reason), Box<dyn Error>> {
    let stable = line.primary_annotations.clone().unwrap_or_default();
    let annotations = Annotations::new(line.annotations.clone(), stable);
    let policy = nginx::read(&annotations, &Flags::default())?.policy;
    let total = policy.total().get();
    let selector = match &line.affinity {
        None if policy.affinity() == &Affinity::None => Selector::new(&policy),
        None => return Err("primary_annotations set an affinity cookie, but `affinity` does not give its keys".into()),
        Some(RecordedAffinity { cookie_name, behavior, primary_key, canary_key }) => {
            let scope = match behavior {
                Behavior::Sticky => AffinityScope::AllVariants,
                Behavior::Legacy => AffinityScope::StableOnly,
            };
            let cookie = CookieAffinity::new(cookie_name)?.with_scope(scope);
            let (stable, canary) = (Token::new(primary_key)?, Token::new(canary_key)?);
            Selector::with_tokens(&policy.with_affinity(Affinity::Cookie(cookie)), |variant| match variant {
                Variant::Stable => stable.clone(),
                Variant::Canary(_) => canary.clone(),
            })
        }
    };

    let view = RequestView::new(&line.request.headers)?;
    let decide = |sample| {
        let decision = selector.select(view.lines(), sample);
        (decision.variant, decision.reason)
    };
    match line.draw {
        Some(draw) => {
            let point = draw.checked_sub(1).and_then(|point| u32::try_from(point).ok());
            let sample = point.and_then(|point| Sample::from_fraction(point, total).ok());
            Ok(decide(sample.ok_or(format!("the draw {draw} is not 1 to {total}"))?))
        }
        None if decide(Sample::MIN) == decide(Sample::MAX) => Ok(decide(Sample::MIN)),
        None => Err("the weight decides, but no draw was recorded".into()),
    }
}

fn parsed(text: &str) -> Result<Value, String> {
    let line: AnnotationsLine = lines::parsed(text)?;
    let mut flags = Flags::default();
    if let Some(Options { annotations_prefix, enable_annotation_validation }) = line.options {
        let prefix = annotations_prefix
            .map_or(Ok(Prefix::default()), |prefix| Prefix::new(&prefix))
            .map_err(|why| why.to_string())?;
        flags = flags.with_prefix(prefix).with_validation(enable_annotation_validation.unwrap_or(true));
    }
    let parsed = nginx::parse(&line.annotations, &flags);
    let findings: Vec<&str> = parsed.findings.iter().map(Diagnostic::code).collect();
    Ok(match parsed.config {
        Err(why) => json!({ "id": line.id, "error": why.to_string(), "findings": findings }),
        Ok(Config { enabled, weight, weight_total, header, header_value, header_pattern, cookie }) => json!({
            "id": line.id,
            "config": {
                "Enabled": enabled,
                "Weight": weight,
                "WeightTotal": weight_total,
                "Header": header,
                "HeaderValue": header_value,
                "HeaderPattern": header_pattern,
                "Cookie": cookie,
            },
            "findings": findings,
        }),
    })
}
