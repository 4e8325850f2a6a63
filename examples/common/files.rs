//! Files that people name on the command line, and messages of one line for what is wrong in them.

use std::io::Read;

use serde_json::Value;

/// The text of a file; `-` is standard input.
pub(crate) fn read(file: &str) -> Result<String, String> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().read_to_string(&mut text).map(|_| text),
        file => std::fs::read_to_string(file),
    };
    read.map_err(|error| format!("{file}: {error}"))
}

/// The documents of a YAML stream.
pub(crate) fn documents(text: &str) -> Result<Vec<Value>, String> {
    let documents: Result<Vec<Value>, _> = serde_saphyr::from_multiple(text);
    documents.map_err(|error| {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        // After the first line, and after ", set ", the YAML crate gives advice to programmers.
        format!("not YAML: {}", line.split(", set ").next().unwrap_or_default())
    })
}

/// A value of this type. An error begins with the path of the field that is wrong.
pub(crate) fn parsed<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error: serde_path_to_error::Error<serde_json::Error>| match error
        .path()
        .to_string()
        .as_str()
    {
        "." => error.inner().to_string(),
        path => format!("{path}: {}", error.inner()),
    })
}
