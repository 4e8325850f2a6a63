//! The losses of a virtual host: each names its location.

use std::borrow::Cow;
use std::fmt;

use super::loss::wildcard_hosts;
use super::{Conversion, Loss};
use crate::error::{ConversionError, Diagnostic, Excerpt, Severity};
use crate::route::{Front, Group, Path};

/// A loss of a virtual host, and the location whose policy has it.
///
/// With `serde` it is written as `{"host": …, "location": "Prefix /cart", "loss": …}`.
///
/// ```
/// use canary_policy::error::Diagnostic;
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::targets::gloo;
/// use canary_policy::{Affinity, KeyAffinity, Policy};
///
/// let keyed = Policy::percent(30)?.with_affinity(Affinity::Key(KeyAffinity::header("x-user-id")?));
/// let cart = Location::new(Path::prefix("/cart")?, "cart:80".parse()?).with_policy(keyed, ["next:80".parse()?])?;
/// let host = VirtualHost::new("shop", [cart])?;
/// let loss = &gloo::virtual_service_of_host(&host)?.losses[0];
/// assert_eq!(loss.location, Some(Path::prefix("/cart")?));
/// assert_eq!(loss.field().as_deref(), Some("locations[Prefix /cart].affinity"));
/// assert!(loss.to_string().starts_with("shop Prefix /cart: affinity: `key header x-user-id` is left out: "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LocationLoss {
    /// The virtual host, as `NAMESPACE/NAME`, or as `NAME` if it has no namespace.
    pub host: String,
    /// The path of the location; `None` if the loss belongs to the whole virtual host, as that of one of its hosts does.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text"))]
    pub location: Option<Path>,
    /// The loss.
    pub loss: Loss,
}

/// The type and the text of a path, as `Display` writes them.
#[cfg(feature = "serde")]
#[allow(clippy::ref_option, reason = "serde passes the field by reference")]
fn as_text<S: serde::Serializer>(path: &Option<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    match path {
        None => serializer.serialize_none(),
        Some(path) => serializer.collect_str(path),
    }
}

impl Diagnostic for LocationLoss {
    fn code(&self) -> &'static str {
        self.loss.code()
    }

    fn severity(&self) -> Severity {
        self.loss.severity()
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        let part = self.loss.part();
        Some(Cow::Owned(match &self.location {
            None => part.to_string(),
            Some(path) => format!("locations[{path}].{part}"),
        }))
    }

    fn object(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.host))
    }
}

impl fmt::Display for LocationLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LocationLoss { host, location, loss } = self;
        match location {
            None => write!(f, "{host}: {loss}"),
            Some(path) => write!(f, "{host} {path}: {loss}"),
        }
    }
}

impl LocationLoss {
    /// The losses of a group, once for each of its paths.
    pub(super) fn of_group(front: Front<'_>, group: &Group<'_>, losses: &[Loss]) -> Vec<Self> {
        let at = |path: &Path| {
            let (host, path) = (front.full_name(), path.clone());
            losses.iter().map(move |loss| LocationLoss {
                host: host.clone(),
                location: Some(path.clone()),
                loss: loss.clone(),
            })
        };
        group.paths.iter().flat_map(|path| at(path)).collect()
    }

    /// The losses of the hosts that begin with `*`.
    pub(super) fn of_hosts(front: Front<'_>) -> impl Iterator<Item = Self> {
        let loss = move |loss| LocationLoss { host: front.full_name(), location: None, loss };
        wildcard_hosts(front.hosts).map(loss)
    }
}

/// Converts each group of a virtual host. The losses and errors of a group name its locations.
pub(super) fn each_group<'g, T>(
    front: Front<'_>,
    groups: &'g [Group<'g>],
    mut convert: impl FnMut(&'g Group<'g>) -> Result<Conversion<T>, ConversionError>,
) -> Result<Conversion<Vec<T>, LocationLoss>, ConversionError> {
    let mut conversion = Conversion { output: Vec::new(), losses: Vec::new() };
    for group in groups {
        let Conversion { output, losses } = convert(group).map_err(|error| at_group(front, group, error))?;
        conversion.output.push(output);
        conversion.losses.extend(LocationLoss::of_group(front, group, &losses));
    }
    Ok(conversion)
}

/// An error of a group, which names the first of its locations.
fn at_group(front: Front<'_>, group: &Group<'_>, error: ConversionError) -> ConversionError {
    match group.paths.first() {
        None => error,
        Some(path) => at_location(front, path, error),
    }
}

/// An error of a location.
pub(super) fn at_location(front: Front<'_>, path: &Path, error: ConversionError) -> ConversionError {
    let (host, location) = (Excerpt::whole(&front.full_name()), Excerpt::whole(&path.to_string()));
    ConversionError::Location { host, location, error: Box::new(error) }
}

/// An error of a whole virtual host, for a function that converts several of them.
pub(super) fn at_host(front: Front<'_>, error: ConversionError) -> ConversionError {
    match error {
        ConversionError::Location { .. } => error,
        error => ConversionError::VirtualHost { host: Excerpt::whole(&front.full_name()), error: Box::new(error) },
    }
}
