//! Kubernetes objects: the fields that all kinds have in common.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::error::{ConversionError, Excerpt, Invalid, InvalidRoute, InvalidVariants, ReadError};
use crate::policy::{CanaryName, Policy, Total};
use crate::route::{Backend, Backends, Front, Group, Location, Path, PathType};
use crate::targets::Timestamp;

/// A Kubernetes object: the fields that this crate writes and reads. The functions that write objects have examples.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Object<S> {
    /// The API group and version, as in `gateway.networking.k8s.io/v1`.
    pub api_version: Cow<'static, str>,
    /// The kind, as in `HTTPRoute`.
    pub kind: Cow<'static, str>,
    /// The name, the namespace and the annotations.
    pub metadata: Metadata,
    /// The spec. Each kind of object has its own type for it.
    pub spec: S,
    /// The fields that this crate does not read, such as `status`.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

impl<S> Object<S> {
    pub(super) fn new(api_version: &'static str, kind: &'static str, metadata: Metadata, spec: S) -> Self {
        let unknown = UnknownFields::default();
        Object { api_version: api_version.into(), kind: kind.into(), metadata, spec, unknown }
    }
}

/// The name, the namespace, the annotations and the time of creation of an object.
///
/// ```
/// use canary_policy::targets::{Metadata, gloo};
/// use canary_policy::{Policy, Route};
///
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let metadata = gloo::route_table(&Policy::percent(30)?, &route)?.exact()?.metadata;
/// assert_eq!(metadata.name, "web");
/// assert_eq!(metadata.annotations[Metadata::VARIANTS], "total=100 stable=web:80 canary=web-canary:80");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Metadata {
    /// The name of the object.
    pub name: String,
    /// The namespace, if one is given.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub namespace: Option<String>,
    /// The annotations. A converter writes [`VARIANTS`](Self::VARIANTS), and an edit also writes [`APPLIED`](Self::APPLIED).
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub annotations: BTreeMap<String, String>,
    /// The time of creation, which an API server sets.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub creation_timestamp: Option<Timestamp>,
    /// The fields that this crate does not read, such as `labels`.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

impl Metadata {
    /// The annotation that holds the policy's total and the backend of each variant by name, as in
    /// `total=100 stable=web:80 canary=web-canary:80`.
    ///
    /// An object of a virtual host whose locations do not all lead to the same backends has a line for each policy, with the
    /// paths in front, as in `Prefix:/cart Exact:/pay total=100 stable=web:80 canary=web-canary:80`. Locations without a policy
    /// have no line.
    ///
    /// Routing does not depend on the annotation. A reader needs it, because a route object names Services and not variants.
    pub const VARIANTS: &'static str = "canary-policy/variants";

    /// The annotation of somebody's object that a policy was put into, which says in JSON what was put in. The policy is taken out
    /// by it. Routing does not depend on it.
    pub const APPLIED: &'static str = "canary-policy/applied";

    /// The metadata of one of the objects that are written for a route or virtual host; `index` counts these objects from 0. The
    /// first one has the name of the route, and further ones are numbered: `web`, `web-2`, `web-3`.
    ///
    /// # Errors
    ///
    /// The name becomes too long with the number, or the annotation does.
    pub(super) fn new(front: Front<'_>, index: usize, variants: Option<String>) -> Result<Self, ConversionError> {
        let name = if index == 0 { front.name.to_owned() } else { format!("{}-{}", front.name, index + 1) };
        if index > 0 && name.len() > MAX_NAME {
            let invalid = InvalidRoute::ObjectName(Excerpt::of(&name));
            return Err(ConversionError::Invalid { field: "name", invalid });
        }
        let bytes = variants.as_ref().map_or(0, String::len);
        if bytes > MAX_ANNOTATION {
            let object = "the annotation canary-policy/variants of an object";
            return Err(ConversionError::TooLarge { object, bytes, bound: MAX_ANNOTATION });
        }
        let annotations = variants.into_iter().map(|variants| (Metadata::VARIANTS.to_owned(), variants)).collect();
        let namespace = front.namespace.map(str::to_owned);
        Ok(Metadata { name, namespace, annotations, ..Metadata::default() })
    }

    /// Whether two objects can be in one namespace. An object without a namespace can be applied to any.
    pub(super) fn may_share_namespace(&self, other: &Metadata) -> bool {
        !matches!((&self.namespace, &other.namespace), (Some(one), Some(other)) if one != other)
    }

    /// Whether two objects of one kind are the same one, as far as their names say.
    pub(super) fn is_same_object(&self, other: &Metadata) -> bool {
        self.name == other.name && self.may_share_namespace(other)
    }
}

/// The largest number of characters of an object's name.
const MAX_NAME: usize = 253;

/// The most bytes that Kubernetes stores in the annotations of an object (`TotalAnnotationSizeLimitB` of `apimachinery`), without a
/// few that are left to others.
const MAX_ANNOTATION: usize = 250_000;

/// The value of the annotation [`Metadata::VARIANTS`] of an object that has these groups; `None` if no group has a policy.
pub(super) fn variants_of(groups: &[Group<'_>]) -> Option<String> {
    if let [group] = groups {
        return Some(Variants::of_policy(group.policy?, &group.backends).to_string());
    }
    let lines: Vec<String> = groups.iter().filter_map(variants_at_paths).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The line of a group in the annotation of an object that has other paths too; `None` if the group has no policy.
pub(super) fn variants_at_paths(group: &Group<'_>) -> Option<String> {
    Some(format!("{} {}", path_words(group), Variants::of_policy(group.policy?, &group.backends)))
}

/// The paths of a group, each a word such as `Prefix:/cart`.
fn path_words(group: &Group<'_>) -> String {
    group.paths.iter().map(|path| path_word(path)).collect::<Vec<_>>().join(" ")
}

fn path_word(path: &Path) -> String {
    let text = if path.matches_all() { "/" } else { path.compared() };
    format!("{}:{text}", path.path_type())
}

/// The value of the annotation [`Metadata::VARIANTS`]: the total of a policy, and the backend of each variant. Its words are
/// separated by one space, as in `total=100 stable=web:80 canary=web-canary:80`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variants {
    pub(super) total: Total,
    pub(super) stable: Backend,
    /// The name and the backend of each canary. The names are unique.
    pub(super) canaries: Vec<(CanaryName, Backend)>,
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
    pub(super) fn of_location(location: &Location) -> Option<Self> {
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
    pub(super) fn of(metadata: &Metadata) -> Result<Option<Self>, ReadError> {
        let annotation = Metadata::VARIANTS;
        let text = metadata.annotations.get(annotation);
        let variants = text.map(|text| text.parse()).transpose();
        variants.map_err(|invalid| ReadError::Annotation { annotation, invalid })
    }
}

/// The variants of each path that an object's annotation names.
pub(super) struct VariantsByPath<'m> {
    metadata: &'m Metadata,
    /// What follows `total=` in the line of each path. There is none if the annotation names the variants of all paths.
    lines: BTreeMap<&'m str, &'m str>,
    /// The line at which the lines end, because it is malformed.
    malformed: Option<InvalidVariants>,
}

impl<'m> VariantsByPath<'m> {
    pub(super) fn of(metadata: &'m Metadata) -> Self {
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
    pub(super) fn at(&self, path: &Path) -> Result<Option<Variants>, ReadError> {
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

/// Whether the value of an annotation has a line for each policy, with the paths in front.
fn has_paths(text: &str) -> bool {
    [PathType::Exact, PathType::Prefix].into_iter().any(|path_type| text.starts_with(&format!("{path_type}:")))
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

/// The fields that an object has and that this crate does not read, each with its value, so that an object that is read and written
/// again keeps them. An object that this crate writes has none. A field whose value is `null` does not count, because API servers
/// drop it.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use canary_policy::targets::gateway::BackendRef;
///
/// let backend: BackendRef = serde_json::from_str(r#"{"name":"web","subset":"v2"}"#).unwrap();
/// assert!(!backend.unknown.is_empty());
/// assert_eq!(backend.unknown.names().collect::<Vec<_>>(), ["subset"]);
/// assert_eq!(serde_json::to_string(&backend).unwrap(), r#"{"name":"web","subset":"v2"}"#);
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
#[cfg_attr(
    not(feature = "serde"),
    allow(clippy::zero_sized_map_values, reason = "no value exists, so the map is empty")
)]
pub struct UnknownFields(BTreeMap<String, UnknownValue>);

/// The value of a field that this crate does not read.
#[cfg(feature = "serde")]
type UnknownValue = serde_json::Value;
/// Without serde nothing is deserialised, so that no field is unknown.
#[cfg(not(feature = "serde"))]
type UnknownValue = std::convert::Infallible;

impl UnknownFields {
    /// Whether there is no such field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(feature = "serde")]
impl UnknownFields {
    /// The value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&serde_json::Value> {
        self.0.get(name)
    }

    /// The same fields without this one.
    pub(super) fn without(&self, name: &str) -> Self {
        let others = self.0.iter().filter(|(other, _)| *other != name);
        UnknownFields(others.map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for UnknownFields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = BTreeMap::<String, UnknownValue>::deserialize(deserializer)?;
        fields.retain(|_, value| !value.is_null());
        Ok(UnknownFields(fields))
    }
}

/// Reads a value that may be missing. `null` is the default value, because API servers drop such a `null`.
#[cfg(feature = "serde")]
pub(super) fn null_is_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    null_is(T::default, deserializer)
}

/// Reads a value that may be missing. `null` is this value, because API servers replace such a `null` by the default of the field.
#[cfg(feature = "serde")]
pub(super) fn null_is<'de, T, D>(default: fn() -> T, deserializer: D) -> Result<T, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    <Option<T> as serde::Deserialize>::deserialize(deserializer).map(|value| value.unwrap_or_else(default))
}
