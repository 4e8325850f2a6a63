//! The argument `--implementation`.

use canary_policy::targets::gateway::{Implementation, RouteParams};
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Reads the name of an implementation of the Gateway API. The help and the error list the names.
pub(crate) fn parser() -> impl TypedValueParser<Value = Implementation> {
    let names = Implementation::ALL.map(|implementation| implementation.name);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Implementation>())
}

/// The parameters of routes for this implementation, if one is given.
pub(crate) fn route_params(implementation: Option<Implementation>) -> RouteParams {
    implementation.into_iter().fold(RouteParams::default(), RouteParams::with_implementation)
}
