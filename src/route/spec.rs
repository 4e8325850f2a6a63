//! The spec of a route: a route as it is written, in which nothing has been checked.

use super::{Backend, Host, Parent, Path, PathType, Route, repeated};
use crate::error::{Invalid, InvalidRoute, InvalidRouteSpec, Problem, RouteProblem};
use crate::policy::{FormerTokens, FormerTokensSpec, Token};
#[cfg(feature = "schemars")]
use crate::{names, route::schema, schema::for_operators};

/// A route as it is written in YAML, JSON or a custom resource. `Route::try_from` checks it.
///
/// Field names are in camelCase. A field that is left out, or is `null`, has the default that is documented for it. Unknown fields
/// are errors of the format that a spec is read from, unless it is read by [`Lenient`](crate::policy::Lenient). The schema (feature
/// `schemars`) is legal inside a Kubernetes CRD.
///
/// ```yaml
/// name: web
/// namespace: shop                                # default: none is written
/// hosts: [example.com]                           # default: every host
/// paths: [{ path: /cart, pathType: Prefix }]     # default: every path
/// parents: [infra/public]
/// stable: web:80
/// canaries: [web-canary:80]
/// formerTokens: { stable: 06b6, canaries: [2d1e] }
/// ```
///
/// `RouteSpec` can be built as a literal. New optional fields are added in minor versions, so end a literal with
/// `..Default::default()`, and a pattern that takes a value apart with `..`.
///
/// ```
/// use canary_policy::Route;
/// use canary_policy::route::RouteSpec;
///
/// let spec = RouteSpec {
///     name: "web".into(),
///     stable: "web:80".into(),
///     canaries: vec!["web-canary:80".into()],
///     ..RouteSpec::default()
/// };
/// let route = Route::try_from(&spec)?;
/// assert_eq!(route, Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?);
///
/// // Every problem is reported, each with its field.
/// let spec = RouteSpec { hosts: Some(vec!["*".into()]), parents: Some(vec!["a".into(), "a".into()]), ..spec };
/// let error = Route::try_from(spec).unwrap_err();
/// let fields: Vec<&str> = error.problems.iter().map(|problem| problem.field.as_str()).collect();
/// assert_eq!(fields, ["hosts[0]", "parents[1]"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(transform = for_operators))]
#[cfg_attr(
    feature = "schemars",
    schemars(description = "The hosts and paths that a policy applies to, and the backend of each variant.")
)]
pub struct RouteSpec {
    /// The name of the route, which the objects that are written have too.
    #[cfg_attr(feature = "schemars", schemars(length(max = names::MAX_SUBDOMAIN), regex(pattern = schema::OBJECT_NAME)))]
    pub name: String,
    /// The namespace of the route, and of backends without one. By default none is given.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(length(max = names::MAX_LABEL), regex(pattern = schema::NAMESPACE)))]
    pub namespace: Option<String>,
    /// The hosts: DNS names, whose first label may be `*`. By default every host.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(length(max = schema::MAX_ITEMS), extend("x-kubernetes-list-type" = "set")))]
    #[cfg_attr(feature = "schemars", schemars(inner(length(max = names::MAX_SUBDOMAIN), regex(pattern = schema::HOST))))]
    #[cfg_attr(feature = "schemars", schemars(extend("x-kubernetes-validations" = schema::HOSTS_RULES)))]
    pub hosts: Option<Vec<String>>,
    /// The paths. By default every path.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(length(max = schema::MAX_ITEMS)))]
    #[cfg_attr(feature = "schemars", schemars(extend("x-kubernetes-validations" = schema::PATHS_RULES)))]
    pub paths: Option<Vec<PathSpec>>,
    /// The Gateways, each `NAME` or `NAMESPACE/NAME`. By default none.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "schemars", schemars(length(max = schema::MAX_ITEMS), extend("x-kubernetes-list-type" = "set")))]
    #[cfg_attr(feature = "schemars", schemars(inner(length(max = schema::MAX_PARENT), regex(pattern = schema::PARENT))))]
    #[cfg_attr(feature = "schemars", schemars(extend("x-kubernetes-validations" = schema::PARENTS_RULES)))]
    pub parents: Option<Vec<String>>,
    /// The backend of stable, `SERVICE` or `SERVICE:PORT`, with `NAMESPACE/` in front if it is in another namespace.
    #[cfg_attr(feature = "schemars", schemars(length(max = schema::MAX_BACKEND), regex(pattern = schema::BACKEND)))]
    #[cfg_attr(feature = "schemars", schemars(extend("x-kubernetes-validations" = schema::BACKEND_RULES)))]
    pub stable: String,
    /// The backends of the canaries, in the order of the policy's canaries.
    #[cfg_attr(feature = "schemars", schemars(length(max = schema::MAX_ITEMS)))]
    #[cfg_attr(feature = "schemars", schemars(inner(length(max = schema::MAX_BACKEND), regex(pattern = schema::BACKEND))))]
    #[cfg_attr(feature = "schemars", schemars(extend("x-kubernetes-validations" = schema::BACKENDS_RULES)))]
    pub canaries: Vec<String>,
    /// The tokens in the affinity cookies of the former router. By default none.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub former_tokens: Option<FormerTokensSpec>,
    /// The values that had a wrong type when the spec was read. `Route::try_from` reports them with all other problems, and a spec
    /// that has them cannot be written. Empty in a spec that was not read.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::policy::written_value::refuse"))]
    #[cfg_attr(feature = "schemars", schemars(skip))]
    pub unread: Vec<Problem>,
}

/// A [`Path`] as it is written in a [`RouteSpec`].
///
/// ```
/// use canary_policy::route::{Path, PathSpec};
///
/// let cart = PathSpec { path: "/cart".into(), path_type: "Prefix".into() };
/// assert_eq!(Path::try_from(cart)?, Path::prefix("/cart")?);
/// let cart = PathSpec { path: "/cart".into(), path_type: "prefix".into() };
/// assert_eq!(Path::try_from(cart).unwrap_err().to_string(), "`prefix` is not a path type: expected `Exact` or `Prefix`");
/// # Ok::<(), canary_policy::error::InvalidRoute>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(transform = for_operators))]
#[cfg_attr(feature = "schemars", schemars(description = "A URL path and how requests are compared with it."))]
pub struct PathSpec {
    /// The path: `/` and at most 1023 more characters.
    #[cfg_attr(feature = "schemars", schemars(length(max = super::path::MAX_PATH), regex(pattern = schema::PATH)))]
    #[cfg_attr(feature = "schemars", schemars(extend("x-kubernetes-validations" = schema::PATH_RULES)))]
    pub path: String,
    /// `Exact`: the whole path is equal. `Prefix`: the path of the request begins with the same elements.
    #[cfg_attr(feature = "schemars", schemars(extend("enum" = ["Exact", "Prefix"])))]
    pub path_type: String,
}

impl From<&Route> for RouteSpec {
    fn from(route: &Route) -> Self {
        let Route { name, namespace, hosts, paths, parents, stable, canaries, former_tokens } = route;
        let texts = |texts: Vec<String>| Some(texts).filter(|texts| !texts.is_empty());
        RouteSpec {
            name: name.clone(),
            namespace: namespace.clone(),
            hosts: texts(hosts.iter().map(Host::to_string).collect()),
            paths: Some(paths.iter().cloned().map(PathSpec::from).collect()),
            parents: texts(parents.iter().map(Parent::to_string).collect()),
            stable: stable.to_string(),
            canaries: canaries.iter().map(Backend::to_string).collect(),
            former_tokens: former_tokens.clone().map(FormerTokensSpec::from),
            unread: Vec::new(),
        }
    }
}

impl From<Route> for RouteSpec {
    /// The spec of this route. All paths are written, even if they are every path.
    fn from(route: Route) -> Self {
        RouteSpec::from(&route)
    }
}

impl From<Path> for PathSpec {
    fn from(path: Path) -> Self {
        PathSpec { path: path.as_str().to_owned(), path_type: path.path_type().to_string() }
    }
}

impl TryFrom<PathSpec> for Path {
    type Error = InvalidRoute;

    fn try_from(PathSpec { path, path_type }: PathSpec) -> Result<Self, InvalidRoute> {
        Path::new(&path, path_type.parse()?)
    }
}

impl TryFrom<RouteSpec> for Route {
    type Error = InvalidRouteSpec;

    /// Checks every field of the spec.
    ///
    /// # Errors
    ///
    /// A field is invalid. The error has all problems. Values of a wrong type come first, and the others are in the order of the
    /// fields.
    fn try_from(spec: RouteSpec) -> Result<Self, InvalidRouteSpec> {
        Route::try_from(&spec)
    }
}

impl TryFrom<&RouteSpec> for Route {
    type Error = InvalidRouteSpec;

    /// Checks every field of the spec, which stays where it is.
    fn try_from(spec: &RouteSpec) -> Result<Self, InvalidRouteSpec> {
        let RouteSpec { name, namespace, hosts, paths, parents, stable, canaries, former_tokens, unread } = spec;
        let mut checked = Checked { problems: unread.iter().cloned().map(RouteProblem::from).collect() };

        let name = checked.keep("name", super::object_name(name));
        let namespace = namespace.as_deref().map(super::namespace_name).transpose();
        let namespace = checked.keep("namespace", namespace);
        let hosts = checked.unique("hosts", hosts.as_deref().unwrap_or_default(), Host::new);
        let paths = checked.paths(paths.as_deref().unwrap_or_default());
        let parents = checked.unique("parents", parents.as_deref().unwrap_or_default(), str::parse::<Parent>);
        let stable = checked.keep("stable", stable.parse::<Backend>());
        let canaries = checked.each("canaries", canaries, str::parse::<Backend>);
        let former_tokens = former_tokens.as_ref().and_then(|tokens| checked.former_tokens(tokens));

        let Checked { problems } = checked;
        match (name, namespace, stable) {
            (Some(name), Some(namespace), Some(stable)) if problems.is_empty() => {
                Ok(Route { name, namespace, hosts, paths, parents, stable, canaries, former_tokens })
            }
            // A part that is `None` has added a problem.
            _ => Err(InvalidRouteSpec { problems }),
        }
    }
}

/// The problems of a spec that is being checked. Each function checks one field and adds the problems that it finds.
struct Checked {
    problems: Vec<RouteProblem>,
}

impl Checked {
    /// The value, if it is valid.
    fn keep<T>(&mut self, field: impl Into<String>, value: Result<T, InvalidRoute>) -> Option<T> {
        let field = field.into();
        match value {
            Ok(value) => Some(value),
            Err(invalid) => {
                self.add(invalid.at(field));
                None
            }
        }
    }

    /// Adds a problem, unless the value of its field, or a value that the field is part of, could not be read.
    fn add(&mut self, problem: RouteProblem) {
        let is_unread = |known: &RouteProblem| {
            let wrong_type = matches!(known.invalid, InvalidRoute::Value(Invalid::WrongType { .. }));
            let rest = problem.field.strip_prefix(&known.field);
            let is_part = |rest: &str| known.field.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']);
            wrong_type && rest.is_some_and(is_part)
        };
        if !self.problems.iter().any(is_unread) {
            self.problems.push(problem);
        }
    }

    /// The valid items of a list.
    fn each<T>(&mut self, field: &str, texts: &[String], new: impl Fn(&str) -> Result<T, InvalidRoute>) -> Vec<T> {
        let item = |(index, text): (usize, &String)| self.keep(format!("{field}[{index}]"), new(text));
        texts.iter().enumerate().filter_map(item).collect()
    }

    /// The valid items of a list that has none twice.
    fn unique<T: ToString>(
        &mut self,
        field: &str,
        texts: &[String],
        new: impl Fn(&str) -> Result<T, InvalidRoute>,
    ) -> Vec<T> {
        let items = self.each(field, texts, new);
        // An invalid item has moved the ones after it, and is the more urgent problem.
        if items.len() == texts.len() {
            self.check_unique(field, &items);
        }
        items
    }

    fn check_unique(&mut self, field: &str, items: &[impl ToString]) {
        for (index, invalid) in repeated(items) {
            self.add(invalid.at(format!("{field}[{index}]")));
        }
    }

    fn paths(&mut self, specs: &[PathSpec]) -> Vec<Path> {
        let mut paths = Vec::new();
        for (index, PathSpec { path, path_type }) in specs.iter().enumerate() {
            let path_type = self.keep(format!("paths[{index}].pathType"), path_type.parse::<PathType>());
            // The text is checked even if the type is invalid.
            let path = Path::new(path, path_type.unwrap_or(PathType::Exact));
            let path = self.keep(format!("paths[{index}].path"), path);
            paths.extend(path.filter(|_| path_type.is_some()));
        }
        if paths.len() == specs.len() {
            self.check_unique("paths", &paths);
        }
        if specs.is_empty() { vec![Path::root()] } else { paths }
    }

    fn former_tokens(&mut self, spec: &FormerTokensSpec) -> Option<FormerTokens> {
        let FormerTokensSpec { stable, canaries } = spec;
        let texts = canaries.as_deref().unwrap_or_default();
        let token = |text: &str| Token::new(text).map_err(InvalidRoute::from);
        let stable = self.keep("formerTokens.stable", token(stable));
        let canaries = self.each("formerTokens.canaries", texts, token);
        let stable = stable.filter(|_| canaries.len() == texts.len())?;
        let tokens: Vec<&Token> = std::iter::once(&stable).chain(&canaries).collect();
        for (index, invalid) in repeated(&tokens) {
            self.add(invalid.at(format!("formerTokens.canaries[{}]", index.saturating_sub(1))));
        }
        // A token that is listed twice has added a problem, and nothing else is wrong with valid tokens.
        FormerTokens::new(stable, canaries).ok()
    }
}
