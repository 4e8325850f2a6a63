//! Explanations: every step of a decision, for logs and tests.

use std::fmt;

use super::{Reason, Sample};
use crate::error::Excerpt;
use crate::policy::{Interval, Variant};

/// A decision with every step that led to it, in order of precedence. The last step decided.
///
/// The variant and the reason are those of [`Selector::select`](crate::Selector::select) for the same request and
/// sample. `Display` writes one line for each step.
///
/// ```
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Sample, Selector, Total};
///
/// let canary = Canary::new("canary", 30)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let selector = Selector::new(&Policy::new([canary], Total::default())?);
/// let explanation = selector.explain(&[("X-Canary", "yes")], Sample::from_fraction(12, 100)?);
/// assert_eq!(
///     explanation.to_string(),
///     "header x-canary is `yes`, not always or never: it does not decide
/// the weights are 0..30 canaries[0], 30..100 stable, and the sample is 12: canaries[0]",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Explanation {
    /// The variant that answers the request.
    pub variant: Variant,
    /// The part of the policy that decided.
    pub reason: Reason,
    /// The steps, at least one.
    pub steps: Vec<Step>,
}

/// One step of an [`Explanation`].
///
/// ```
/// use canary_policy::select::Step;
/// use canary_policy::{Policy, Sample, Selector};
///
/// let explanation = Selector::new(&Policy::percent(30)?).explain(&(), Sample::MIN);
/// assert!(matches!(explanation.steps[0], Step::Weights { point: 0, .. }));
/// # Ok::<(), canary_policy::InvalidPolicy>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Step {
    /// The affinity cookie, a header rule or a cookie rule was compared with the request.
    Match {
        /// The reason of the decision if this step decides: affinity, header or cookie.
        reason: Reason,
        /// The name of the header or cookie.
        name: String,
        /// The value in the request; `None` if the request does not have this header or cookie.
        value: Option<Excerpt>,
        /// The values that decide, in words.
        expected: String,
        /// The variant, if this step decided.
        decided: Option<Variant>,
    },
    /// The weights were compared with the sample. This step always decides.
    Weights {
        /// The sample that was compared with the weights.
        sample: Sample,
        /// Whether the sample comes from the policy's affinity key instead of from the caller.
        keyed: bool,
        /// The point of the total that the sample falls on, counted from 0.
        point: u32,
        /// The intervals of the total that belong to the variants, in ascending order and without empty ones.
        intervals: Vec<Interval>,
        /// The variant whose interval contains the point.
        decided: Variant,
    },
}

impl Step {
    /// The step that compared a header or cookie with what is expected of it.
    pub(super) fn matched(
        reason: Reason,
        name: &str,
        value: Option<&[u8]>,
        expected: String,
        decided: Option<Variant>,
    ) -> Self {
        let value = value.map(|value| Excerpt::of(&String::from_utf8_lossy(value)));
        Step::Match { reason, name: name.to_owned(), value, expected, decided }
    }

    /// The variant, if this step decided.
    #[must_use]
    pub const fn decided(&self) -> Option<Variant> {
        match self {
            Step::Match { decided, .. } => *decided,
            Step::Weights { decided, .. } => Some(*decided),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Match { reason, name, value, expected, decided } => {
                let kind = if *reason == Reason::Affinity { "affinity cookie" } else { reason.as_str() };
                match (value, decided) {
                    (None, _) => write!(f, "{kind} {name} is absent: it does not decide"),
                    (Some(value), None) => write!(f, "{kind} {name} is `{value}`, not {expected}: it does not decide"),
                    (Some(value), Some(variant)) => write!(f, "{kind} {name} is `{value}`: {variant}"),
                }
            }
            Step::Weights { sample: _, keyed, point, intervals, decided } => {
                let intervals: Vec<String> = intervals.iter().map(Interval::to_string).collect();
                let sample = if *keyed { "the key's sample" } else { "the sample" };
                write!(f, "the weights are {}, and {sample} is {point}: {decided}", intervals.join(", "))
            }
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<String> = self.steps.iter().map(Step::to_string).collect();
        f.write_str(&steps.join("\n"))
    }
}
