//! Header and cookie rules, compiled.

use http::{HeaderName, header};
use regex::bytes::Regex;

use super::{Reason, Request, Step, cookies};
use crate::error::Excerpt;
use crate::policy::{CookieRule, HeaderRule, Match, Variant};

/// A rule on the header or cookie of that name, and the canary it belongs to.
#[derive(Debug)]
pub(super) struct Rule<N> {
    pub(super) name: N,
    test: Test,
    canary: usize,
}

#[derive(Debug)]
enum Test {
    AlwaysNever,
    Exact(Box<[u8]>),
    /// `None` cannot be: a `Pattern` compiled once with the same limits. It would find nothing.
    Pattern(Option<Box<Regex>>),
}

impl Test {
    fn new(matches: &Match) -> Self {
        match matches {
            Match::AlwaysNever => Test::AlwaysNever,
            Match::Exact(value) => Test::Exact(value.as_bytes().into()),
            Match::Pattern(pattern) => Test::Pattern(pattern.compile().ok().map(Box::new)),
        }
    }

    /// What decides, in words.
    fn wants(&self) -> String {
        match self {
            Test::AlwaysNever => "always or never".to_owned(),
            Test::Exact(value) => format!("`{}`", Excerpt::of(&String::from_utf8_lossy(value))),
            Test::Pattern(pattern) => {
                format!("with `{}` in it", Excerpt::of(pattern.as_ref().map_or("", |pattern| pattern.as_str())))
            }
        }
    }

    #[inline]
    fn decide(&self, value: &[u8], canary: usize) -> Option<Variant> {
        let canary = Variant::Canary(canary);
        match self {
            Test::AlwaysNever => match value {
                b"always" => Some(canary),
                b"never" => Some(Variant::Stable),
                _ => None,
            },
            Test::Exact(wanted) => (value == &**wanted).then_some(canary),
            Test::Pattern(pattern) => pattern.as_ref()?.is_match(value).then_some(canary),
        }
    }
}

impl Rule<HeaderName> {
    pub(super) fn header(rule: &HeaderRule, canary: usize) -> Self {
        let HeaderRule { name, matches } = rule;
        Rule { name: name.clone(), test: Test::new(matches), canary }
    }

    /// The variant, if this rule decides.
    #[inline]
    pub(super) fn decide<R: Request + ?Sized>(&self, request: &R) -> Option<Variant> {
        let mut lines = request.header(&self.name);
        let first = lines.next()?;
        if lines.next().is_some() { self.decide_joined(request) } else { self.test.decide(first, self.canary) }
    }

    #[cold]
    fn decide_joined<R: Request + ?Sized>(&self, request: &R) -> Option<Variant> {
        match &self.test {
            // Joined lines have a comma or a semicolon in them, which neither word has.
            Test::AlwaysNever => None,
            Test::Exact(wanted) => is_joined(wanted, request.header(&self.name), separator(&self.name))
                .then_some(Variant::Canary(self.canary)),
            test @ Test::Pattern(_) => {
                let lines: Vec<&[u8]> = request.header(&self.name).collect();
                test.decide(&lines.join(separator(&self.name)), self.canary)
            }
        }
    }

    /// The rule as a step of an explanation.
    pub(super) fn step<R: Request + ?Sized>(&self, request: &R) -> Step {
        let lines: Vec<&[u8]> = request.header(&self.name).collect();
        let saw = (!lines.is_empty()).then(|| lines.join(separator(&self.name)));
        Step::rule(Reason::Header, self.name.as_str(), saw.as_deref(), self.test.wants(), self.decide(request))
    }
}

impl Rule<Box<str>> {
    pub(super) fn cookie(rule: &CookieRule, canary: usize) -> Self {
        let CookieRule { name, matches } = rule;
        Rule { name: name.as_str().into(), test: Test::new(matches), canary }
    }

    /// The variant, if this rule decides.
    #[inline]
    pub(super) fn decide<R: Request + ?Sized>(&self, request: &R) -> Option<Variant> {
        let value = cookies::first(request, &self.name)?;
        self.test.decide(value, self.canary)
    }

    /// The rule as a step of an explanation.
    pub(super) fn step<R: Request + ?Sized>(&self, request: &R) -> Step {
        let saw = cookies::first(request, &self.name);
        Step::rule(Reason::Cookie, &self.name, saw, self.test.wants(), self.decide(request))
    }
}

/// What stands between the lines of a header when they are one value.
pub(super) fn separator(name: &HeaderName) -> &'static [u8] {
    if *name == header::COOKIE { b"; " } else { b", " }
}

/// Whether these lines, joined, are that value.
fn is_joined<'r>(value: &[u8], mut lines: impl Iterator<Item = &'r [u8]>, separator: &[u8]) -> bool {
    let rest = lines.next().and_then(|first| value.strip_prefix(first));
    let rest = lines.try_fold(rest, |rest, line| {
        let rest = rest?.strip_prefix(separator)?.strip_prefix(line)?;
        Some(Some(rest))
    });
    rest.flatten().is_some_and(<[u8]>::is_empty)
}
