//! The flags for a policy: a few parts of a policy with one canary, or a file with a whole policy.

use canary_policy::error::Excerpt;
use canary_policy::policy::{AffinitySpec, CanarySpec, CookieAffinitySpec, RuleSpec};
use canary_policy::{Policy, Spec};

use crate::files::{name, read};
use crate::spec;

/// The flags for a policy.
#[derive(clap::Args)]
pub(crate) struct PolicyFlags {
    /// The weight of the canary, in parts of 100 or of TOTAL [default: 0].
    #[arg(long, value_name = "W[/TOTAL]", conflicts_with = "policy", allow_hyphen_values = true)]
    weight: Option<String>,
    /// A header rule: the header has the value `always` or `never`, or VALUE, or a value that contains PATTERN.
    #[arg(long, value_name = "NAME[=VALUE|~PATTERN]", conflicts_with = "policy")]
    header: Option<String>,
    /// A cookie rule, with the same three forms.
    #[arg(long, value_name = "NAME[=VALUE|~PATTERN]", conflicts_with = "policy")]
    cookie: Option<String>,
    /// The name of an affinity cookie, with which clients keep their variant.
    #[arg(long, value_name = "NAME", conflicts_with = "policy")]
    affinity_cookie: Option<String>,
    /// A file with a whole policy in YAML or JSON, alone or in the spec of an object; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    policy: Option<String>,
}

impl PolicyFlags {
    /// Whether one of the flags is given.
    #[allow(dead_code, reason = "only the example `render` has policies from elsewhere")]
    pub(crate) fn are_given(&self) -> bool {
        let PolicyFlags { weight, header, cookie, affinity_cookie, policy } = self;
        [weight, header, cookie, affinity_cookie, policy].into_iter().any(Option::is_some)
    }

    /// The policy of the flags or of the file.
    pub(crate) fn read(&self) -> Result<Policy, String> {
        match &self.policy {
            Some(file) => spec::policy(&read(file)?).map_err(|why| format!("{}: {why}", name(file))),
            None => Policy::try_from(self.spec()?).map_err(|error| error.to_string()),
        }
    }

    fn spec(&self) -> Result<Spec, String> {
        let Weight { weight, total } = match &self.weight {
            None => Weight { weight: None, total: None },
            Some(text) => Weight::parse(text)?,
        };
        let canary = CanarySpec {
            weight,
            header: self.header.as_deref().map(rule),
            cookie: self.cookie.as_deref().map(rule),
            ..CanarySpec::default()
        };
        let affinity = self.affinity_cookie.clone().map(|name| AffinitySpec {
            cookie: Some(CookieAffinitySpec { name, ..CookieAffinitySpec::default() }),
            key: None,
        });
        Ok(Spec { total, canaries: vec![canary], affinity, ..Spec::default() })
    }
}

/// A weight and its total, if they are given.
struct Weight {
    weight: Option<i64>,
    total: Option<i64>,
}

impl Weight {
    fn parse(text: &str) -> Result<Self, String> {
        let expected = "expected W or W/TOTAL, whole numbers up to 4294967295";
        let wrong = || format!("--weight: `{}` is not a weight: {expected}", Excerpt::of(text));
        let number = |part: &str| part.parse().map_err(|_| wrong());
        match text.split_once('/') {
            None => Ok(Weight { weight: Some(number(text)?), total: None }),
            Some((weight, total)) => Ok(Weight { weight: Some(number(weight)?), total: Some(number(total)?) }),
        }
    }
}

/// The rule `NAME`, `NAME=VALUE` or `NAME~PATTERN`.
fn rule(text: &str) -> RuleSpec {
    let (name, value, pattern) = match text.find(['=', '~']).map(|at| text.split_at(at)) {
        None => (text, None, None),
        Some((name, value)) => match value.strip_prefix('=') {
            Some(value) => (name, Some(value), None),
            None => (name, None, value.strip_prefix('~')),
        },
    };
    RuleSpec { name: name.to_owned(), value: value.map(str::to_owned), pattern: pattern.map(str::to_owned) }
}
