//! The annotation with the variants of several policies.

use std::collections::BTreeMap;

use super::variants::{has_paths, path_word};
use super::{Metadata, Variants};
use crate::error::{Excerpt, InvalidVariants, ReadError};
use crate::route::Path;

/// The variants of each path that an object's annotation names.
pub(in crate::targets) struct VariantsByPath<'m> {
    metadata: &'m Metadata,
    /// What follows `total=` in the line of each path. There is none if the annotation names the variants of all paths.
    lines: BTreeMap<&'m str, &'m str>,
    /// The line at which the lines end, because it is malformed.
    malformed: Option<InvalidVariants>,
}

impl<'m> VariantsByPath<'m> {
    pub(in crate::targets) fn of(metadata: &'m Metadata) -> Self {
        let mut variants = VariantsByPath { metadata, lines: BTreeMap::new(), malformed: None };
        let text = metadata.annotations.get(Metadata::VARIANTS).map(String::as_str).unwrap_or_default();
        for line in text.lines().filter(|_| has_paths(text)) {
            let Some((paths, rest)) = line.split_once(" total=") else {
                let expected = "paths, `total=` and the variants";
                variants.malformed = Some(InvalidVariants::Word { word: Excerpt::of(line), expected });
                break;
            };
            for path in paths.split(' ') {
                variants.lines.entry(path).or_insert(rest);
            }
        }
        variants
    }

    /// The variants of the locations with this path; `None` if the annotation does not name them.
    ///
    /// # Errors
    ///
    /// The annotation is malformed.
    pub(in crate::targets) fn at(&self, path: &Path) -> Result<Option<Variants>, ReadError> {
        let VariantsByPath { metadata, lines, malformed } = self;
        let variants = match (lines.get(path_word(path).as_str()), malformed) {
            (Some(rest), _) => format!("total={rest}").parse().map(Some),
            (None, Some(malformed)) => Err(malformed.clone()),
            (None, None) if lines.is_empty() => return Variants::of(metadata),
            (None, None) => Ok(None),
        };
        variants.map_err(|invalid| ReadError::Annotation { annotation: Metadata::VARIANTS, invalid })
    }
}
