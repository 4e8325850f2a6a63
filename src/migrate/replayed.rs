//! The answer for one request.

use std::fmt;

use crate::error::Excerpt;
use crate::route::Backend;
use crate::select::Reason;

/// Whether a request is answered as before; [`Replay`](super::Replay) has an example.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "answer", rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Replayed {
    /// The request goes to the same backend, for the same reason and with the same cookie to set, or nothing answers on both sides.
    Same,
    /// The request is answered differently.
    Differs {
        /// Where it went before; `None` if no location matched.
        before: Option<Box<Destination>>,
        /// Where it goes after the move.
        after: Option<Box<Destination>>,
    },
    /// The rules that decide the request after the move are not those of a policy.
    Unread,
    /// Proxies disagree about the path of the request, as about `//a`.
    AmbiguousPath,
    /// The request repeats a header or a cookie that a policy looks at, and proxies disagree about which of them counts.
    Repeated,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Destination {
    /// The backend with its namespace, if it is known.
    pub backend: Backend,
    /// The part of the policy that decided. A location without a policy decides as one whose weights are 0.
    pub reason: Reason,
    /// The value of the `Set-Cookie` header that the response gets.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub set_cookie: Option<String>,
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |destination: &Option<Box<Destination>>| match destination {
            Some(destination) => destination.to_string(),
            None => "nowhere, because no location matches,".to_owned(),
        };
        match self {
            Replayed::Same => f.write_str("answered alike"),
            Replayed::Differs { before, after } => {
                write!(f, "goes to {} before, and to {} after", place(before), place(after))
            }
            Replayed::Repeated => f.write_str(
                "not compared, because proxies disagree about a header or cookie that it has more than once",
            ),
            Replayed::AmbiguousPath => f.write_str("not compared, because proxies disagree about this path"),
            Replayed::Unread => {
                f.write_str("not compared, because the rules for it after the move were not read as those of a policy")
            }
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Destination { backend, reason, set_cookie } = self;
        write!(f, "`{}` by {reason}", Excerpt::of(&backend.to_string()))?;
        match set_cookie {
            Some(cookie) => write!(f, " with the cookie `{}`", Excerpt::of(cookie)),
            None => Ok(()),
        }
    }
}
