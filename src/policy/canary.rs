//! A canary, a version under trial: its name, its weight and its rules.

use std::fmt;

use super::{CookieRule, HeaderRule};
use crate::error::{Excerpt, Invalid};
use crate::names::{is_dns_label, text};

/// The name of a canary: a DNS label (RFC 1123) other than `stable`. The default is `canary`.
///
/// ```
/// use canary_policy::policy::CanaryName;
///
/// assert_eq!(CanaryName::new("v2")?.as_str(), "v2");
/// assert_eq!(CanaryName::default().to_string(), "canary");
/// assert_eq!(
///     CanaryName::new("V2").unwrap_err().to_string(),
///     "`V2` is not a canary's name: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
/// );
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanaryName(String);

impl CanaryName {
    /// A name.
    ///
    /// # Errors
    ///
    /// The text is not a DNS label, or it is `stable`.
    pub fn new(name: &str) -> Result<Self, Invalid> {
        match name {
            "stable" => Err(Invalid::NameStable),
            _ if is_dns_label(name) => Ok(CanaryName(name.to_owned())),
            _ => Err(Invalid::CanaryName(Excerpt::of(name))),
        }
    }
}

impl Default for CanaryName {
    fn default() -> Self {
        CanaryName("canary".to_owned())
    }
}

text!(CanaryName, Invalid);

/// A version under trial. The default is named `canary`, has weight 0 and no rules.
///
/// ```
/// use canary_policy::{Canary, CookieRule, HeaderRule, Match};
///
/// let canary = Canary::new("v2", 30)?
///     .with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?)
///     .with_cookie(CookieRule::new("cohort", Match::Exact("beta".to_owned()))?);
/// assert_eq!(canary.weight(), 30);
/// assert_eq!(canary.to_string(), "v2: 30, x-canary, cohort = beta");
/// assert!(Canary::new("stable", 30).is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Canary {
    pub(crate) name: CanaryName,
    pub(crate) weight: u32,
    pub(crate) position: Option<u32>,
    pub(crate) header: Option<HeaderRule>,
    pub(crate) cookie: Option<CookieRule>,
}

impl Canary {
    /// A canary without rules. The weight is in parts of the policy's total.
    ///
    /// # Errors
    ///
    /// The name is not a DNS label, or it is `stable`.
    pub fn new(name: &str, weight: u32) -> Result<Self, Invalid> {
        Ok(Canary { name: CanaryName::new(name)?, weight, position: None, header: None, cookie: None })
    }

    /// The same canary with this weight, in parts of the policy's total.
    #[must_use]
    pub fn with_weight(self, weight: u32) -> Self {
        Canary { weight, ..self }
    }

    /// The same canary with an interval of the policy's total that begins at this point, counted from 0.
    ///
    /// Without positions, the places of the canaries in the list decide who is chosen by weight: if one is removed, others
    /// move. A canary with a position has the points from the position on, as many as its weight, whatever the other canaries
    /// are. Either all canaries of a policy have a position or none has. A position changes no share, so it counts only
    /// where a client has a sample of its own, as with a [`KeyAffinity`](crate::KeyAffinity).
    ///
    /// ```
    /// use canary_policy::{Canary, Policy, Total};
    ///
    /// let a = Canary::new("a", 10)?.with_position(0);
    /// let b = Canary::new("b", 20)?.with_position(40);
    /// assert_eq!(Policy::new([a.clone(), b], Total::default())?.intervals()[2].to_string(), "40..60 canaries[1]");
    ///
    /// let b = Canary::new("b", 20)?.with_position(5);
    /// assert_eq!(
    ///     Policy::new([a, b], Total::default()).unwrap_err().to_string(),
    ///     "canaries[1].position: the interval 5..25 overlaps with the interval 0..10 of `a`",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_position(self, point: u32) -> Self {
        Canary { position: Some(point), ..self }
    }

    /// The same canary with this header rule.
    #[must_use]
    pub fn with_header(self, rule: HeaderRule) -> Self {
        Canary { header: Some(rule), ..self }
    }

    /// The same canary with this cookie rule.
    #[must_use]
    pub fn with_cookie(self, rule: CookieRule) -> Self {
        Canary { cookie: Some(rule), ..self }
    }

    /// The name, which is unique within a policy.
    #[must_use]
    pub const fn name(&self) -> &CanaryName {
        &self.name
    }

    /// The weight, in parts of the policy's total.
    #[must_use]
    pub const fn weight(&self) -> u32 {
        self.weight
    }

    /// The point of the policy's total at which the interval of the canary begins, if it is given.
    #[must_use]
    pub const fn position(&self) -> Option<u32> {
        self.position
    }

    /// The header rule, if there is one.
    #[must_use]
    pub const fn header(&self) -> Option<&HeaderRule> {
        self.header.as_ref()
    }

    /// The cookie rule, if there is one.
    #[must_use]
    pub const fn cookie(&self) -> Option<&CookieRule> {
        self.cookie.as_ref()
    }
}

/// The canary in short, as in `green: 20 from 40, x-canary, cohort = beta`.
impl fmt::Display for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Canary { name, weight, position, header, cookie } = self;
        write!(f, "{name}: {weight}")?;
        if let Some(position) = position {
            write!(f, " from {position}")?;
        }
        if let Some(rule) = header {
            write!(f, ", {rule}")?;
        }
        if let Some(rule) = cookie {
            write!(f, ", {rule}")?;
        }
        Ok(())
    }
}
