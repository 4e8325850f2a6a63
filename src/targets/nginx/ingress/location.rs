//! The paths of an Ingress: where they are in the object, and which of them the controller takes for the same location.

use std::fmt;

use k8s_openapi::api::networking::v1::{HTTPIngressPath, Ingress, IngressRule};

/// A host and a path, compared as the controller does: an absent path is `/`, and every path type but `Exact` is a prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Location {
    /// The host; the empty text is the catch-all server.
    host: String,
    path: String,
    is_exact: bool,
}

impl Location {
    pub(super) fn new(host: Option<&str>, path: &HTTPIngressPath) -> Self {
        Location {
            host: host.unwrap_or_default().to_owned(),
            path: path_text(path).to_owned(),
            is_exact: path.path_type == "Exact",
        }
    }
}

/// The host and the path, as in `example.com/cart`.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Location { host, path, is_exact: _ } = self;
        write!(f, "{host}{path}")
    }
}

/// The path; `/` if it is absent or empty.
pub(super) fn path_text(path: &HTTPIngressPath) -> &str {
    path.path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/")
}

/// A path of an Ingress, with its host and the path of its field, as in `spec.rules[0].http.paths[1]`.
pub(super) struct IngressPath<'i> {
    pub(super) field: String,
    pub(super) host: Option<&'i str>,
    pub(super) path: &'i HTTPIngressPath,
}

impl IngressPath<'_> {
    pub(super) fn location(&self) -> Location {
        Location::new(self.host, self.path)
    }
}

/// The paths of a rule, which is the `index`th of its Ingress.
pub(super) fn paths_of_rule(index: usize, rule: &IngressRule) -> impl Iterator<Item = IngressPath<'_>> {
    let paths = rule.http.iter().flat_map(|http| &http.paths).enumerate();
    paths.map(move |(place, path)| IngressPath {
        field: format!("spec.rules[{index}].http.paths[{place}]"),
        host: rule.host.as_deref(),
        path,
    })
}

/// The paths of all rules, in order.
pub(super) fn paths(ingress: &Ingress) -> impl Iterator<Item = IngressPath<'_>> {
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    rules.enumerate().flat_map(|(index, rule)| paths_of_rule(index, rule))
}
