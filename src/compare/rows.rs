//! A policy as rows: one condition on one header or cookie each, in the order in which they are tried.

use http::{HeaderName, header};

use crate::policy::{
    Affinity, AffinityPrecedence, Canary, CookieAffinity, Key, KeyAffinity, KeyHash, Match, Parts, Policy, Variant,
};
use crate::select::Reason;

/// What a row looks at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// The lines of a header, joined.
    Header(HeaderName),
    /// The first cookie of a name in any letter case; the name is in lower case.
    Cookie(String),
    /// The last cookie of exactly this name, which is an affinity cookie.
    Affinity(String),
}

impl Subject {
    pub(super) fn cookie(name: &str) -> Self {
        Subject::Cookie(name.to_ascii_lowercase())
    }

    /// Whether the subject is in the Cookie lines of a request.
    pub(super) fn is_in_cookies(&self) -> bool {
        self.header() == header::COOKIE
    }

    /// The name of the header that has the subject.
    pub(super) fn header(&self) -> HeaderName {
        match self {
            Subject::Header(name) => name.clone(),
            Subject::Cookie(_) | Subject::Affinity(_) => header::COOKIE,
        }
    }

    /// A text that is equal for subjects that are searched together from the start: one header, or the cookies of a name in any
    /// letter case.
    pub(super) fn family(&self) -> String {
        match self {
            Subject::Header(name) => format!("header {name}"),
            Subject::Cookie(name) => format!("cookie {name}"),
            Subject::Affinity(name) => format!("cookie {}", name.to_ascii_lowercase()),
        }
    }

    /// The name of the header or cookie.
    pub(super) fn name(&self) -> &str {
        match self {
            Subject::Header(name) => name.as_str(),
            Subject::Cookie(name) | Subject::Affinity(name) => name,
        }
    }
}

/// The condition of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Test {
    /// The value is this one; for an affinity cookie its token is.
    Exact(String),
    /// The pattern is found in the value.
    Pattern(String),
    /// The value is not empty.
    Filled,
}

/// What happens if a row is the first that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The row decides.
    Decides(Variant, Reason),
    /// The weights decide with the sample of the affinity key, which the row looks at.
    Draws,
}

/// One condition of a policy.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) subject: Subject,
    pub(super) test: Test,
    pub(super) effect: Effect,
}

/// Where the samples of an affinity key come from. Sources that are equal give every request the same sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    key: Subject,
    salt: String,
    hash: KeyHash,
}

impl Source {
    pub(super) fn new(affinity: &KeyAffinity) -> Self {
        let KeyAffinity { key, salt, hash } = affinity;
        let key = match key {
            Key::Header(name) => Subject::Header(name.clone()),
            Key::Cookie(name) => Subject::cookie(name.as_str()),
        };
        Source { key, salt: salt.clone(), hash: *hash }
    }
}

/// The rows of a policy; if none of them matches, the weights decide with the sample of the caller.
pub(super) fn rows(policy: &Policy) -> Vec<Row> {
    let Parts { canaries, total: _, affinity } = policy.parts();
    let (mut headers, mut cookies) = (Vec::new(), Vec::new());
    for (index, Canary { name: _, weight: _, position: _, header, cookie }) in canaries.iter().enumerate() {
        if let Some(rule) = header {
            headers.extend(rule_rows(&Subject::Header(rule.name.clone()), &rule.value_match, Reason::Header, index));
        }
        if let Some(rule) = cookie {
            cookies.extend(rule_rows(&Subject::cookie(rule.name.as_str()), &rule.value_match, Reason::Cookie, index));
        }
    }
    let mut rows = [headers, cookies].concat();
    match affinity {
        Affinity::None => {}
        Affinity::Cookie(cookie) => {
            let holders = holder_rows(cookie, canaries);
            let at = if cookie.precedence == AffinityPrecedence::AfterRules { rows.len() } else { 0 };
            rows.splice(at..at, holders);
        }
        Affinity::Key(key) => {
            let Source { key: subject, salt: _, hash: _ } = Source::new(key);
            rows.push(Row { subject, test: Test::Filled, effect: Effect::Draws });
        }
    }
    rows
}

/// The rows of a rule of this canary.
fn rule_rows(subject: &Subject, value_match: &Match, reason: Reason, canary: usize) -> Vec<Row> {
    let canary = Variant::Canary(canary);
    let tests = match value_match {
        Match::AlwaysNever => {
            vec![(Test::Exact("always".to_owned()), canary), (Test::Exact("never".to_owned()), Variant::Stable)]
        }
        Match::Exact(value) => vec![(Test::Exact(value.clone()), canary)],
        Match::Pattern(pattern) => vec![(Test::Pattern(pattern.as_str().to_owned()), canary)],
    };
    let row = |(test, variant)| Row { subject: subject.clone(), test, effect: Effect::Decides(variant, reason) };
    tests.into_iter().map(row).collect()
}

/// A row for each variant that the affinity cookie can name.
fn holder_rows(cookie: &CookieAffinity, canaries: &[Canary]) -> Vec<Row> {
    let subject = Subject::Affinity(cookie.name.as_str().to_owned());
    let row = |(variant, token)| Row {
        subject: subject.clone(),
        test: Test::Exact(token),
        effect: Effect::Decides(variant, Reason::Affinity),
    };
    cookie.pinned(canaries.iter().map(Canary::name)).into_iter().map(row).collect()
}
