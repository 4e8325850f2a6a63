//! The policy from flags or from a file.

use canary_policy::policy::{AffinitySpec, CanarySpec, CookieAffinitySpec, RuleSpec};
use canary_policy::{Policy, Spec};

use crate::manifests::first_line;

/// The policy: flags for one canary, or a file for all that a policy can say.
#[derive(clap::Args)]
pub(crate) struct PolicyFlags {
    /// The canary's share: parts of 100, or of a total.
    #[arg(long, value_name = "W[/TOTAL]", conflicts_with = "policy")]
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
    /// A whole policy, in YAML or JSON.
    #[arg(long, value_name = "FILE")]
    policy: Option<String>,
}

impl PolicyFlags {
    pub(crate) fn read(&self) -> Result<Policy, String> {
        match &self.policy {
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
                let spec: Spec =
                    serde_saphyr::from_str(&text).map_err(|error| format!("{file}: {}", first_line(&error)))?;
                Policy::try_from(spec).map_err(|error| format!("{file}: {error}"))
            }
            None => Policy::try_from(self.spec()?).map_err(|error| error.to_string()),
        }
    }

    fn spec(&self) -> Result<Spec, String> {
        let (weight, total) = match self.weight.as_deref().map(|weight| weight.split_once('/').ok_or(weight)) {
            None => (None, None),
            Some(Err(weight)) => (Some(parts(weight)?), None),
            Some(Ok((weight, total))) => (Some(parts(weight)?), Some(parts(total)?)),
        };
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

fn parts(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("--weight: `{text}` is not a whole number, as in 30 or 3/1000"))
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
