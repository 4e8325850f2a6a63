//! Golden files: exact outputs, which a person reviews as a diff.

use super::path;

/// The objects as one manifest in YAML.
pub fn yaml(objects: &[impl serde::Serialize]) -> String {
    let documents = objects.iter().map(|object| serde_saphyr::to_string(object).unwrap());
    documents.collect::<Vec<_>>().join("---\n")
}

/// Compares a text with a golden file. `GOLDEN=write` writes the file instead.
#[track_caller]
pub fn golden(file: &str, actual: &str) {
    let path = path("golden").join(file);
    if std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = expected.lines().zip(actual.lines()).position(|(expected, actual)| expected != actual);
    let line = differs.unwrap_or_else(|| expected.lines().count().min(actual.lines().count()));
    assert!(
        expected == actual,
        "{file} line {}: expected {:?}, got {:?}",
        line + 1,
        expected.lines().nth(line),
        actual.lines().nth(line),
    );
}
