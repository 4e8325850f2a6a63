//! Dialects: controllers that read the annotations of ingress-nginx under a prefix of their own or with another meaning, as data.

mod aspect;
mod rows;
mod rules;

use std::fmt;
use std::str::FromStr;

pub use aspect::Aspect;
pub use rules::{
    AffinityRule, Attachment, BoolRule, Combination, CookieReading, PatternRule, TotalRule, ValueRule, Words,
};

use crate::error::{Excerpt, InvalidParams};

/// How a controller reads the annotations of canaries: ingress-nginx, or another one that reads the same annotations under a prefix
/// of its own or with another meaning.
///
/// A dialect is data, and every field says what the controller does. What is not known of a controller is as in ingress-nginx; an
/// annotation whose meaning is [not known](Self::not_known) is a finding wherever it is read.
///
/// ```
/// use std::collections::BTreeMap;
/// use canary_policy::Match;
/// use canary_policy::targets::nginx::{Annotations, Dialect, Flags, read};
///
/// let annotations = |value: &str| BTreeMap::from([
///     ("higress.io/canary".to_owned(), value.to_owned()),
///     ("higress.io/canary-by-header".to_owned(), "x-canary".to_owned()),
///     ("higress.io/canary-weight".to_owned(), "30".to_owned()),
/// ]);
/// let higress = Flags::default().with_dialect("higress".parse()?);
/// let reading = read(&Annotations::new(annotations("true"), BTreeMap::new()), &higress)?;
/// // Higress does not know `never`, and ignores the weight beside a rule.
/// let canary = &reading.policy.canaries()[0];
/// assert_eq!(canary.header().unwrap().value_match(), &Match::Exact("always".to_owned()));
/// assert_eq!(canary.weight(), 0);
/// assert_eq!(reading.findings[0].to_string(), "canary-weight: `30` is ignored, because canary-by-header is set");
///
/// assert!(read(&Annotations::new(annotations("false"), BTreeMap::new()), &higress).is_err());
/// assert_eq!(
///     "nginx".parse::<Dialect>().unwrap_err().to_string(),
///     "`nginx` is no dialect: expected ingress-nginx, traefik, higress, tengine, alb, apig",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "a field for each rule")]
pub struct Dialect {
    /// The name of the controller, as [`FromStr`] reads it.
    pub name: &'static str,
    /// What the row follows, with its version.
    pub source: &'static str,
    /// The prefix of the annotations.
    pub prefix: &'static str,
    /// A prefix whose annotations count too, if the same annotation does not have [`Self::prefix`].
    pub further_prefix: Option<&'static str>,
    /// Whether a value with a character that the validators of ingress-nginx refuse is dropped; if not, every character is
    /// accepted.
    pub checks_values: bool,
    /// Annotations that are true or false.
    pub bools: BoolRule,
    /// Totals below 100.
    pub total: TotalRule,
    /// The values that decide in a header rule without a value and a pattern, and in a cookie rule without a value.
    pub words: Words,
    /// `canary-by-header-value`.
    pub header_value: ValueRule,
    /// `canary-by-header-pattern`.
    pub header_pattern: PatternRule,
    /// Whether a pattern is matched by PCRE, which tries one way after the other, and gives up after ten million steps.
    pub backtracks: bool,
    /// `canary-by-cookie-value`; `None` if the controller does not know it.
    pub cookie_value: Option<ValueRule>,
    /// How the cookie of a cookie rule is found.
    pub cookie_reading: CookieReading,
    /// Rules and weights on one Ingress.
    pub combination: Combination,
    /// The affinity cookie.
    pub affinity: AffinityRule,
    /// What a canary belongs to.
    pub attachment: Attachment,
    /// Whether all canaries of a stable Service get requests; if not, only the first one does.
    pub several_canaries: bool,
    /// Whether a canary may be in another namespace than the stable Ingress.
    pub other_namespaces: bool,
    /// Whether a path of a canary without a stable location deletes the canary everywhere.
    pub deletes_unmatched: bool,
    /// Whether a canary without endpoints is ignored, so that the next one takes its place. In ingress-nginx, every request then
    /// goes to the stable Service.
    pub skips_without_endpoints: bool,
    /// Whether the path whose rule is the longest text decides, and not the longest path. A rule on a short path can then decide
    /// before a longer path does, and it is not fixed which of several Ingresses with one path answers.
    pub longest_rule_decides: bool,
    /// Annotations that the controller reads, and that no policy can express.
    pub outside_policy: &'static [&'static str],
    /// Annotations of which it is not known what the controller does with them. They are read as in ingress-nginx.
    pub not_known: &'static [&'static str],
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect::INGRESS_NGINX
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl FromStr for Dialect {
    type Err = InvalidParams;

    fn from_str(text: &str) -> Result<Self, InvalidParams> {
        let found = Dialect::ALL.into_iter().find(|dialect| dialect.name == text);
        found.ok_or_else(|| InvalidParams::Unknown {
            what: "dialect",
            value: Excerpt::of(text),
            expected: Dialect::ALL.map(|dialect| dialect.name).to_vec(),
        })
    }
}
