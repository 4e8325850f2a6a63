//! The annotation with the variants of a policy.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::Metadata;
use crate::error::{Excerpt, Invalid, InvalidVariants, ReadError};
use crate::policy::{CanaryName, Policy, Total};
use crate::route::{Backend, Backends, Group, Location, Path, PathType};

/// The value of the annotation [`Metadata::VARIANTS`]: the total of a policy, and the backend of each variant. Its words are
/// separated by one space, as in `total=100 stable=web:80 canary=web-canary:80`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::targets) struct Variants {
    pub(in crate::targets) total: Total,
    pub(in crate::targets) stable: Backend,
    /// The name and the backend of each canary. The names are unique.
    pub(in crate::targets) canaries: Vec<(CanaryName, Backend)>,
}

impl Variants {
    fn of_policy(policy: &Policy, backends: &Backends) -> Self {
        let names = policy.canaries().iter().map(|canary| canary.name().clone());
        Variants {
            total: policy.total(),
            stable: backends.stable().clone(),
            canaries: names.zip(backends.all().skip(1).cloned()).collect(),
        }
    }

    /// The variants of a location; `None` if it has no policy.
    pub(in crate::targets) fn of_location(location: &Location) -> Option<Self> {
        let policy = location.policy()?;
        let names = policy.canaries().iter().map(|canary| canary.name().clone());
        let canaries = names.zip(location.canaries().iter().cloned()).collect();
        Some(Variants { total: policy.total(), stable: location.stable().clone(), canaries })
    }

    /// The variants that an object's annotation names; `None` if it has no such annotation.
    ///
    /// # Errors
    ///
    /// The annotation is malformed, or names the variants of several policies. To read the object without it would swap the
    /// variants if stable is not the first backend.
    pub(in crate::targets) fn of(metadata: &Metadata) -> Result<Option<Self>, ReadError> {
        let annotation = Metadata::VARIANTS;
        let text = metadata.annotations.get(annotation);
        let variants = text.map(|text| text.parse()).transpose();
        variants.map_err(|invalid| ReadError::Annotation { annotation, invalid })
    }
}

impl fmt::Display for Variants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Variants { total, stable, canaries } = self;
        write!(f, "total={total} stable={stable}")?;
        canaries.iter().try_for_each(|(name, backend)| write!(f, " {name}={backend}"))
    }
}

impl FromStr for Variants {
    type Err = InvalidVariants;

    fn from_str(text: &str) -> Result<Self, InvalidVariants> {
        if has_paths(text) {
            return match text.split_once(" total=") {
                Some((_, rest)) if !text.contains('\n') => format!("total={rest}").parse(),
                _ => Err(InvalidVariants::SeveralPolicies),
            };
        }
        let mut words = text.split(' ');
        let mut value_of = |name: &str, expected: &'static str| {
            let word = words.next().unwrap_or_default();
            let value = word.strip_prefix(name).ok_or(InvalidVariants::Word { word: Excerpt::of(word), expected });
            value.map(|value| (word, value))
        };
        let expected = "`total=` and a number from 1 to 4294967295";
        let (written, total) = value_of("total=", expected)?;
        let total = total.parse().ok().and_then(|total| Total::new(total).ok());
        let total = total.ok_or(InvalidVariants::Word { word: Excerpt::of(written), expected })?;
        let (_, stable) = value_of("stable=", "`stable=` and a backend")?;
        let stable = stable.parse()?;

        let mut names = BTreeSet::new();
        let canary = |word: &str| {
            let expected = "the name of a canary, `=` and a backend";
            let pair = word.split_once('=');
            let (name, backend) = pair.ok_or(InvalidVariants::Word { word: Excerpt::of(word), expected })?;
            let name = CanaryName::new(name)?;
            if !names.insert(name.clone()) {
                return Err(InvalidVariants::Name(Invalid::NameTwice(Excerpt::of(name.as_str()))));
            }
            Ok((name, backend.parse()?))
        };
        Ok(Variants { total, stable, canaries: words.map(canary).collect::<Result<_, _>>()? })
    }
}

/// The value of the annotation [`Metadata::VARIANTS`] of an object that has these groups; `None` if no group has a policy.
pub(in crate::targets) fn variants_of(groups: &[Group<'_>]) -> Option<String> {
    if let [group] = groups {
        return Some(Variants::of_policy(group.policy?, &group.backends).to_string());
    }
    let lines: Vec<String> = groups.iter().filter_map(variants_at_paths).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The line of a group in the annotation of an object that has other paths too; `None` if the group has no policy.
pub(in crate::targets) fn variants_at_paths(group: &Group<'_>) -> Option<String> {
    Some(format!("{} {}", path_words(group), Variants::of_policy(group.policy?, &group.backends)))
}

/// The paths of a group, each a word such as `Prefix:/cart`.
fn path_words(group: &Group<'_>) -> String {
    group.paths.iter().map(|path| path_word(path)).collect::<Vec<_>>().join(" ")
}

pub(super) fn path_word(path: &Path) -> String {
    let text = if path.matches_all() { "/" } else { path.compared() };
    format!("{}:{text}", path.path_type())
}

/// Whether the value of an annotation has a line for each policy, with the paths in front.
pub(super) fn has_paths(text: &str) -> bool {
    [PathType::Exact, PathType::Prefix].into_iter().any(|path_type| text.starts_with(&format!("{path_type}:")))
}
