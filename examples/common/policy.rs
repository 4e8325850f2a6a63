//! The policy from flags or from a file.

use canary_policy::policy::{AffinitySpec, CanarySpec, CookieAffinitySpec, RuleSpec};
use canary_policy::{Policy, Spec};

use crate::files::{documents, parsed, read};

/// The policy: flags for one canary, or a file for all that a policy can say.
#[derive(clap::Args)]
pub(crate) struct PolicyFlags {
    /// The canary's share: parts of 100, or of a total [default: 0].
    #[arg(long, value_name = "W[/TOTAL]", conflicts_with = "policy", allow_hyphen_values = true)]
    weight: Option<String>,
    /// A header that decides: `always` and `never`, a value, or a pattern.
    #[arg(long, value_name = "NAME[=VALUE|~PATTERN]", conflicts_with = "policy")]
    header: Option<String>,
    /// A cookie that decides, in the same three ways.
    #[arg(long, value_name = "NAME[=VALUE|~PATTERN]", conflicts_with = "policy")]
    cookie: Option<String>,
    /// A cookie that keeps a client on its variant.
    #[arg(long, value_name = "NAME", conflicts_with = "policy")]
    affinity_cookie: Option<String>,
    /// A whole policy, in YAML or JSON; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    policy: Option<String>,
}

impl PolicyFlags {
    /// Whether there is any.
    #[allow(dead_code, reason = "only one of the examples has a policy from elsewhere")]
    pub(crate) fn are_given(&self) -> bool {
        let PolicyFlags { weight, header, cookie, affinity_cookie, policy } = self;
        [weight, header, cookie, affinity_cookie, policy].into_iter().any(Option::is_some)
    }

    pub(crate) fn read(&self) -> Result<Policy, String> {
        match &self.policy {
            Some(file) => policy(&read(file)?).map_err(|why| format!("{file}: {why}")),
            None => Policy::try_from(self.spec()?).map_err(|error| error.to_string()),
        }
    }

    fn spec(&self) -> Result<Spec, String> {
        let (weight, total) = self.weight.as_deref().map_or(Ok((None, None)), |text| {
            let (weight, total) = text.split_once('/').map_or((text, None), |(weight, total)| (weight, Some(total)));
            let parsed = (weight.parse().ok(), total.map(|total| total.parse().ok()));
            match parsed {
                (Some(weight), None) => Ok((Some(weight), None)),
                (Some(weight), Some(Some(total))) => Ok((Some(weight), Some(total))),
                _ => Err(format!("--weight: `{text}` is not W or W/TOTAL, whole numbers up to 4294967295")),
            }
        })?;
        let canary = CanarySpec {
            name: None,
            weight,
            header: self.header.as_deref().map(rule),
            cookie: self.cookie.as_deref().map(rule),
        };
        let affinity = self.affinity_cookie.clone().map(|name| AffinitySpec {
            cookie: Some(CookieAffinitySpec { name, ..CookieAffinitySpec::default() }),
            key: None,
        });
        Ok(Spec { total, canaries: vec![canary], affinity })
    }
}

/// The one policy of a file.
fn policy(text: &str) -> Result<Policy, String> {
    let mut documents = documents(text)?;
    let count = documents.len();
    match documents.pop() {
        Some(document) if count == 1 => Policy::try_from(parsed::<Spec>(document)?).map_err(|error| error.to_string()),
        _ => Err(format!("{count} documents: a policy is one")),
    }
}

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
