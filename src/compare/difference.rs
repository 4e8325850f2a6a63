//! A request that two policies decide differently.

use std::fmt;

use http::header;

use super::request::{Line, Request};
use crate::select::{Decision, Sample, Selector};

/// A request that two policies decide differently, with both decisions.
///
/// The decisions differ in the name of the variant, the reason or the cookie to set. `Display` says it in words.
///
/// ```
/// use canary_policy::compare::{self, Comparison};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Total};
///
/// let canary = Canary::new("canary", 0)?;
/// let old = Policy::new([canary.clone()], Total::default())?;
/// let rule = HeaderRule::new("x-canary", Match::AlwaysNever)?;
/// let new = Policy::new([canary.with_header(rule)], Total::default())?;
/// let Comparison::Differs(difference) = compare::policies(&old, &new) else { unreachable!() };
/// assert!(difference.is_smallest);
/// // The reason differs, even where the variant is the same: `never` is shorter than `always`.
/// assert_eq!(difference.to_string(), "`x-canary: never` goes to stable by weight before and by header after");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Difference {
    /// The request.
    pub request: Request,
    /// The decision of the first policy.
    pub before: NamedDecision,
    /// The decision of the second policy.
    pub after: NamedDecision,
    /// Whether it is proven that no request with fewer bytes in its header lines is decided differently. Two cookies count as
    /// separated by `; `: a request in which the value of one cookie contains another cookie may be smaller.
    ///
    /// It is not proven if a smaller one is beyond a [`Bound`](super::Bound).
    pub is_smallest: bool,
}

impl Difference {
    /// The difference between the decisions for a request with this cookie; `None` if they are the same.
    pub(crate) fn with_cookie(cookie: &str, sample: Sample, before: &Selector, after: &Selector) -> Option<Self> {
        let lines = vec![Line { name: header::COOKIE, value: cookie.as_bytes().to_vec() }];
        let request = Request { lines, sample };
        let decided = |selector: &Selector| NamedDecision::new(selector, selector.select(&request, sample));
        let (before, after) = (decided(before), decided(after));
        (!before.is_same(&after)).then_some(Difference { request, before, after, is_smallest: false })
    }
}

/// A decision, and the name of its variant.
///
/// With `serde` the decision is written beside the name.
///
/// ```
/// use canary_policy::compare::{self, Comparison};
/// use canary_policy::{Canary, Policy, Total, Variant};
///
/// let policy = |names: [&str; 2]| -> Result<Policy, Box<dyn std::error::Error>> {
///     Ok(Policy::new([Canary::new(names[0], 100)?, Canary::new(names[1], 0)?], Total::default())?)
/// };
/// let comparison = compare::policies(&policy(["blue", "green"])?, &policy(["green", "blue"])?);
/// let Comparison::Differs(difference) = comparison else { unreachable!() };
/// assert_eq!((difference.before.name.as_str(), difference.after.name.as_str()), ("blue", "green"));
/// assert_eq!(difference.before.decision.variant, difference.after.decision.variant);
/// assert!(!difference.before.is_same(&difference.after));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NamedDecision {
    /// `stable`, or the name of the canary.
    pub name: String,
    /// The decision. The index of its variant is that of the policy that decided.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub decision: Decision,
}

impl NamedDecision {
    pub(super) fn new(selector: &Selector, decision: Decision) -> Self {
        // A decision names a variant of its policy.
        NamedDecision { name: selector.name(decision.variant).unwrap_or_default().to_owned(), decision }
    }

    /// Whether two decisions are the same, although the variant may have another index.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let Decision { variant: _, reason, set_cookie } = &self.decision;
        let Decision { variant: _, reason: other_reason, set_cookie: other_set_cookie } = &other.decision;
        self.name == other.name && reason == other_reason && set_cookie == other_set_cookie
    }

    fn reason(&self) -> &'static str {
        self.decision.reason.as_str()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { request, before, after, is_smallest: _ } = self;
        let reasons = (before.reason(), after.reason());
        write!(f, "{request} goes ")?;
        match (before.name == after.name, reasons.0 == reasons.1) {
            (false, true) => write!(f, "from {} to {}, by {}", before.name, after.name, reasons.0),
            (false, false) => {
                write!(f, "to {} by {} before and to {} by {} after", before.name, reasons.0, after.name, reasons.1)
            }
            (true, false) => write!(f, "to {} by {} before and by {} after", before.name, reasons.0, reasons.1),
            (true, true) => write!(f, "to {} by {}, with another Set-Cookie", before.name, reasons.0),
        }
    }
}
