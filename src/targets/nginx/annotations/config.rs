//! The struct that the annotation parser of ingress-nginx's controller fills.

use std::borrow::Cow;

use crate::error::NotEnabled;
use crate::targets::nginx::{Combination, Dialect};

/// The annotations of a canary as the controller holds them (controller 1.15.1, `canary.Config` of
/// `internal/ingress/annotations/canary/main.go`).
///
/// If an annotation is absent, or if the parser refuses its value, the field has its default. The values need not fit
/// together: the weight, for example, may be negative or more than the total. The struct is exhaustive: it has the fields
/// of the controller's struct and no others.
///
/// ```
/// use canary_policy::targets::nginx::Config;
///
/// let Config { enabled, weight, weight_total, header, header_value, header_pattern, cookie } = Config::default();
/// assert_eq!((enabled, weight, weight_total), (false, 0, 100));
/// assert!([header, header_value, header_pattern, cookie].iter().all(String::is_empty));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// `canary`, by default false.
    pub enabled: bool,
    /// `canary-weight`, any 64-bit integer, by default 0.
    pub weight: i64,
    /// `canary-weight-total`, any 64-bit integer, by default 100.
    pub weight_total: i64,
    /// `canary-by-header`, by default empty.
    pub header: String,
    /// `canary-by-header-value`, by default empty.
    pub header_value: String,
    /// `canary-by-header-pattern`, by default empty. The controller compiles the pattern only when a request needs it.
    pub header_pattern: String,
    /// `canary-by-cookie`, by default empty.
    pub cookie: String,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            enabled: false,
            weight: 0,
            weight_total: 100,
            header: String::new(),
            header_value: String::new(),
            header_pattern: String::new(),
            cookie: String::new(),
        }
    }
}

impl Config {
    /// The total that ingress-nginx uses: `weight_total`, but at least 100 (`rootfs/etc/nginx/lua/balancer.lua`).
    #[must_use]
    pub const fn effective_total(&self) -> i64 {
        Dialect::INGRESS_NGINX.total.effective(self.weight_total)
    }

    /// The configuration without what a controller ignores that combines rules and weights in this way.
    pub(in crate::targets::nginx) fn combined(&self, combination: Combination) -> Cow<'_, Self> {
        let Config { enabled: _, weight: _, weight_total: _, header, header_value, header_pattern, cookie } = self;
        let is_header_set = [header, header_value, header_pattern].into_iter().any(|text| !text.is_empty());
        match combination {
            Combination::OneAlone if is_header_set => {
                Cow::Owned(Config { cookie: String::new(), weight: 0, ..self.clone() })
            }
            Combination::OneAlone if !cookie.is_empty() => Cow::Owned(Config { weight: 0, ..self.clone() }),
            Combination::OneAlone | Combination::Together | Combination::Apart => Cow::Borrowed(self),
        }
    }

    /// The annotations that have an effect which is not known of the dialect.
    pub(crate) fn not_known_of(&self, dialect: &Dialect, has_cookie_value: bool) -> impl Iterator<Item = &'static str> {
        let Config { enabled: _, weight, weight_total, header, header_value, header_pattern, cookie } = self;
        let is_plain = header_value.is_empty() && header_pattern.is_empty();
        let has_rule = !header.is_empty() || !cookie.is_empty();
        let effects = [
            ("canary-by-header", !header.is_empty() && is_plain),
            ("canary-by-header-value", !header.is_empty() && !header_value.is_empty()),
            ("canary-by-header-pattern", !header.is_empty() && header_value.is_empty() && !header_pattern.is_empty()),
            ("canary-by-cookie", !cookie.is_empty() && !has_cookie_value),
            ("canary-weight-total", *weight > 0 && *weight_total != 100),
        ];
        let known = dialect.not_known;
        let of_rules = effects.into_iter().filter(move |(name, has_effect)| *has_effect && known.contains(name));
        let is_apart = dialect.combination == Combination::Apart && has_rule && *weight > 0;
        of_rules.map(|(name, _)| name).chain(is_apart.then_some("canary-weight"))
    }

    /// Whether the canary has a weight or a rule.
    pub(in crate::targets::nginx) fn can_get_requests(&self) -> bool {
        let Config { enabled: _, weight, weight_total: _, header, header_value: _, header_pattern: _, cookie } = self;
        *weight > 0 || !header.is_empty() || !cookie.is_empty()
    }

    /// Returns the values unchanged, or the only error of the controller's parser: the canary is not enabled, but has a rule
    /// or a weight above 0. A total alone causes no error.
    pub(super) fn checked(self) -> Result<Self, NotEnabled> {
        let Config { enabled, weight, weight_total: _, header, header_value, header_pattern, cookie } = &self;
        let has_rule = [header, header_value, header_pattern, cookie].iter().any(|text| !text.is_empty());
        if !enabled && (*weight > 0 || has_rule) { Err(NotEnabled) } else { Ok(self) }
    }
}
