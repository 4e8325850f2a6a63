//! Files that people name on the command line, and messages of one line for what is wrong in them.

use std::io::Read;

use canary_policy::error::Excerpt;
use serde_json::Value;
use serde_saphyr::Error;
use serde_saphyr::budget::BudgetBreach;

/// The text of a file without the byte order mark that some editors put before it; `-` is standard input.
#[allow(dead_code, reason = "one example reads files that are not UTF-8 as a whole")]
pub(crate) fn read(file: &str) -> Result<String, String> {
    let bytes = bytes(file)?;
    utf8(&bytes, 0).map(str::to_owned).map_err(|why| format!("{}: {why}", name(file)))
}

/// The bytes of a file without the byte order mark.
pub(crate) fn bytes(file: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = match file {
        "-" => std::io::stdin().read_to_end(&mut bytes).map(|_| bytes),
        file => std::fs::read(file),
    };
    let bytes = read.map_err(|error| format!("{}: {error}", name(file)))?;
    Ok(bytes.strip_prefix("\u{feff}".as_bytes()).map(<[u8]>::to_vec).unwrap_or(bytes))
}

/// The text of bytes that come after so many lines. An error names the line.
pub(crate) fn utf8(bytes: &[u8], lines: usize) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        // One line more than line feeds.
        let line = lines + before.split(|byte| *byte == b'\n').count();
        format!("line {line} is not UTF-8")
    })
}

/// The name of a file as it is shown in messages.
pub(crate) fn name(file: &str) -> Excerpt {
    Excerpt::whole(file)
}

/// The documents of a YAML stream.
#[allow(dead_code, reason = "not every example reads all documents at once")]
pub(crate) fn documents(text: &str) -> Result<Vec<Value>, String> {
    serde_saphyr::from_multiple(text).map_err(|error| not_yaml(&error, 0))
}

/// One document of a YAML stream, which comes after so many lines. It may be as large as its text: an alias that stands for more
/// is an error.
#[allow(dead_code, reason = "not every example reads one document at a time")]
pub(crate) fn document(text: &str, lines: usize) -> Result<Value, String> {
    let most = text.len().max(serde_saphyr::Budget::default().max_nodes);
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: most, max_events: 2 * most, max_total_scalar_bytes: 2 * most },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| not_yaml(&error, lines))
}

fn not_yaml(error: &Error, lines: usize) -> String {
    let mut cause = error;
    while let Error::AliasError { error, .. } | Error::WithSnippet { error, .. } = cause {
        cause = error;
    }
    if let Error::Budget { breach, .. } = cause {
        return format!("the file has {}", too_much(breach));
    }
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    // The YAML crate counts lines from the beginning of the document.
    let number = error.location().map(|location| location.line()).unwrap_or_default();
    let counted = line.strip_prefix(&format!("line {number} "));
    let line = counted.map_or_else(|| line.to_owned(), |rest| format!("line {} {rest}", number + as_u64(lines)));
    // After the first line, and after these words, the YAML crate gives advice to programmers.
    let said = [", set ", "; use "]
        .into_iter()
        .fold(line.as_str(), |line, advice| line.split(advice).next().unwrap_or_default());
    format!("not YAML: {said}")
}

fn as_u64(lines: usize) -> u64 {
    u64::try_from(lines).unwrap_or(u64::MAX)
}

/// The part of a file that is above a limit of the YAML crate, which protects a program from files that were made to exhaust it.
fn too_much(breach: &BudgetBreach) -> String {
    let most = serde_saphyr::Budget::default();
    match breach {
        BudgetBreach::Nodes { .. } => format!("more than {} values", most.max_nodes),
        BudgetBreach::Documents { .. } => format!("more than {} documents", most.max_documents),
        BudgetBreach::Depth { .. } => format!("more than {} levels", most.max_depth),
        BudgetBreach::Aliases { .. } | BudgetBreach::AliasAnchorRatio { .. } => "too many aliases".to_owned(),
        _ => "more text than can be read".to_owned(),
    }
}

/// A message without the name of a type of this program: people know objects.
fn without_type(message: &str) -> String {
    let Some((before, after)) = message.split_once("expected struct ") else { return message.to_owned() };
    let rest = after.find(|end: char| !end.is_alphanumeric()).and_then(|end| after.get(end..));
    format!("{before}expected an object{}", rest.unwrap_or_default())
}

/// A value of this type. An error is one line, which begins with the path of the field that is wrong.
pub(crate) fn parsed<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error: serde_path_to_error::Error<serde_json::Error>| {
        let message = match error.path().to_string().as_str() {
            "." => without_type(&error.inner().to_string()),
            path => format!("{path}: {}", without_type(&error.inner().to_string())),
        };
        Excerpt::whole(&message).to_string()
    })
}
