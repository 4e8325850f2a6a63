//! The servers behind the proxy, one for each variant.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use canary_policy::{Policy, Variant};
use http::uri::Authority;

/// The name of a variant and the address of its server, as in `canary=127.0.0.1:8082`.
#[derive(Clone, Debug)]
pub struct Upstream {
    name: String,
    authority: Authority,
}

/// Why an upstream, or a set of them, is invalid.
#[derive(Debug, thiserror::Error)]
pub enum InvalidUpstream {
    /// The text is not `VARIANT=HOST:PORT`.
    #[error("`{0}` is not `VARIANT=HOST:PORT`")]
    Form(String),
    /// A variant has two upstreams.
    #[error("`{0}` has two upstreams")]
    Twice(String),
    /// A variant of the policy has no upstream.
    #[error("the variant `{0}` has no upstream")]
    Missing(String),
}

impl FromStr for Upstream {
    type Err = InvalidUpstream;

    fn from_str(text: &str) -> Result<Self, InvalidUpstream> {
        let invalid = || InvalidUpstream::Form(text.to_owned());
        let (name, address) = text.split_once('=').ok_or_else(invalid)?;
        let authority: Authority = address.parse().map_err(|_| invalid())?;
        if name.is_empty() || authority.port().is_none() {
            return Err(invalid());
        }
        Ok(Upstream { name: name.to_owned(), authority })
    }
}

/// The servers behind the proxy, by the names of their variants.
///
/// ```
/// use canary_policy::{Policy, Variant};
/// use canary_proxy::Upstreams;
///
/// let upstreams = Upstreams::new(["stable=127.0.0.1:8081".parse()?, "canary=127.0.0.1:8082".parse()?])?;
/// let policy = Policy::percent(30)?;
/// let (name, authority) = upstreams.of(&policy, Variant::Canary(0)).unwrap();
/// assert_eq!((&**name, authority.as_str()), ("canary", "127.0.0.1:8082"));
///
/// let without_canary = Upstreams::new(["stable=127.0.0.1:8081".parse()?])?;
/// assert_eq!(without_canary.check(&policy).unwrap_err().to_string(), "the variant `canary` has no upstream");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Upstreams(BTreeMap<Arc<str>, Authority>);

impl Upstreams {
    /// The servers of these variants. The name of the stable variant is `stable`.
    ///
    /// # Errors
    ///
    /// Two upstreams have the same name.
    pub fn new(upstreams: impl IntoIterator<Item = Upstream>) -> Result<Self, InvalidUpstream> {
        let mut by_name = BTreeMap::new();
        for Upstream { name, authority } in upstreams {
            if by_name.insert(Arc::from(name.as_str()), authority).is_some() {
                return Err(InvalidUpstream::Twice(name));
            }
        }
        Ok(Upstreams(by_name))
    }

    /// Checks that every variant of the policy has an upstream, so that a decision never leads nowhere.
    ///
    /// # Errors
    ///
    /// A variant has no upstream.
    pub fn check(&self, policy: &Policy) -> Result<(), InvalidUpstream> {
        let canaries = (0..policy.canaries().len()).map(Variant::Canary);
        for name in std::iter::once(Variant::Stable).chain(canaries).filter_map(|variant| policy.name(variant)) {
            if !self.0.contains_key(name) {
                return Err(InvalidUpstream::Missing(name.to_owned()));
            }
        }
        Ok(())
    }

    /// The name of a variant and the address of its server. `None` only for policies that were not [checked](Self::check).
    #[must_use]
    pub fn of(&self, policy: &Policy, variant: Variant) -> Option<(&Arc<str>, &Authority)> {
        self.0.get_key_value(policy.name(variant)?)
    }
}
