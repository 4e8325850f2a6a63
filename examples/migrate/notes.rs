//! Messages of this example on standard error.

use clap::builder::styling::AnsiColor;

use crate::say::say;

pub(crate) fn error(why: &str) {
    say(AnsiColor::Red, "error", why);
}

pub(crate) fn note(text: &str) {
    say(AnsiColor::Cyan, "note", text);
}

/// A note about several things: the first of them, and how many more there are.
pub(crate) fn note_first(text: &str, all: &[String]) {
    let Some((first, others)) = all.split_first() else { return };
    let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    note(&format!("{text}: {first}{more}"));
}
