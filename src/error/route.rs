//! The errors of [`route`](crate::route).

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;

use super::policy::first_lines;
use super::{Diagnostic, Excerpt, Invalid, Problem};

/// Why a value cannot be part of a [`Route`](crate::Route) or a [`VirtualHost`](crate::route::VirtualHost).
///
/// ```
/// use canary_policy::error::InvalidRoute;
/// use canary_policy::route::Backend;
///
/// assert!(matches!("web:99999".parse::<Backend>(), Err(InvalidRoute::Port(_))));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum InvalidRoute {
    /// The name of a Service is not a DNS label that begins with a letter (RFC 1035).
    #[error("`{0}` is not a Service name: expected 1 to 63 of a-z, 0-9 and -, with a letter first and no - last")]
    Service(Excerpt),
    /// A port is neither a number from 1 to 65535 nor an IANA service name.
    #[error(
        "`{0}` is not a port: expected 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it and no --"
    )]
    Port(Excerpt),
    /// A host is not a DNS name.
    #[error("`{0}` is not a host: expected a DNS name, or `*.` and a DNS name")]
    Host(Excerpt),
    /// A path is one that targets read differently, or that one of them refuses.
    #[error(
        "`{0}` is not a path: expected `/` and at most 1023 more characters of a URL path, without //, /./, /../ and %2f"
    )]
    Path(Excerpt),
    /// A path has an escape that proxies replace or refuse before they compare paths.
    #[error(
        "`{path}` is not a path: `{escape}` is replaced or refused by proxies: expected no escaped letter, digit, -, ., _, ~ and no %00"
    )]
    PathEscape {
        /// The path.
        path: Excerpt,
        /// The escape.
        escape: Excerpt,
    },
    /// A path type has another value than `Exact` and `Prefix`.
    #[error("`{0}` is not a path type: expected `Exact` or `Prefix`")]
    PathType(Excerpt),
    /// A list names the same host, path, parent or token twice.
    #[error("`{0}` is listed twice")]
    Duplicate(Excerpt),
    /// A virtual host has no location.
    #[error("locations: none is given: a virtual host serves at least one path")]
    NoLocation,
    /// The name of an object is not a DNS name.
    #[error("`{0}` is not an object name: expected 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends")]
    ObjectName(Excerpt),
    /// A namespace is not a DNS label.
    #[error("`{0}` is not a namespace: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends")]
    Namespace(Excerpt),
    /// A value is invalid that policies have too: a token, or a value of a wrong type.
    #[error(transparent)]
    Value(#[from] Invalid),
}

impl InvalidRoute {
    /// The problem of the field at this path.
    pub(crate) fn at(self, field: impl Into<String>) -> RouteProblem {
        RouteProblem { field: field.into(), invalid: self }
    }
}

impl Diagnostic for InvalidRoute {
    fn code(&self) -> &'static str {
        match self {
            InvalidRoute::Service(_) => "service",
            InvalidRoute::Port(_) => "port",
            InvalidRoute::Host(_) => "host",
            InvalidRoute::Path(_) => "path",
            InvalidRoute::PathEscape { .. } => "path-escape",
            InvalidRoute::PathType(_) => "path-type",
            InvalidRoute::Duplicate(_) => "duplicate",
            InvalidRoute::NoLocation => "empty-virtual-host",
            InvalidRoute::ObjectName(_) => "object-name",
            InvalidRoute::Namespace(_) => "namespace",
            InvalidRoute::Value(invalid) => invalid.code(),
        }
    }
}

/// One invalid value of a [`RouteSpec`](crate::route::RouteSpec) and the field that holds it.
///
/// ```
/// use canary_policy::Route;
/// use canary_policy::route::RouteSpec;
///
/// let spec = RouteSpec { name: "web".into(), stable: "web:0".into(), ..RouteSpec::default() };
/// let problem = &Route::try_from(spec).unwrap_err().problems[0];
/// assert_eq!(problem.field, "stable");
/// assert!(problem.to_string().starts_with("stable: `0` is not a port: expected 1 to 65535"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("{}{invalid}", super::policy::before(field))]
#[non_exhaustive]
pub struct RouteProblem {
    /// The path of the field, as in `paths[0].path`. It is empty if the whole value has a wrong type.
    pub field: String,
    /// What is wrong with its value.
    #[source]
    pub invalid: InvalidRoute,
}

impl Diagnostic for RouteProblem {
    fn code(&self) -> &'static str {
        self.invalid.code()
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&*self.field)).filter(|field| !field.is_empty())
    }
}

impl From<Problem> for RouteProblem {
    fn from(Problem { field, invalid }: Problem) -> Self {
        RouteProblem { field, invalid: invalid.into() }
    }
}

/// Everything that is wrong with a [`RouteSpec`](crate::route::RouteSpec), as one [`RouteProblem`] for each invalid field.
///
/// ```
/// use canary_policy::Route;
/// use canary_policy::route::RouteSpec;
///
/// let spec = RouteSpec { name: "Web".into(), stable: "web:80".into(), hosts: Some(vec!["*".into()]), ..RouteSpec::default() };
/// assert_eq!(
///     Route::try_from(spec).unwrap_err().to_string(),
///     "name: `Web` is not an object name: expected 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends\n\
///      hosts[0]: `*` is not a host: expected a DNS name, or `*.` and a DNS name",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct InvalidRouteSpec {
    /// One or more problems. Values of a wrong type come first, and the others are in the order of the fields.
    pub problems: Vec<RouteProblem>,
}

/// The source is the first problem.
impl std::error::Error for InvalidRouteSpec {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let problem = self.problems.first()?;
        Some(&problem.invalid)
    }
}

/// One line for each of the first 20 problems, and a line with the number of further problems.
impl fmt::Display for InvalidRouteSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&first_lines(&self.problems))
    }
}

/// The code and the field are those of the first problem.
impl Diagnostic for InvalidRouteSpec {
    fn code(&self) -> &'static str {
        self.problems.first().map_or("invalid-route", RouteProblem::code)
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        self.problems.first().and_then(RouteProblem::field)
    }
}
