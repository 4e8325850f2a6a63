//! The lines of files that people name on the command line, each of which is an object in JSON.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;

use canary_policy::error::Excerpt;
use serde::de::{DeserializeOwned, IgnoredAny};

/// A line that is not blank.
pub(crate) struct Line {
    /// The place, as in `line 3` or `states.jsonl: line 3`.
    pub(crate) place: String,
    /// The text, or the reason why it is no text.
    pub(crate) text: Result<String, String>,
}

/// Calls a function with each line of a file, until it returns `Break`; `-` is standard input. Each line that it cannot answer is
/// reported with its place, but a file of another form, such as YAML, is one error: it ends after a few lines, with what was
/// expected of a line.
pub(crate) fn each(
    file: &str,
    expected: &str,
    report: impl FnMut(String),
    mut answer: impl FnMut(&Line) -> Result<ControlFlow<()>, String>,
) -> Result<ControlFlow<()>, String> {
    let name = if file == "-" { String::new() } else { format!("{}: ", Excerpt::whole(file)) };
    let failed = |error: std::io::Error| format!("{name}{error}");
    let mut input: Box<dyn BufRead> = match file {
        "-" => Box::new(std::io::stdin().lock()),
        file => Box::new(BufReader::new(File::open(file).map_err(failed)?)),
    };
    let mut wrong = WrongLines { report, first: Vec::new(), is_json: false, shown: 0, more: 0 };
    let mut flow = ControlFlow::Continue(());
    for number in 1_u64.. {
        let mut bytes = Vec::new();
        if input.read_until(b'\n', &mut bytes).map_err(failed)? == 0 {
            break;
        }
        let text = text(bytes, number);
        if text.as_ref().is_ok_and(|text| text.trim().is_empty()) {
            continue;
        }
        let line = Line { place: format!("{name}line {number}"), text };
        match answer(&line) {
            Ok(answered) => {
                wrong.found_json();
                flow = answered;
            }
            Err(why) => flow = wrong.add(&line, &why, expected),
        }
        if flow.is_break() {
            break;
        }
    }
    wrong.end(&name);
    // A file of another form is no reason to leave out the next one.
    if wrong.is_json { Ok(flow) } else { Ok(ControlFlow::Continue(())) }
}

/// The text of a line.
fn text(bytes: Vec<u8>, number: u64) -> Result<String, String> {
    let text = String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    // Some editors put a byte order mark before the first line.
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) if number == 1 => rest.to_owned(),
        _ => text,
    })
}

/// A value in JSON. An error is one line, without the number of the line in the value, which is always 1.
pub(crate) fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text.trim()).map_err(|error| {
        let message = Excerpt::whole(&error.to_string()).to_string().replace(" at line 1 column", " at column");
        if error.is_data() { message } else { format!("not JSON: {message}") }
    })
}

/// The lines of a file that are not answered.
struct WrongLines<R> {
    report: R,
    /// The errors of the first lines, if none of them is JSON.
    first: Vec<String>,
    /// Whether a line is JSON.
    is_json: bool,
    shown: usize,
    more: usize,
}

/// After so many lines of which none is JSON, a file is one of another form.
const OTHER_FORM: usize = 3;
/// The number of errors of a file that are shown.
const SHOWN: usize = 10;

impl<R: FnMut(String)> WrongLines<R> {
    /// Adds a line; `Break` if the file is of another form.
    fn add(&mut self, line: &Line, why: &str, expected: &str) -> ControlFlow<()> {
        let Line { place, text } = line;
        let error = format!("{place}: {why}");
        if text.as_ref().is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok()) {
            self.found_json();
        }
        if self.is_json {
            self.show(error);
            return ControlFlow::Continue(());
        }
        self.first.push(error);
        match &self.first[..] {
            [first, others @ ..] if others.len() + 1 == OTHER_FORM => {
                let others = others.len();
                let text = format!(
                    "{first}; nor are the next {others} lines JSON, so the rest is not read: expected {expected} on each line"
                );
                self.first.clear();
                (self.report)(text);
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }

    /// The file has lines of JSON, so that each line that is not answered is an error of its own.
    fn found_json(&mut self) {
        self.is_json = true;
        for error in std::mem::take(&mut self.first) {
            self.show(error);
        }
    }

    fn show(&mut self, error: String) {
        if self.shown == SHOWN {
            self.more += 1;
        } else {
            self.shown += 1;
            (self.report)(error);
        }
    }

    /// The file has ended.
    fn end(&mut self, name: &str) {
        for error in std::mem::take(&mut self.first) {
            self.show(error);
        }
        match self.more {
            0 => {}
            1 => (self.report)(format!("{name}1 more line is wrong")),
            more => (self.report)(format!("{name}{more} more lines are wrong")),
        }
    }
}
