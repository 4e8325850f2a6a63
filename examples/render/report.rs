//! What is said beside the output, on standard error: for people, or a JSON object a line for programs.

use std::io::Write;

use canary_policy::Loss;
use clap::builder::styling::AnsiColor;
use serde_json::{Value, json};

use crate::say::say;

#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Report {
    /// A sentence each.
    Text,
    /// A line each: `{"loss": {"kind": …, "part": …}}`, `{"note": …}`, `{"error": …}`.
    Json,
}

impl Report {
    pub(crate) fn note(self, text: &str) {
        match self {
            Report::Text => say(AnsiColor::Cyan, "note", text),
            Report::Json => line(&json!({ "note": text })),
        }
    }

    pub(crate) fn loss(self, loss: &Loss) {
        match self {
            Report::Text => say(AnsiColor::Yellow, "loss", &loss.to_string()),
            Report::Json => line(&json!({ "loss": loss })),
        }
    }

    pub(crate) fn error(self, text: &str) {
        match self {
            Report::Text => say(AnsiColor::Red, "error", text),
            Report::Json => line(&json!({ "error": text })),
        }
    }
}

fn line(value: &Value) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(anstream::stderr(), "{value}");
}
