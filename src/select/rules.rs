//! Header rules and cookie rules, compiled.

use http::{HeaderName, header};
use regex::bytes::Regex;

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
}

impl CompiledRule<HeaderName> {
    pub(super) fn header(rule: &HeaderRule, canary: u16, patterns: usize) -> Self {
        let HeaderRule { name, value_match } = rule;
        let bit = NameBit::of(name.as_str().as_bytes());
        CompiledRule { name: name.clone(), bit, value_match: CompiledMatch::new(value_match, patterns), canary }
    }

    /// The variant that this rule decides for, if it decides.
    #[inline]
    pub(super) fn decide<R: HeaderLines + ?Sized>(&self, request: &R) -> Option<Variant> {
        let mut lines = request.lines(&self.name);
        let first = lines.next()?;
        if lines.next().is_some() { self.decide_joined(request) } else { self.value_match.decide(first, self.canary) }
    }

    /// The variant that this rule decides for if the header has several lines. Its value is the lines joined, but only
    /// a pattern needs them joined in memory.
    #[cold]
    fn decide_joined<R: HeaderLines + ?Sized>(&self, request: &R) -> Option<Variant> {
        let separator = separator(&self.name);
        match &self.value_match {
            // A joined value contains a separator, which neither `always` nor `never` does.
            CompiledMatch::AlwaysNever => None,
            CompiledMatch::Exact(exact) => {
                is_joined(exact, request.lines(&self.name), separator).then_some(Variant::Canary(self.canary.into()))
            }
            pattern @ CompiledMatch::Pattern(_) => {
                let lines: Vec<&[u8]> = request.lines(&self.name).collect();
                pattern.decide(&lines.join(separator), self.canary)
            }
        }
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
        let value = cookies::first(request, &self.name)?;
        self.value_match.decide(value, self.canary)
    }

    /// The rule as a step of an explanation.
    pub(super) fn step<R: HeaderLines + ?Sized>(&self, request: &R) -> Step {
        let value = cookies::first(request, &self.name);
        Step::matched(Reason::Cookie, &self.name, value, self.value_match.expected(), self.decide(request))
    }
}

/// The text between the lines of a header when they are joined to one value.
pub(super) fn separator(name: &HeaderName) -> &'static [u8] {
    if *name == header::COOKIE { b"; " } else { b", " }
}

/// Whether these lines, joined, are equal to a value. The lines `a` and `b` are equal to `a, b`.
fn is_joined<'r>(value: &[u8], lines: impl Iterator<Item = &'r [u8]>, separator: &[u8]) -> bool {
    let mut rest = value;
    for (index, line) in lines.enumerate() {
        let before = if index == 0 { b"" } else { separator };
        match rest.strip_prefix(before).and_then(|rest| rest.strip_prefix(line)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}
