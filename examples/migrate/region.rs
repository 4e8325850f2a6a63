//! The part of a file that a message is about.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::files;
use crate::manifests::Source;

/// The texts of files, each of which is read once.
#[derive(Default)]
pub(crate) struct Texts(BTreeMap<String, String>);

impl Texts {
    /// The region of a field as SARIF writes it: the key of an annotation if the field is one and the document has it once, or
    /// else the whole document. Lines and columns are counted from 1, and the end of a region is the column after its last
    /// character.
    pub(crate) fn region(&mut self, source: &Source, field: Option<&str>) -> Value {
        let Source { file, document: _, line, last_line, items } = source;
        let whole = json!({ "startLine": line, "endLine": last_line });
        // A list has other objects beside this one.
        let Some(key) = field.and_then(annotation).filter(|_| items.is_empty()) else { return whole };
        let text = self.0.entry(file.clone()).or_insert_with(|| files::read(file).unwrap_or_default());
        let lines = text.lines().enumerate().skip(line - 1).take(last_line + 1 - line);
        let mut found = lines.filter_map(|(index, text)| Some((index + 1, columns(text, key)?)));
        match (found.next(), found.next()) {
            (Some((line, (start, end))), None) => json!({ "startLine": line, "startColumn": start, "endColumn": end }),
            _ => whole,
        }
    }
}

/// The annotation of a field such as `metadata.annotations[canary-weight]`.
fn annotation(field: &str) -> Option<&str> {
    field.strip_prefix("metadata.annotations[")?.split(']').next()
}

/// The columns of a key, with or without the prefix of its annotation, in a line of YAML or JSON.
fn columns(line: &str, key: &str) -> Option<(usize, usize)> {
    let name = key.rsplit('/').next().unwrap_or(key);
    let (at, _) = line.match_indices(name).find(|(at, _)| {
        let (before, after) = (&line[..*at], &line[at + name.len()..]);
        before.ends_with('/') && after.trim_start_matches(['"', '\'']).trim_start().starts_with(':')
    })?;
    let is_key = |character: char| character.is_ascii_alphanumeric() || "./-_".contains(character);
    let start = line[..at].rfind(|character| !is_key(character)).map_or(0, |last| last + 1);
    // SARIF counts the units of UTF-16.
    let column = |byte: usize| line[..byte].encode_utf16().count() + 1;
    Some((column(start), column(at + name.len())))
}
