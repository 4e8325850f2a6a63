//! The answer for one class of hosts and paths.

use std::fmt;

use crate::compare::{Bound, Difference};
use crate::error::{Diagnostic, Excerpt, Severity};
use crate::route::Backend;
use crate::select::Reason;

/// Whether requests of one class are answered alike; [`verify`](super::verify) has an example.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Answer {
    /// It is proven that every request goes to the same backend, for the same reason and with the same cookie to set.
    Same,
    /// A request is answered differently.
    Differs(LocationDifference),
    /// No difference was found, but not everything was searched.
    Undecided(Bound),
    /// The rules of the virtual hosts after the move were not read as those of a policy, so they were not compared. A finding of
    /// the reading says why.
    Unread,
}

/// How requests are answered differently.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum LocationDifference {
    /// The backend of stable is another one, or no location matches on one of the sides.
    Stable {
        /// The backend before, with its namespace; `None` if no location matches.
        before: Option<Backend>,
        /// The backend after.
        after: Option<Backend>,
    },
    /// A request that the policies decide differently. A location without a policy sends every request to stable.
    Policy(Difference),
    /// A request with an affinity cookie of the former router, whose token only one of the sides honours, or both for different
    /// variants. No other difference was found.
    FormerToken(Difference),
}

impl Diagnostic for Answer {
    fn code(&self) -> &'static str {
        match self {
            Answer::Same => "same",
            Answer::Differs(_) => "different",
            Answer::Undecided(bound) => bound.code(),
            Answer::Unread => "not-compared",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Answer::Same => Severity::Note,
            Answer::Undecided(_) | Answer::Unread => Severity::Warning,
            Answer::Differs(_) => Severity::Error,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Same => f.write_str("every request is answered alike"),
            Answer::Differs(difference) => difference.fmt(f),
            Answer::Undecided(bound) => write!(f, "no difference was found, but {bound}"),
            Answer::Unread => {
                f.write_str("not compared, because its rules after the move were not read as those of a policy")
            }
        }
    }
}

impl fmt::Display for LocationDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |backend: &Option<Backend>| match backend {
            Some(backend) => format!("stable is `{}`", Excerpt::of(&backend.to_string())),
            None => "no location matches".to_owned(),
        };
        match self {
            LocationDifference::Stable { before, after } => {
                write!(f, "{} before, and {} after", place(before), place(after))
            }
            LocationDifference::Policy(difference) => difference.fmt(f),
            LocationDifference::FormerToken(difference) if difference.after.decision.reason == Reason::Affinity => {
                write!(f, "clients that hold a cookie of the former router are pinned in another way: {difference}")
            }
            LocationDifference::FormerToken(difference) => {
                write!(f, "clients that hold a cookie of the former router are assigned anew: {difference}")
            }
        }
    }
}
