//! Messages for people.

use std::io::Write;

use clap::builder::styling::{AnsiColor, Style};

/// A line on standard error, in colour on a terminal.
pub(crate) fn say(color: AnsiColor, label: &str, text: &str) {
    let style = Style::new().bold().fg_color(Some(color.into()));
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(anstream::stderr(), "{style}{label}:{style:#} {text}");
}
