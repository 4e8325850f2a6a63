//! Header rules and cookie rules, compiled.

use http::{HeaderName, header};
use regex::bytes::Regex;

use super::cookies::RuleValue;
use super::name_set::NameBit;
use super::{HeaderLines, Reason, Step, cookies};
use crate::error::Excerpt;
use crate::policy::{CookieRule, HeaderRule, Match, Variant};

/// A rule on a header (`N` is a `HeaderName`) or a cookie (`N` is a text), and the canary that has the rule.
#[derive(Debug)]
pub(super) struct CompiledRule<N> {
    pub(super) name: N,
    pub(super) bit: NameBit,
    value_match: CompiledMatch,
    /// A policy has at most `Policy::MAX_CANARIES` canaries.
    canary: u16,
}

/// The test on a value.
#[derive(Debug)]
enum CompiledMatch {
    AlwaysNever,
    Exact(Box<[u8]>),
    /// Never `None`: `Pattern::new` has compiled the pattern with the same limits.
    Pattern(Option<Box<Regex>>),
}

impl CompiledMatch {
    /// The test of a rule, in a policy with this number of patterns.
    fn new(value_match: &Match, patterns: usize) -> Self {
        match value_match {
            Match::AlwaysNever => CompiledMatch::AlwaysNever,
            Match::Exact(value) => CompiledMatch::Exact(value.as_bytes().into()),
            Match::Pattern(pattern) => CompiledMatch::Pattern(pattern.compile(patterns).ok().map(Box::new)),
        }
    }

    /// The values that decide, in words that can follow "not", such as `always or never`.
    fn expected(&self) -> String {
        match self {
            CompiledMatch::AlwaysNever => "always or never".to_owned(),
            CompiledMatch::Exact(value) => format!("`{}`", Excerpt::of(&String::from_utf8_lossy(value))),
            CompiledMatch::Pattern(pattern) => {
                format!("a match for `{}`", Excerpt::of(pattern.as_ref().map_or("", |pattern| pattern.as_str())))
            }
        }
    }

    /// The variant that a value decides for, in a rule of this canary.
    #[inline]
    fn decide(&self, value: &[u8], canary: u16) -> Option<Variant> {
        let canary = Variant::Canary(canary.into());
        match self {
            CompiledMatch::AlwaysNever => match value {
                b"always" => Some(canary),
                b"never" => Some(Variant::Stable),
                _ => None,
            },
            CompiledMatch::Exact(exact) => (value == &**exact).then_some(canary),
            CompiledMatch::Pattern(pattern) => pattern.as_ref()?.is_match(value).then_some(canary),
        }
    }

    /// The variant that the value of a cookie decides for, in a rule of this canary.
    #[inline]
    fn decide_cookie(&self, value: RuleValue<'_>, canary: u16) -> Option<Variant> {
        let is_met = match self {
            CompiledMatch::AlwaysNever if value.is(b"never") => return Some(Variant::Stable),
            CompiledMatch::AlwaysNever => value.is(b"always"),
            CompiledMatch::Exact(exact) => value.is(exact),
            CompiledMatch::Pattern(_) => return self.decide(value.value(), canary),
        };
        is_met.then(|| Variant::Canary(canary.into()))
    }
}

impl CompiledRule<HeaderName> {
    pub(super) fn header(rule: &HeaderRule, canary: u16, patterns: usize) -> Self {
        let HeaderRule { name, value_match } = rule;
        let bit = NameBit::of(name.as_str().as_bytes());
        CompiledRule { name: name.clone(), bit, value_match: CompiledMatch::new(value_match, patterns), canary }
    }

    /// The variant that this rule decides for, if it decides. If the header has several lines, its value is the lines joined, but
    /// only a pattern needs them joined in memory.
    #[inline]
    pub(super) fn decide<R: HeaderLines + ?Sized>(&self, request: &R) -> Option<Variant> {
        let mut lines = request.lines(&self.name);
        let first = lines.next()?;
        match &self.value_match {
            CompiledMatch::AlwaysNever => {
                let decided = self.value_match.decide(first, self.canary)?;
                // A joined value contains a separator, which neither `always` nor `never` does.
                lines.next().is_none().then_some(decided)
            }
            CompiledMatch::Exact(exact) => {
                let rest = exact.strip_prefix(first)?;
                is_joined(rest, lines, separator(&self.name)).then_some(Variant::Canary(self.canary.into()))
            }
            CompiledMatch::Pattern(_) => match lines.next() {
                None => self.value_match.decide(first, self.canary),
                Some(second) => self.decide_joined([first, second].into_iter().chain(lines)),
            },
        }
    }

    /// The variant that this rule decides for if the header has these lines, which are several.
    #[cold]
    #[inline(never)]
    fn decide_joined<'r>(&self, lines: impl Iterator<Item = &'r [u8]>) -> Option<Variant> {
        let lines: Vec<&[u8]> = lines.collect();
        self.value_match.decide(&lines.join(separator(&self.name)), self.canary)
    }

    /// The rule as a step of an explanation.
    pub(super) fn step<R: HeaderLines + ?Sized>(&self, request: &R) -> Step {
        let lines: Vec<&[u8]> = request.lines(&self.name).collect();
        let value = (!lines.is_empty()).then(|| lines.join(separator(&self.name)));
        let (name, expected) = (self.name.as_str(), self.value_match.expected());
        Step::matched(Reason::Header, name, value.as_deref(), expected, self.decide(request))
    }
}

impl CompiledRule<Box<str>> {
    pub(super) fn cookie(rule: &CookieRule, canary: u16, patterns: usize) -> Self {
        let CookieRule { name, value_match } = rule;
        let bit = NameBit::of(name.as_str().as_bytes());
        CompiledRule { name: name.as_str().into(), bit, value_match: CompiledMatch::new(value_match, patterns), canary }
    }

    /// The variant that this rule decides for, if it decides.
    #[inline]
    pub(super) fn decide<R: HeaderLines + ?Sized>(&self, request: &R) -> Option<Variant> {
        self.value_match.decide_cookie(cookies::first(request, &self.name)?, self.canary)
    }

    /// The rule as a step of an explanation.
    pub(super) fn step<R: HeaderLines + ?Sized>(&self, request: &R) -> Step {
        let value = cookies::first(request, &self.name).map(RuleValue::value);
        Step::matched(Reason::Cookie, &self.name, value, self.value_match.expected(), self.decide(request))
    }
}

/// The text between the lines of a header when they are joined to one value.
pub(super) fn separator(name: &HeaderName) -> &'static [u8] {
    if *name == header::COOKIE { b"; " } else { b", " }
}

/// Whether what follows the first line in a value are these lines, each after a separator. The lines `a` and `b` are `a, b`.
#[inline]
fn is_joined<'r>(after_first: &[u8], lines: impl Iterator<Item = &'r [u8]>, separator: &[u8]) -> bool {
    let mut rest = after_first;
    for line in lines {
        match rest.strip_prefix(separator).and_then(|rest| rest.strip_prefix(line)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}
