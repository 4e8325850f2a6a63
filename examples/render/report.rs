//! Losses, notes and errors on standard error: for people, or for programs as one JSON object a line.

use std::io::Write;

use canary_policy::Loss;
use clap::builder::styling::AnsiColor;
use serde_json::{Value, json};

use crate::json;
use crate::say::say;

#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Report {
    /// One sentence a line.
    Text,
    /// One JSON object a line: `{"loss": {"kind": …, "part": …}}`, `{"note": …}`, `{"error": …}`.
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
    // If standard error is closed, there is nowhere to report that.
    let _ = writeln!(anstream::stderr(), "{}", json::line(&value.to_string()));
}
