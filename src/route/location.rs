//! Locations: one path of a virtual host, with the backend that answers or the policy that chooses between several.

use super::{Backend, Path};
use crate::error::ConversionError;
use crate::policy::{Policy, Variant};

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
///     "backends: the route has 0 canary backends, but the policy has 1 canary",
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
}

impl Location {
    /// A location whose requests all go to one backend.
    #[must_use]
    pub const fn new(path: Path, stable: Backend) -> Self {
        Location { path, stable, policy: None, canaries: Vec::new() }
    }

    /// The same location with this policy. The backends are those of the policy's canaries, in the same order.
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
        let (of_policy, of_route) = (policy.canaries().len(), canaries.len());
        if of_policy != of_route {
            return Err(ConversionError::Canaries { policy: of_policy, route: of_route });
        }
        Ok(Location { policy: Some(policy), canaries, ..self })
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
}

#[cfg(feature = "serde")]
impl From<Location> for LocationFields {
    fn from(location: Location) -> Self {
        let Location { path, stable, policy, canaries } = location;
        LocationFields { path: path.as_str().to_owned(), path_type: path.path_type(), stable, policy, canaries }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<LocationFields> for Location {
    type Error = ConversionError;

    fn try_from(fields: LocationFields) -> Result<Self, ConversionError> {
        let LocationFields { path, path_type, stable, policy, canaries } = fields;
        let path =
            Path::new(&path, path_type).map_err(|invalid| ConversionError::Invalid { field: "path", invalid })?;
        let location = Location::new(path, stable);
        match policy {
            Some(policy) => location.with_policy(policy, canaries),
            None if canaries.is_empty() => Ok(location),
            None => Err(ConversionError::Missing { field: "policy", why: "canaries get requests by a policy" }),
        }
    }
}
