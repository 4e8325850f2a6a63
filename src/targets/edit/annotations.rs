//! The annotations of an object with a policy: what was put in, and which backend is which variant.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Applied;
use crate::error::{ConversionError, EditError};
use crate::route::{Group, Path};
use crate::targets::Metadata;
use crate::targets::object::{variants_at_paths, variants_of};

/// The most bytes of the annotation; Kubernetes stores 262144 bytes in all annotations of an object.
const MAX_BYTES: usize = 200_000;

/// Takes out the annotations of a policy, and returns what was put in; `None` if nothing was.
///
/// # Errors
///
/// The annotation is malformed.
pub(in crate::targets) fn take_applied<C, B>(metadata: &mut Metadata) -> Result<Option<Applied<C, B>>, EditError>
where
    Applied<C, B>: DeserializeOwned,
{
    let annotation = Metadata::APPLIED;
    let Some(text) = metadata.annotations.remove(annotation) else { return Ok(None) };
    metadata.annotations.remove(Metadata::VARIANTS);
    let applied = serde_json::from_str(&text);
    applied.map(Some).map_err(|error| EditError::Annotation { annotation, why: error.to_string() })
}

/// Checks that no converter wrote the whole object.
///
/// # Errors
///
/// The object has the annotation of a converter.
pub(in crate::targets) fn check_not_written(metadata: &Metadata) -> Result<(), EditError> {
    let annotation = Metadata::VARIANTS;
    if metadata.annotations.contains_key(annotation) { Err(EditError::Written { annotation }) } else { Ok(()) }
}

/// The value of the annotation that names the variants. `paths` are those of the rules that the policy is put into, as far as a
/// route has such paths. They are named if the object has other rules too, whose backends are no variants.
pub(in crate::targets) fn variants_text(group: &Group<'_>, paths: &[Path], are_base: &[bool]) -> Option<String> {
    if paths.is_empty() || !are_base.contains(&false) {
        return variants_of(std::slice::from_ref(group));
    }
    let mut named: Vec<&Path> = Vec::new();
    for path in paths {
        if !named.contains(&path) {
            named.push(path);
        }
    }
    variants_at_paths(&Group { paths: named, ..group.clone() })
}

/// Adds the annotations of a policy.
///
/// # Errors
///
/// What was put in is too large for an annotation.
pub(in crate::targets) fn annotate<C, B>(
    metadata: &mut Metadata,
    applied: &Applied<C, B>,
    variants: Option<String>,
) -> Result<(), EditError>
where
    Applied<C, B>: Serialize,
{
    let annotation = Metadata::APPLIED;
    let text = serde_json::to_string(applied);
    let text = text.map_err(|error| EditError::Annotation { annotation, why: error.to_string() })?;
    if text.len() > MAX_BYTES {
        let object = "the annotation canary-policy/applied of an object";
        return Err(ConversionError::TooLarge { object, bytes: text.len(), bound: MAX_BYTES }.into());
    }
    metadata.annotations.insert(annotation.to_owned(), text);
    metadata.annotations.extend(variants.map(|variants| (Metadata::VARIANTS.to_owned(), variants)));
    Ok(())
}
