//! The lines of files that people name on the command line.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;

use canary_policy::error::Excerpt;

/// A line that is not blank.
pub(crate) struct Line {
    /// The place, as in `line 3` or `states.jsonl: line 3`.
    pub(crate) place: String,
    /// The text, or the reason why it is no text.
    pub(crate) text: Result<String, String>,
}

/// Calls a function with each line of a file, until it returns `Break`; `-` is standard input.
pub(crate) fn each(file: &str, mut answer: impl FnMut(Line) -> ControlFlow<()>) -> Result<ControlFlow<()>, String> {
    let name = if file == "-" { String::new() } else { format!("{}: ", Excerpt::whole(file)) };
    let failed = |error: std::io::Error| format!("{name}{error}");
    let mut input: Box<dyn BufRead> = match file {
        "-" => Box::new(std::io::stdin().lock()),
        file => Box::new(BufReader::new(File::open(file).map_err(failed)?)),
    };
    for number in 1_u64.. {
        let mut bytes = Vec::new();
        if input.read_until(b'\n', &mut bytes).map_err(failed)? == 0 {
            break;
        }
        let text = String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned());
        // Some editors put a byte order mark before the first line.
        let text = text.map(|text| match text.strip_prefix('\u{feff}') {
            Some(rest) if number == 1 => rest.to_owned(),
            _ => text,
        });
        if text.as_ref().is_ok_and(|text| text.trim().is_empty()) {
            continue;
        }
        if answer(Line { place: format!("{name}line {number}"), text }).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
