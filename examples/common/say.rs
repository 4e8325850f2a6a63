//! Messages on standard error.

use std::io::Write;

use clap::builder::styling::{AnsiColor, Style};

/// Writes a line to standard error, with a coloured label on a terminal.
pub(crate) fn say(color: AnsiColor, label: &str, text: &str) {
    let style = Style::new().bold().fg_color(Some(color.into()));
    // If standard error is closed, there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{style}{label}:{style:#} {text}");
}
