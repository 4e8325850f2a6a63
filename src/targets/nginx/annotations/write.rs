//! Writes a policy as annotations.

use super::parse::request_header;
use super::{Annotations, chars, key};
use crate::error::Excerpt;
use crate::policy::{
    Affinity, AffinityPrecedence, AffinityScope, Canary, CookieAffinity, CookieRule, HeaderRule, Match, Parts, Policy,
    Total,
};
use crate::targets::nginx::Prefix;
use crate::targets::{Conversion, Loss, Part};

const BASIC: &str = "ingress-nginx accepts only letters, digits, spaces and -._~/:";
const PATTERN: &str = r"ingress-nginx accepts only letters, digits and -._~/:^$[](){}*+?|&=\";
const URL: &str = "ingress-nginx accepts only letters, digits, spaces and -._~/:,?&=";
const HEADER_NAME: &str = "nginx drops request headers whose names have other characters than letters, digits and -";

/// The annotations of the canary Ingress and of the stable Ingress. ingress-nginx has one canary, so every canary after the first
/// one is a loss.
///
/// ingress-nginx counts every total below 100 as 100. So such a total is written as a multiple that is 100 or more, and the
/// weight is multiplied by the same number. If the validators of ingress-nginx refuse a part of a rule, the whole rule is
/// left out, since ingress-nginx would read the rest of it as a rule on `always` and `never`. Source: controller 1.15.1,
/// `internal/ingress/annotations/canary/main.go` and `internal/ingress/annotations/parser/validators.go`.
///
/// ```
/// use canary_policy::targets::nginx::{annotations, Prefix};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Total};
///
/// let header = HeaderRule::new("x-region", Match::Exact("eu-west-1".to_owned()))?;
/// let policy = Policy::new([Canary::new("canary", 3)?.with_header(header)], Total::new(7)?)?;
/// let written = annotations(&policy, &Prefix::default()).exact()?;
/// assert_eq!(written.canary["nginx.ingress.kubernetes.io/canary-weight"], "45");
/// assert_eq!(written.canary["nginx.ingress.kubernetes.io/canary-weight-total"], "105");
///
/// let header = HeaderRule::new("x-region", Match::Exact("a,b".to_owned()))?;
/// let policy = Policy::new([Canary::new("canary", 5)?.with_header(header)], Total::default())?;
/// assert_eq!(
///     annotations(&policy, &Prefix::default()).losses[0].to_string(),
///     "canaries[0].header: `x-region = a,b` is refused, so it is left out: \
///      ingress-nginx accepts only letters, digits, spaces and -._~/:",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn annotations(policy: &Policy, prefix: &Prefix) -> Conversion<Annotations> {
    let Parts { canaries, total, affinity } = policy.parts();
    let mut writer = Writer { prefix, output: Annotations::default(), losses: Vec::new() };
    for (index, canary) in canaries.iter().enumerate() {
        match index {
            0 => writer.canary(canary, *total),
            _ => writer.left_out(Part::Canary(index), &canary.to_string(), "ingress-nginx has one canary per path"),
        }
    }
    match affinity {
        Affinity::None => {}
        Affinity::Cookie(cookie) => writer.cookie_affinity(cookie),
        Affinity::Key(_) => {
            let why = "ingress-nginx chooses the variant of each request anew, whoever sends it";
            writer.left_out(Part::Affinity, &affinity.to_string(), why);
        }
    }
    Conversion { output: writer.output, losses: writer.losses }
}

/// Collects annotations and losses.
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

    fn left_out(&mut self, part: Part, value: &str, why: &'static str) {
        self.losses.push(Loss::LeftOut { part, value: Excerpt::of(value), why });
    }

    fn refused(&mut self, part: Part, value: &str, bound: &'static str) {
        self.losses.push(Loss::Refused { part, value: Excerpt::of(value), bound });
    }

    fn canary(&mut self, canary: &Canary, total: Total) {
        // The controller draws at random, so a position has no effect.
        let Canary { name, weight, position: _, header, cookie } = canary;
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

    /// Writes the weight, and the total unless it is 100. A total below 100 is multiplied by the smallest number that makes
    /// it 100 or more, and the weight by the same number: 3 of 10 becomes 30 of 100, and 3 of 7 becomes 45 of 105.
    fn weight(&mut self, weight: u32, total: u32) {
        let factor = 100_u32.div_ceil(total);
        self.on_canary(key::WEIGHT, (u64::from(weight) * u64::from(factor)).to_string());
        let total = u64::from(total) * u64::from(factor);
        if total != 100 {
            self.on_canary(key::WEIGHT_TOTAL, total.to_string());
        }
    }

    fn header(&mut self, rule: &HeaderRule) {
        let HeaderRule { name, value_match } = rule;
        let (part, text) = (Part::Header(0), rule.to_string());
        if request_header(name.as_str()).as_deref() != Some(name.as_str()) {
            return self.refused(part, &text, HEADER_NAME);
        }
        match value_match {
            Match::AlwaysNever => {}
            Match::Exact(value) if value.is_empty() => {
                return self.left_out(part, &text, "ingress-nginx reads an empty value as no value");
            }
            Match::Exact(value) if !value.bytes().all(chars::basic) => return self.refused(part, &text, BASIC),
            Match::Exact(value) => self.on_canary(key::HEADER_VALUE, value),
            Match::Pattern(pattern) if !pattern.as_str().bytes().all(chars::pattern) => {
                return self.refused(part, &text, PATTERN);
            }
            Match::Pattern(pattern) => self.on_canary(key::HEADER_PATTERN, pattern.as_str()),
        }
        self.on_canary(key::HEADER, name.as_str());
    }

    fn cookie(&mut self, rule: &CookieRule) {
        let CookieRule { name, value_match } = rule;
        let (part, text) = (Part::Cookie(0), rule.to_string());
        match value_match {
            Match::AlwaysNever if name.as_str().bytes().all(chars::basic) => {
                self.on_canary(key::COOKIE, name.as_str());
            }
            Match::AlwaysNever => self.refused(part, &text, BASIC),
            Match::Exact(_) | Match::Pattern(_) => {
                self.left_out(part, &text, "ingress-nginx reads only always and never in a cookie");
            }
        }
    }

    fn cookie_affinity(&mut self, affinity: &CookieAffinity) {
        let CookieAffinity { name, precedence, scope, revision, max_age, path, domain, same_site, secure } = affinity;
        if !name.as_str().bytes().all(chars::basic) {
            return self.refused(Part::Affinity, name.as_str(), BASIC);
        }
        self.on_stable(key::AFFINITY, "cookie");
        self.on_stable(key::SESSION_NAME, name.as_str());
        if *precedence == AffinityPrecedence::AfterRules {
            self.losses.push(Loss::Changed {
                part: Part::AffinityPrecedence,
                requested: Excerpt::of("afterRules"),
                written: Excerpt::of("beforeRules"),
                why: "in ingress-nginx the affinity cookie beats every rule",
            });
        }
        if *scope == AffinityScope::StableOnly {
            self.on_canary(key::AFFINITY_BEHAVIOR, "legacy");
        }
        if let Some(revision) = revision {
            let why = "an affinity cookie of ingress-nginx names a backend and has no revision";
            self.left_out(Part::AffinityRevision, revision, why);
        }
        if let Some(seconds) = max_age {
            self.on_stable(key::SESSION_MAX_AGE, seconds.to_string());
        }
        match path {
            Some(path) if path.bytes().all(chars::url) && path.trim() == path => {
                self.on_stable(key::SESSION_PATH, path);
            }
            Some(path) => self.refused(Part::AffinityPath, path, URL),
            None => {}
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
}
