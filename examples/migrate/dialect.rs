//! The arguments that name a controller.

use canary_policy::targets::nginx::Dialect;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Reads the name of a controller. The help and the error list the names.
pub(crate) fn parser() -> impl TypedValueParser<Value = Dialect> {
    PossibleValuesParser::new(Dialect::ALL.map(|dialect| dialect.name)).try_map(|name| name.parse::<Dialect>())
}
