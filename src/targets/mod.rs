//! **How**: the same policy for something that routes, and people's manifests read back.
//!
//! A converter is a plain function named for what it returns. What the policy says and the target cannot is a [`Loss`],
//! never silence.
//!
#![doc = include_str!("matrix.md")]
//!
//! *exact*: there is no loss. *exact\**: the same, but for odd requests, a header on several lines or two cookies of one name,
//! say; the design has them in a table. *approximate*: a loss says what was written instead. *impossible*: it is left out, with
//! a loss. ingress-nginx takes one header rule of one kind.

mod backend;
mod difference;
pub mod envoy;
mod found;
pub mod gateway;
pub mod gloo;
mod host;
pub mod istio;
mod lines;
pub mod linkerd;
mod loss;
pub mod nginx;
mod object;
mod parent;
mod path;
mod re2;
mod reading;
mod regex;
pub mod replicas;
mod route;
mod seen;
mod table;

use std::fmt;

pub use backend::{Backend, Port, PortName};
pub use host::Host;
pub use loss::{Loss, Part, Proportion};
pub use object::{Metadata, Object, Unread};
pub use parent::Parent;
pub use path::{Path, PathType};
pub use reading::{Finding, Reading};
pub use route::Route;

/// What was written, and what could not be said.
///
/// ```
/// use canary_policy::targets::nginx::{annotations, Prefix};
/// use canary_policy::{Canary, Policy, Total};
///
/// let two = Policy::new([Canary::new("blue", 10)?, Canary::new("green", 20)?], Total::default())?;
/// let conversion = annotations(&two, &Prefix::default());
/// assert_eq!(conversion.losses.len(), 1);
/// assert!(conversion.exact().is_err());
///
/// assert!(annotations(&Policy::percent(30)?, &Prefix::default()).exact().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct Conversion<T> {
    /// What the target is to be given.
    pub output: T,
    /// What the policy says and the output does not, in the order of the policy's fields.
    pub losses: Vec<Loss>,
}

impl<T> Conversion<T> {
    /// The output, if it says the whole policy.
    ///
    /// # Errors
    ///
    /// The losses.
    pub fn exact(self) -> Result<T, Lossy> {
        if self.losses.is_empty() { Ok(self.output) } else { Err(Lossy { losses: self.losses }) }
    }
}

/// A conversion that is not exact.
///
/// ```
/// use canary_policy::targets::nginx::{annotations, Prefix};
/// use canary_policy::{Affinity, KeyAffinity, Policy};
///
/// let policy = Policy::percent(30)?.with_affinity(Affinity::Key(KeyAffinity::header("x-user-id")?));
/// let lossy = annotations(&policy, &Prefix::default()).exact().unwrap_err();
/// assert_eq!(lossy.to_string(), lossy.losses[0].to_string());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Lossy {
    /// One or more, in the order of the policy's fields.
    pub losses: Vec<Loss>,
}

impl std::error::Error for Lossy {}

impl fmt::Display for Lossy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.losses.iter().map(Loss::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}
