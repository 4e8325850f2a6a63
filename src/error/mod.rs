//! The errors of the crate, one file for each module that returns them.
//!
//! A message names the field, the value and what was expected. Quoted values are cut to 80 characters. Every error, and
//! every loss and finding of [`targets`](crate::targets), implements [`Diagnostic`], which gives programs a code, a
//! severity and the field. [The table of codes](crate::codes) says what each code means.
//!
//! ```
//! use canary_policy::{HeaderRule, Match};
//!
//! let error = HeaderRule::new("x canary", Match::AlwaysNever).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "`x canary` is not a header name: expected 1 to 256 letters, digits or !#$%&'*+-.^_`|~",
//! );
//! ```

mod annotations;
mod cluster;
mod conversion;
mod diagnostic;
#[cfg(feature = "serde")]
mod edit;
mod excerpt;
mod former_tokens;
mod ingress;
#[cfg(feature = "serde")]
mod manifest;
mod object;
mod pair;
mod params;
mod policy;
mod read;
mod replicas;
mod request;
mod route;
mod sample;
mod severity;
#[cfg(feature = "rand")]
mod simulate;
mod timestamp;
#[cfg(feature = "serde")]
mod unknown_field;

pub use annotations::{AnnotationError, NotEnabled};
pub use cluster::ControllerPanic;
pub use conversion::ConversionError;
pub use diagnostic::{Diagnostic, Report};
#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub use edit::EditError;
pub use excerpt::Excerpt;
pub use former_tokens::InvalidFormerTokens;
pub use ingress::IngressError;
#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub use manifest::ManifestError;
pub use object::ObjectError;
pub use pair::PairError;
pub use params::InvalidParams;
pub use policy::{Invalid, InvalidPolicy, Problem};
pub use read::{InvalidVariants, ReadError};
pub use replicas::ReplicasError;
pub use request::BadRequest;
pub use route::{InvalidRoute, InvalidRouteSpec, RouteProblem};
pub use sample::InvalidSample;
pub use severity::Severity;
#[cfg(feature = "rand")]
#[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
pub use simulate::InvalidMix;
pub use timestamp::InvalidTimestamp;
#[cfg(feature = "serde")]
pub(crate) use unknown_field::{Step, path};
#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub use unknown_field::{UnknownField, UnknownFieldsError};
