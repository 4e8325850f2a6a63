//! Paths as tests on a text, for targets that compare a prefix character by character.

use crate::route::{Group, Path, PathType};

/// A test on the path of a request, for targets that compare a prefix character by character instead of path element by path
/// element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::targets) enum TextMatch {
    /// The text is equal.
    Exact(String),
    /// The text begins with these characters.
    Prefix(String),
}

impl TextMatch {
    /// The text.
    pub(in crate::targets) fn text(&self) -> &str {
        match self {
            TextMatch::Exact(text) | TextMatch::Prefix(text) => text,
        }
    }

    /// The paths of a group as tests of which one has to hold, without those that others cover.
    pub(in crate::targets) fn of_group(group: &Group<'_>) -> Vec<Self> {
        group.uncovered_paths().into_iter().flat_map(TextMatch::of_path).collect()
    }

    /// A path as one test, or as two tests of which one has to hold: a path with the prefix `/cart` is `/cart` or begins with
    /// `/cart/`.
    fn of_path(path: &Path) -> Vec<Self> {
        let text = path.compared();
        match path.path_type() {
            PathType::Exact => vec![TextMatch::Exact(text.to_owned())],
            PathType::Prefix if text.is_empty() => vec![TextMatch::Prefix("/".to_owned())],
            PathType::Prefix => vec![TextMatch::Exact(text.to_owned()), TextMatch::Prefix(format!("{text}/"))],
        }
    }
}
