//! Locations: one path of a virtual host, with the backend that answers or the policy that chooses between several.

use super::{Backend, Path, check_canaries};
use crate::error::{ConversionError, InvalidFormerTokens};
use crate::policy::{FormerTokens, Policy, Variant};

/// One path of a [`VirtualHost`](super::VirtualHost): its stable backend and, if requests are split there, a policy and the
/// backends of its canaries.
///
/// ```
/// use canary_policy::route::{Location, Path};
/// use canary_policy::{Policy, Variant};
///
/// let orders = Location::new(Path::prefix("/orders")?, "orders:80".parse()?);
/// assert_eq!(orders.policy(), None);
///
/// let shop = Location::new(Path::prefix("/")?, "shop:80".parse()?);
/// let shop = shop.with_policy(Policy::percent(30)?, ["shop-canary:80".parse()?])?;
/// assert_eq!(shop.backend(Variant::Canary(0)).unwrap().service(), "shop-canary");
///
/// assert_eq!(
///     orders.with_policy(Policy::percent(30)?, []).unwrap_err().to_string(),
///     "backends: 0 canary backends are given, but the policy has 1 canary",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "LocationFields", try_from = "LocationFields"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "LocationFields"))]
pub struct Location {
    path: Path,
    stable: Backend,
    policy: Option<Policy>,
    canaries: Vec<Backend>,
    former_tokens: Option<FormerTokens>,
}

impl Location {
    /// A location whose requests all go to one backend.
    #[must_use]
    pub const fn new(path: Path, stable: Backend) -> Self {
        Location { path, stable, policy: None, canaries: Vec::new(), former_tokens: None }
    }

    /// The same location with this policy, and without former tokens. The backends are those of the policy's canaries, in the same
    /// order.
    ///
    /// # Errors
    ///
    /// The policy has more or fewer canaries than there are backends.
    pub fn with_policy(
        self,
        policy: Policy,
        canaries: impl IntoIterator<Item = Backend>,
    ) -> Result<Self, ConversionError> {
        let canaries: Vec<Backend> = canaries.into_iter().collect();
        check_canaries(&policy, &canaries)?;
        Ok(Location { policy: Some(policy), canaries, former_tokens: None, ..self })
    }

    /// The same location, whose objects honour the tokens in the affinity cookies of the former router, and set the cookie of the
    /// policy.
    ///
    /// # Errors
    ///
    /// The location has no policy with an affinity cookie, or the cookie pins another number of variants.
    ///
    /// ```
    /// use canary_policy::policy::FormerTokens;
    /// use canary_policy::route::{Location, Path};
    /// use canary_policy::targets::nginx::token;
    /// use canary_policy::{Affinity, CookieAffinity, Policy};
    ///
    /// let policy = Policy::percent(30)?.with_affinity(Affinity::Cookie(CookieAffinity::new("route")?));
    /// let shop = Location::new(Path::prefix("/")?, "shop:80".parse()?).with_policy(policy, ["next:80".parse()?])?;
    /// let tokens = FormerTokens::new(token("shop", "shop", "80"), [token("shop", "next", "80")])?;
    /// assert_eq!(shop.clone().with_former_tokens(tokens.clone())?.former_tokens(), Some(&tokens));
    ///
    /// let of_stable = FormerTokens::new(token("shop", "shop", "80"), [])?;
    /// assert_eq!(
    ///     shop.with_former_tokens(of_stable).unwrap_err().to_string(),
    ///     "formerTokens: 1 token is given, but the affinity cookie pins 2 variants",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_former_tokens(self, former_tokens: FormerTokens) -> Result<Self, InvalidFormerTokens> {
        former_tokens.check(self.policy.as_ref().ok_or(InvalidFormerTokens::NoCookie)?)?;
        Ok(Location { former_tokens: Some(former_tokens), ..self })
    }

    /// The same location without former tokens: clients with a cookie of the former router are assigned anew.
    #[must_use]
    pub fn without_former_tokens(self) -> Self {
        Location { former_tokens: None, ..self }
    }

    /// The path.
    #[must_use]
    pub const fn path(&self) -> &Path {
        &self.path
    }

    /// The backend of stable, to which all requests go if there is no policy.
    #[must_use]
    pub const fn stable(&self) -> &Backend {
        &self.stable
    }

    /// The policy, if requests are split.
    #[must_use]
    pub const fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// The backends of the canaries, in the order of the policy's canaries; none without a policy.
    #[must_use]
    pub fn canaries(&self) -> &[Backend] {
        &self.canaries
    }

    /// The tokens in the affinity cookies of the former router, if they are honoured.
    #[must_use]
    pub const fn former_tokens(&self) -> Option<&FormerTokens> {
        self.former_tokens.as_ref()
    }

    /// The backend of a variant; `None` if the policy has no such canary.
    #[must_use]
    pub fn backend(&self, variant: Variant) -> Option<&Backend> {
        match variant {
            Variant::Stable => Some(&self.stable),
            Variant::Canary(index) => self.canaries.get(index),
        }
    }
}

/// The serialised form of a [`Location`].
#[cfg(feature = "serde")]
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LocationFields {
    path: String,
    path_type: super::PathType,
    stable: Backend,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<crate::policy::Spec>"))]
    policy: Option<Policy>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    canaries: Vec<Backend>,
    /// The tokens in the affinity cookies of the former router.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former_tokens: Option<FormerTokens>,
}

#[cfg(feature = "serde")]
impl From<Location> for LocationFields {
    fn from(location: Location) -> Self {
        let Location { path, stable, policy, canaries, former_tokens } = location;
        let (path, path_type) = (path.as_str().to_owned(), path.path_type());
        LocationFields { path, path_type, stable, policy, canaries, former_tokens }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<LocationFields> for Location {
    type Error = ConversionError;

    fn try_from(fields: LocationFields) -> Result<Self, ConversionError> {
        let LocationFields { path, path_type, stable, policy, canaries, former_tokens } = fields;
        let path =
            Path::new(&path, path_type).map_err(|invalid| ConversionError::Invalid { field: "path", invalid })?;
        let location = Location::new(path, stable);
        let location = match policy {
            Some(policy) => location.with_policy(policy, canaries)?,
            None if canaries.is_empty() => location,
            None => return Err(ConversionError::Missing { field: "policy", why: "canaries get requests by a policy" }),
        };
        match former_tokens {
            Some(former_tokens) => Ok(location.with_former_tokens(former_tokens)?),
            None => Ok(location),
        }
    }
}
