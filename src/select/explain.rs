//! Why a request goes where it goes.

use std::fmt;
use std::ops::Range;

use super::{Reason, Sample};
use crate::error::Excerpt;
use crate::policy::Variant;

/// Everything a decision looked at, in order of precedence; the last step decided.
///
/// The outcome is that of [`Selector::select`](crate::Selector::select) for the same request and sample. `Display` reads like
/// a sentence a step.
///
/// ```
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Sample, Selector, Total};
///
/// let canary = Canary::new("canary", 30)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let selector = Selector::new(&Policy::new([canary], Total::default())?);
/// let explanation = selector.explain(&[("X-Canary", "yes")], Sample::from_fraction(12, 100)?);
/// assert_eq!(
///     explanation.to_string(),
///     "header x-canary is `yes`, not always or never: the next step is taken
/// the weights are 0..30 canaries[0], 30..100 stable, and the sample is 12: canaries[0]",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Explanation {
    /// The version that answers.
    pub variant: Variant,
    /// What decided.
    pub reason: Reason,
    /// What was looked at, one or more.
    pub steps: Vec<Step>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// The affinity cookie, or a rule.
    Rule {
        /// Which of the three.
        reason: Reason,
        /// The cookie's or header's name.
        name: String,
        /// Its value, if the request has it.
        saw: Option<Excerpt>,
        /// What decides there, in words.
        wants: String,
        /// What it decided, if it did.
        decided: Option<Variant>,
    },
    /// The weights, which decide in the end.
    Weights {
        /// The sample they were held against.
        sample: Sample,
        /// Whether the sample came from the policy's key, not from the caller.
        keyed: bool,
        /// The part of the total it fell on, counted from 0.
        point: u32,
        /// Who has which parts of the total, in ascending order, without empty ones.
        intervals: Vec<(Range<u32>, Variant)>,
        /// What they decided.
        decided: Variant,
    },
}

impl Step {
    pub(super) fn rule(
        reason: Reason,
        name: &str,
        saw: Option<&[u8]>,
        wants: String,
        decided: Option<Variant>,
    ) -> Self {
        let saw = saw.map(|value| Excerpt::of(&String::from_utf8_lossy(value)));
        Step::Rule { reason, name: name.to_owned(), saw, wants, decided }
    }

    /// The outcome, if this step decided.
    #[must_use]
    pub fn outcome(&self) -> Option<(Variant, Reason)> {
        match self {
            Step::Rule { reason, decided, .. } => decided.map(|variant| (variant, *reason)),
            Step::Weights { decided, .. } => Some((*decided, Reason::Weight)),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Rule { reason, name, saw, wants, decided } => {
                let kind = if *reason == Reason::Affinity { "affinity cookie" } else { reason.as_str() };
                match (saw, decided) {
                    (None, _) => write!(f, "{kind} {name} is absent: the next step is taken"),
                    (Some(saw), None) => write!(f, "{kind} {name} is `{saw}`, not {wants}: the next step is taken"),
                    (Some(saw), Some(variant)) => write!(f, "{kind} {name} is `{saw}`: {variant}"),
                }
            }
            Step::Weights { sample: _, keyed, point, intervals, decided } => {
                let intervals =
                    intervals.iter().map(|(parts, variant)| format!("{}..{} {variant}", parts.start, parts.end));
                let intervals = intervals.collect::<Vec<_>>().join(", ");
                let whose = if *keyed { "the key's sample" } else { "the sample" };
                write!(f, "the weights are {intervals}, and {whose} is {point}: {decided}")
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
