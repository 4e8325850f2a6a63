//! Header and cookie rules, compiled.

use std::borrow::Cow;

use http::{HeaderName, header};
use regex::bytes::Regex;

use super::{Request, cookies};
use crate::policy::{CookieRule, HeaderRule, Match, Variant};

/// A rule on the header or cookie of that name, and the canary it belongs to.
#[derive(Debug)]
pub(super) struct Rule<N> {
    pub(super) name: N,
    test: Test,
    canary: Variant,
}

#[derive(Debug)]
enum Test {
    AlwaysNever,
    Exact(Box<[u8]>),
    /// `None` cannot be: a `Pattern` compiled once with the same limits. It would find nothing.
    Pattern(Option<Regex>),
}

impl Test {
    fn new(matches: &Match) -> Self {
        match matches {
            Match::AlwaysNever => Test::AlwaysNever,
            Match::Exact(value) => Test::Exact(value.as_bytes().into()),
            Match::Pattern(pattern) => Test::Pattern(pattern.compile().ok()),
        }
    }

    fn decide(&self, value: &[u8], canary: Variant) -> Option<Variant> {
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
        Rule { name: name.clone(), test: Test::new(matches), canary: Variant::Canary(canary) }
    }

    /// The variant, if this rule decides.
    pub(super) fn decide<R: Request + ?Sized>(&self, request: &R) -> Option<Variant> {
        self.test.decide(&header_value(request, &self.name)?, self.canary)
    }
}

impl Rule<Box<str>> {
    pub(super) fn cookie(rule: &CookieRule, canary: usize) -> Self {
        let CookieRule { name, matches } = rule;
        Rule { name: name.as_str().into(), test: Test::new(matches), canary: Variant::Canary(canary) }
    }

    /// The variant, if this rule decides.
    pub(super) fn decide<R: Request + ?Sized>(&self, request: &R) -> Option<Variant> {
        let value = cookies::first(request.header(&header::COOKIE), self.name.as_bytes())?;
        self.test.decide(value, self.canary)
    }
}

/// The value of a header, if the request has it; several lines are joined, which is the one thing that allocates.
pub(super) fn header_value<'r, R: Request + ?Sized>(request: &'r R, name: &HeaderName) -> Option<Cow<'r, [u8]>> {
    let mut lines = request.header(name);
    let first = lines.next()?;
    let Some(second) = lines.next() else { return Some(Cow::Borrowed(first)) };

    let separator: &[u8] = if *name == header::COOKIE { b"; " } else { b", " };
    let mut joined = first.to_vec();
    for line in std::iter::once(second).chain(lines) {
        joined.extend_from_slice(separator);
        joined.extend_from_slice(line);
    }
    Some(Cow::Owned(joined))
}
