//! A policy in annotations.

use super::config::seen_name;
use super::{Annotations, Prefix, chars, key};
use crate::error::Excerpt;
use crate::policy::{
    Affinity, AffinityPrecedence, Canary, CookieAffinity, CookieRule, HeaderRule, Key, KeyAffinity, Match, Pins,
    Policy, Total,
};
use crate::targets::loss::{canary_text, rule_text};
use crate::targets::{Conversion, Loss, Part};

const BASIC: &str = "ingress-nginx takes letters, digits, spaces and -._~/: there";
const PATTERN: &str = r"ingress-nginx takes letters, digits and -._~/:^$[](){}*+?|&=\ there";

/// Writes the annotations of the canary Ingress, and those that belong on the stable one.
///
/// Totals below 100, which ingress-nginx ignores, are scaled so that the share stays exact. A rule that its validator
/// would drop is not written at all: it would fall back to always and never. Source: controller 1.15.1,
/// `internal/ingress/annotations/canary/main.go` and `parser/validators.go`.
///
/// ```
/// use canary_policy::targets::nginx::{annotations, Prefix};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Total};
///
/// let header = HeaderRule::new("x-region", Match::Exact("eu-west-1".to_owned()))?;
/// let policy = Policy::new([Canary::new("canary", 3)?.with_header(header)], Total::new(7)?)?;
/// let written = annotations(&policy, &Prefix::default()).exact().unwrap();
/// assert_eq!(written.canary["nginx.ingress.kubernetes.io/canary-weight"], "45");
/// assert_eq!(written.canary["nginx.ingress.kubernetes.io/canary-weight-total"], "105");
///
/// let header = HeaderRule::new("x-region", Match::Exact("a,b".to_owned()))?;
/// let policy = Policy::new([Canary::new("canary", 5)?.with_header(header)], Total::default())?;
/// assert_eq!(
///     annotations(&policy, &Prefix::default()).losses[0].to_string(),
///     "canaries[0].header: `x-region = a,b` is refused, so it is left out: ingress-nginx takes letters, digits, spaces and -._~/: there",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn annotations(policy: &Policy, prefix: &Prefix) -> Conversion<Annotations> {
    let Policy { canaries, total, affinity } = policy;
    let mut writer = Writer { prefix, output: Annotations::default(), losses: Vec::new() };
    for (index, canary) in canaries.iter().enumerate() {
        match index {
            0 => writer.canary(canary, *total),
            _ => writer.left_out(Part::Canary(index), canary_text(canary), "ingress-nginx has one canary per path"),
        }
    }
    match affinity {
        Affinity::None => {}
        Affinity::Cookie(cookie) => writer.cookie_affinity(cookie),
        Affinity::Key(key) => writer.key_affinity(key),
    }
    Conversion { output: writer.output, losses: writer.losses }
}

struct Writer<'p> {
    prefix: &'p Prefix,
    output: Annotations,
    losses: Vec<Loss>,
}

impl Writer<'_> {
    fn on_canary(&mut self, annotation: &str, value: impl Into<String>) {
        self.output.canary.insert(self.prefix.key(annotation), value.into());
    }

    fn on_stable(&mut self, annotation: &str, value: impl Into<String>) {
        self.output.stable.insert(self.prefix.key(annotation), value.into());
    }

    fn left_out(&mut self, part: Part, value: Excerpt, why: &'static str) {
        self.losses.push(Loss::LeftOut { part, value, why });
    }

    fn refused(&mut self, part: Part, value: Excerpt, bound: &'static str) {
        self.losses.push(Loss::Refused { part, value, bound });
    }

    fn canary(&mut self, canary: &Canary, total: Total) {
        let Canary { name, weight, header, cookie } = canary;
        self.output.name = name.clone();
        self.on_canary(key::CANARY, "true");
        self.weight(*weight, total.get());
        if let Some(rule) = header {
            self.header(rule);
        }
        if let Some(rule) = cookie {
            self.cookie(rule);
        }
    }

    /// A total up to 100 counts as 100, so a smaller one is scaled: to 100 if it divides that, else to just above it.
    fn weight(&mut self, weight: u32, total: u32) {
        let factor = match total {
            100.. => 1,
            _ if 100 % total == 0 => 100 / total,
            _ => 100 / total + 1,
        };
        self.on_canary(key::WEIGHT, (u64::from(weight) * u64::from(factor)).to_string());
        let total = u64::from(total) * u64::from(factor);
        if total != 100 {
            self.on_canary(key::WEIGHT_TOTAL, total.to_string());
        }
    }

    fn header(&mut self, rule: &HeaderRule) {
        let HeaderRule { name, matches } = rule;
        let part = Part::Header(0);
        let text = rule_text(name.as_str(), matches);
        if seen_name(name.as_str()).as_deref() != Some(name.as_str()) {
            return self.refused(part, text, "nginx drops headers whose names have more than letters, digits and -");
        }
        match matches {
            Match::AlwaysNever => {}
            Match::Exact(value) if value.is_empty() => {
                return self.left_out(part, text, "to ingress-nginx an empty value is none");
            }
            Match::Exact(value) if !value.bytes().all(chars::basic) => {
                return self.refused(part, text, BASIC);
            }
            Match::Exact(value) => self.on_canary(key::HEADER_VALUE, value),
            Match::Pattern(pattern) if !pattern.as_str().bytes().all(chars::pattern) => {
                return self.refused(part, text, PATTERN);
            }
            Match::Pattern(pattern) => self.on_canary(key::HEADER_PATTERN, pattern.as_str()),
        }
        self.on_canary(key::HEADER, name.as_str());
    }

    fn cookie(&mut self, rule: &CookieRule) {
        let CookieRule { name, matches } = rule;
        let part = Part::Cookie(0);
        let text = rule_text(name.as_str(), matches);
        match matches {
            Match::AlwaysNever if name.as_str().bytes().all(chars::basic) => {
                self.on_canary(key::COOKIE, name.as_str());
            }
            Match::AlwaysNever => self.refused(part, text, BASIC),
            Match::Exact(_) | Match::Pattern(_) => {
                self.left_out(part, text, "ingress-nginx reads only always and never in a cookie");
            }
        }
    }

    fn cookie_affinity(&mut self, affinity: &CookieAffinity) {
        let CookieAffinity { name, precedence, pins, revision, max_age, path, domain, same_site, secure } = affinity;
        if !name.as_str().bytes().all(chars::basic) {
            return self.refused(Part::Affinity, Excerpt::of(name.as_str()), BASIC);
        }
        self.on_stable(key::AFFINITY, "cookie");
        self.on_stable(key::SESSION_NAME, name.as_str());
        if *precedence == AffinityPrecedence::AfterRules {
            self.losses.push(Loss::Changed {
                part: Part::AffinityPrecedence,
                wanted: Excerpt::of("afterRules"),
                got: Excerpt::of("beforeRules"),
                why: "in ingress-nginx the affinity cookie beats every rule",
            });
        }
        if *pins == Pins::Stable {
            self.on_canary(key::AFFINITY_BEHAVIOR, "legacy");
        }
        if let Some(revision) = revision {
            let why = "an ingress-nginx cookie names its backend, without a revision";
            self.left_out(Part::AffinityRevision, Excerpt::of(revision), why);
        }
        if let Some(seconds) = max_age {
            self.on_stable(key::SESSION_MAX_AGE, seconds.to_string());
        }
        if let Some(path) = path {
            if path.bytes().all(chars::url) && path.trim() == path {
                self.on_stable(key::SESSION_PATH, path);
            } else {
                self.refused(
                    Part::AffinityPath,
                    Excerpt::of(path),
                    "ingress-nginx takes letters, digits, spaces and -._~/:,?&= there",
                );
            }
        }
        if let Some(domain) = domain {
            self.on_stable(key::SESSION_DOMAIN, domain);
        }
        if let Some(same_site) = same_site {
            self.on_stable(key::SESSION_SAME_SITE, same_site.as_str());
        }
        if *secure {
            self.on_stable(key::SESSION_SECURE, "true");
        }
    }

    fn key_affinity(&mut self, affinity: &KeyAffinity) {
        let KeyAffinity { key, salt: _ } = affinity;
        let key = match key {
            Key::Header(name) => format!("header {name}"),
            Key::Cookie(name) => format!("cookie {name}"),
        };
        let why = "ingress-nginx shares out each request anew, whoever sends it";
        self.left_out(Part::Affinity, Excerpt::of(&key), why);
    }
}
