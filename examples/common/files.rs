//! Files that people name on the command line, and messages of one line for what is wrong in them.

use std::io::Read;

use canary_policy::error::Excerpt;
use serde_json::Value;
use serde_saphyr::Error;
use serde_saphyr::budget::BudgetBreach;

/// The text of a file without the byte order mark that some editors put before it; `-` is standard input.
pub(crate) fn read(file: &str) -> Result<String, String> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().read_to_string(&mut text).map(|_| text),
        file => std::fs::read_to_string(file),
    };
    let text = read.map_err(|error| format!("{}: {error}", name(file)))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// The name of a file as it is shown in messages.
pub(crate) fn name(file: &str) -> Excerpt {
    Excerpt::whole(file)
}

/// The documents of a YAML stream.
#[allow(dead_code, reason = "not every example reads all documents at once")]
pub(crate) fn documents(text: &str) -> Result<Vec<Value>, String> {
    serde_saphyr::from_multiple(text).map_err(|error| not_yaml(&error))
}

/// One document of a YAML stream. It may be as large as its text: an alias that stands for more is an error.
#[allow(dead_code, reason = "not every example reads one document at a time")]
pub(crate) fn document(text: &str) -> Result<Value, String> {
    let most = text.len().max(serde_saphyr::Budget::default().max_nodes);
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: most, max_events: 2 * most, max_total_scalar_bytes: 2 * most },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| not_yaml(&error))
}

fn not_yaml(error: &Error) -> String {
    if let Error::Budget { breach, .. } = error.without_snippet() {
        return format!("the file has {}", too_much(breach));
    }
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    // After the first line, and after ", set ", the YAML crate gives advice to programmers.
    format!("not YAML: {}", line.split(", set ").next().unwrap_or_default())
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

/// A value of this type. An error is one line, which begins with the path of the field that is wrong.
pub(crate) fn parsed<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error: serde_path_to_error::Error<serde_json::Error>| {
        let message = match error.path().to_string().as_str() {
            "." => error.inner().to_string(),
            path => format!("{path}: {}", error.inner()),
        };
        Excerpt::whole(&message).to_string()
    })
}
