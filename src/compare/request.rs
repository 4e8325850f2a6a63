//! The request of a difference.

use std::fmt;

use http::HeaderName;

use crate::error::Excerpt;
use crate::policy::Ratio;
use crate::select::{HeaderLines, Sample};

/// A request and a sample, which a [`Selector`](crate::Selector) can decide.
///
/// `Display` writes the lines and the sample, unless it is 0, as a fraction of 1. [`Sample::bits`] has the exact sample.
///
/// ```
/// use canary_policy::compare::{self, Comparison};
/// use canary_policy::{Policy, Selector};
///
/// let (old, new) = (Policy::percent(25)?, Policy::percent(30)?);
/// let Comparison::Differs(difference) = compare::policies(&old, &new) else { unreachable!() };
/// let request = &difference.request;
/// assert_eq!(request.to_string(), "a request without headers and with the sample 0.25");
/// assert_eq!(Selector::new(&old).select(request, request.sample), difference.before.decision);
/// # Ok::<(), canary_policy::InvalidPolicy>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Request {
    /// The header lines.
    pub lines: Vec<Line>,
    /// The sample that the caller passes.
    pub sample: Sample,
}

/// One header line of a [`Request`].
///
/// `Display` writes `NAME: VALUE`, escaped. With `serde` the value is a string, or a list of bytes if it is not UTF-8.
///
/// ```
/// use canary_policy::compare::{self, Comparison};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Total};
///
/// let canary = Canary::new("canary", 0)?;
/// let rule = HeaderRule::new("x-region", Match::Exact("eu".to_owned()))?;
/// let policy = |canary| Policy::new([canary], Total::default());
/// let comparison = compare::policies(&policy(canary.clone())?, &policy(canary.with_header(rule))?);
/// let Comparison::Differs(difference) = comparison else { unreachable!() };
/// let line = &difference.request.lines[0];
/// assert_eq!((line.name.as_str(), line.value.as_slice()), ("x-region", b"eu".as_slice()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Line {
    /// The name of the header.
    #[cfg_attr(feature = "serde", serde(serialize_with = "serialized::name"))]
    pub name: HeaderName,
    /// The bytes of the value, which an [`http::HeaderValue`] can hold.
    #[cfg_attr(feature = "serde", serde(serialize_with = "serialized::value"))]
    pub value: Vec<u8>,
}

impl Request {
    /// The number of bytes of all lines, each with its name, `: ` and its value.
    #[must_use]
    pub fn size(&self) -> usize {
        self.lines.iter().map(|Line { name, value }| start_size(name) + value.len()).sum()
    }
}

/// The number of bytes of a line before its value.
pub(super) fn start_size(name: &HeaderName) -> usize {
    name.as_str().len() + ": ".len()
}

impl HeaderLines for Request {
    fn lines<'r>(&'r self, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> {
        self.lines.iter().filter(move |line| line.name == *name).map(|line| line.value.as_slice())
    }
}

#[cfg(feature = "serde")]
mod serialized {
    use http::HeaderName;
    use serde::{Serialize, Serializer};

    pub(super) fn name<S: Serializer>(name: &HeaderName, serializer: S) -> Result<S::Ok, S::Error> {
        name.as_str().serialize(serializer)
    }

    pub(super) fn value<S: Serializer>(value: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(value) {
            Ok(text) => text.serialize(serializer),
            Err(_) => value.serialize(serializer),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { name, value } = self;
        match std::str::from_utf8(value) {
            Ok(text) => write!(f, "{name}: {}", Excerpt::of(text)),
            Err(_) => write!(f, "{name}: {}", value.escape_ascii()),
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request { lines, sample } = self;
        let words: Vec<String> = lines.iter().map(|line| format!("`{line}`")).collect();
        if words.is_empty() {
            f.write_str("a request without headers")?;
        } else {
            f.write_str(&words.join(" and "))?;
        }
        if *sample == Sample::MIN {
            Ok(())
        } else {
            write!(f, " and with the sample {}", Ratio::new(sample.bits().into(), 1 << 64).as_f64())
        }
    }
}
