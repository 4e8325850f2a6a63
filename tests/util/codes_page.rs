//! The table of codes, CODES.md.

use std::collections::{BTreeMap, BTreeSet};

/// What the table says about a code.
pub struct Row {
    /// The types that return the code themselves.
    pub types: BTreeSet<String>,
    /// The severities that the code may have.
    pub severities: BTreeSet<String>,
    /// The sentences about the code.
    pub meaning: String,
}

/// The rows of all tables, by their codes.
#[track_caller]
pub fn codes_page() -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    for line in include_str!("../../CODES.md").lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [code, types, severities, meaning] = cells[..] else { panic!("{line}") };
        let row = Row {
            types: types.split(", ").map(|one| one.trim_matches('`').to_owned()).collect(),
            severities: severities.split(" or ").map(str::to_owned).collect(),
            meaning: meaning.to_owned(),
        };
        assert!(rows.insert(code.trim_matches('`').to_owned(), row).is_none(), "{code} is listed twice");
    }
    rows
}
