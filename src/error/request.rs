//! The errors of requests.

use std::borrow::Cow;

use thiserror::Error;

use super::{Diagnostic, Excerpt};

/// Why nginx answers a request with 400 before it looks at any rule.
///
/// ```
/// use canary_policy::targets::nginx::RequestView;
///
/// let error = RequestView::new(&[("X Canary", "always")]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "nginx answers 400: the header name `X Canary` is empty or has a blank, a colon or a control character",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum BadRequest {
    /// The name of a header is empty, or has a blank, a colon or a control character.
    #[error("nginx answers 400: the header name `{0}` is empty or has a blank, a colon or a control character")]
    Name(Excerpt),
    /// The value of this header has NUL, CR or LF.
    #[error("nginx answers 400: the value of the header `{0}` has NUL, CR or LF")]
    Value(Excerpt),
    /// The request has a header twice that it may have only once.
    #[error("nginx answers 400: the header `{0}` is repeated")]
    Twice(Excerpt),
    /// A line is longer than a buffer of nginx.
    #[error("nginx answers 400: the line of the header `{name}` has {length} bytes: expected at most {bound}")]
    Line {
        /// The name of the header.
        name: Excerpt,
        /// The number of bytes of the line, including the line end.
        length: usize,
        /// The largest number of bytes.
        bound: usize,
    },
}

/// The field is the name of the header.
impl Diagnostic for BadRequest {
    fn code(&self) -> &'static str {
        match self {
            BadRequest::Name(_) => "request-header-name",
            BadRequest::Value(_) => "request-header-value",
            BadRequest::Twice(_) => "request-header-twice",
            BadRequest::Line { .. } => "request-header-line",
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        match self {
            BadRequest::Name(name)
            | BadRequest::Value(name)
            | BadRequest::Twice(name)
            | BadRequest::Line { name, .. } => Some(Cow::Borrowed(name.as_str())),
        }
    }
}
