//! Decides recorded requests again: JSON lines in, JSON lines out.
//!
//! ```console
//! $ cargo run --example replay < requests.jsonl
//! $ cargo run --example replay -- --annotations < annotations.jsonl
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, Write};

use canary_policy::policy::Token;
use canary_policy::targets::nginx::{self, Annotations, Config, Flags, Prefix, View};
use canary_policy::{Affinity, CookieAffinity, Pins, Reason, Sample, Selector, Variant};
use clap::Parser;
use serde::Deserialize;
use serde_json::{Value, json};

/// Decides recorded requests again, as ingress-nginx would: JSON lines on standard input, JSON lines on standard output.
#[derive(Parser)]
#[command(name = "replay")]
struct Args {
    /// Read annotations only, and show what the controller's parser holds.
    #[arg(long)]
    annotations: bool,
}

/// A recorded request. Fields that are not here are ignored.
#[derive(Deserialize)]
struct Line {
    id: Value,
    annotations: BTreeMap<String, String>,
    request: RecordedRequest,
    /// What the controller's `random(1..=total)` returned.
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
    behavior: String,
    primary_key: String,
    canary_key: String,
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

fn main() -> Result<(), Box<dyn Error>> {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            error.print()?;
            std::process::exit(i32::from(error.use_stderr()));
        }
    };
    let mut output = std::io::stdout().lock();
    for (index, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = if args.annotations { parsed(&line) } else { decided(&line) };
        match answer {
            Ok(answer) => writeln!(output, "{answer}")?,
            Err(error) => {
                anstream::eprintln!("error: line {}: {error}", index + 1);
                std::process::exit(1);
            }
        }
    }
    Ok(())
}

fn decided(line: &str) -> Result<Value, Box<dyn Error>> {
    let line: Line = serde_json::from_str(line)?;
    Ok(match decision(&line) {
        Ok((variant, reason)) => {
            let variant = if variant == Variant::Stable { "stable" } else { "canary" };
            json!({ "id": line.id, "variant": variant, "reason": reason.as_str() })
        }
        Err(why) => json!({ "id": line.id, "unsupported": why.to_string() }),
    })
}

fn decision(line: &Line) -> Result<(Variant, Reason), Box<dyn Error>> {
    let annotations = Annotations { canary: line.annotations.clone(), ..Annotations::default() };
    let policy = nginx::read(&annotations, &Flags::default())?.policy;
    let total = policy.total().get();
    let selector = match &line.affinity {
        None => Selector::new(&policy),
        Some(RecordedAffinity { cookie_name, behavior, primary_key, canary_key }) => {
            let pins = if behavior == "legacy" { Pins::Stable } else { Pins::Everyone };
            let cookie = CookieAffinity::new(cookie_name)?.with_pins(pins);
            let (stable, canary) = (Token::new(primary_key)?, Token::new(canary_key)?);
            Selector::with_tokens(&policy.with_affinity(Affinity::Cookie(cookie)), |variant| match variant {
                Variant::Stable => stable.clone(),
                Variant::Canary(_) => canary.clone(),
            })
        }
    };

    let request = View::new(&line.request.headers)?;
    let decide = |sample| {
        let decision = selector.select(&request, sample);
        (decision.variant, decision.reason)
    };
    match line.draw {
        Some(draw) => {
            let point = draw.checked_sub(1).and_then(|point| u32::try_from(point).ok());
            let sample = point.and_then(|point| Sample::from_fraction(point, total).ok());
            Ok(decide(sample.ok_or(format!("the draw {draw} is not 1 to {total}"))?))
        }
        None if decide(Sample::MIN) == decide(Sample::MAX) => Ok(decide(Sample::MIN)),
        None => Err("the weight decides, and no draw was recorded".into()),
    }
}

fn parsed(line: &str) -> Result<Value, Box<dyn Error>> {
    let line: AnnotationsLine = serde_json::from_str(line)?;
    let mut flags = Flags::default();
    if let Some(Options { annotations_prefix, enable_annotation_validation }) = line.options {
        flags.prefix = annotations_prefix.map_or(Ok(flags.prefix), |prefix| Prefix::new(&prefix))?;
        flags.validation = enable_annotation_validation.unwrap_or(flags.validation);
    }
    let parsed = nginx::parse(&line.annotations, &flags);
    let findings: Vec<&str> = parsed.findings.iter().map(nginx::Finding::code).collect();
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
