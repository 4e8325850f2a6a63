//! Messages on standard error.

use std::io::Write;

use canary_policy::error::Excerpt;
use clap::builder::styling::{AnsiColor, Style};

/// Writes a message to standard error, with a coloured label on a terminal. A message may quote files and their names, so its
/// lines are escaped.
pub(crate) fn say(color: AnsiColor, label: &str, text: &str) {
    let style = Style::new().bold().fg_color(Some(color.into()));
    let text = text.lines().map(|line| Excerpt::whole(line).to_string()).collect::<Vec<_>>().join("\n");
    // If standard error is closed, there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{style}{label}:{style:#} {text}");
}
