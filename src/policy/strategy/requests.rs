//! Requests that the rules of a policy look at.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::string::bytes_regex_parsed;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};

use crate::policy::{Affinity, Canary, Key, Match, Policy};

/// Header lines of requests that a policy decides in every way: each of its rules matches in some of them, and so does its affinity
/// cookie or key; in others the values are close to those that match, or missing.
///
/// A header has one line, the cookies are in one `cookie` line, and all values are printable ASCII.
///
/// ```
/// use canary_policy::policy::strategy;
/// use canary_policy::{Canary, HeaderRule, Match, Pattern, Policy, Reason, Sample, Selector, Total};
/// use proptest::prelude::*;
/// use proptest::strategy::ValueTree;
/// use proptest::test_runner::TestRunner;
///
/// let rule = HeaderRule::new("x-version", Match::Pattern(Pattern::new("^v[0-9]{2}$")?))?;
/// let policy = Policy::new([Canary::new("canary", 30)?.with_header(rule)], Total::default())?;
/// let (requests, mut runner) = (strategy::request(&policy), TestRunner::deterministic());
/// let reasons: Vec<Reason> = (0..50)
///     .map(|_| requests.new_tree(&mut runner).unwrap().current())
///     .map(|request| Selector::new(&policy).select(&request[..], Sample::MIN).reason)
///     .collect();
/// assert!(reasons.contains(&Reason::Header) && reasons.contains(&Reason::Weight));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn request(policy: &Policy) -> impl Strategy<Value = Vec<(String, String)>> + use<> {
    let (mut headers, mut cookies) = (Vec::new(), Vec::new());
    for canary in policy.canaries() {
        if let Some(rule) = canary.header() {
            add(&mut headers, rule.name().as_str(), values(rule.value_match()));
        }
        if let Some(rule) = canary.cookie() {
            add(&mut cookies, rule.name().as_str(), values(rule.value_match()));
        }
    }
    match policy.affinity() {
        Affinity::None => {}
        Affinity::Cookie(cookie) => {
            let names = policy.canaries().iter().map(Canary::name);
            let tokens = cookie.pinned(names).into_iter().map(|(_, token)| token);
            let tokens = tokens.chain(["another".to_owned()]).collect::<Vec<_>>();
            add(&mut cookies, cookie.name().as_str(), select(tokens).boxed());
        }
        Affinity::Key(affinity) => {
            let key = "[a-z0-9-]{1,12}".boxed();
            match affinity.key() {
                Key::Header(name) => add(&mut headers, name.as_str(), key),
                Key::Cookie(name) => add(&mut cookies, name.as_str(), key),
            }
        }
    }
    let cookie_line = some_of(cookies).prop_map(|cookies| {
        let cookies: Vec<String> = cookies.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!cookies.is_empty()).then(|| ("cookie".to_owned(), cookies.join("; ")))
    });
    (some_of(headers), cookie_line).prop_map(|(mut headers, cookies)| {
        // A rule may look at the header of the cookies.
        if cookies.is_some() {
            headers.retain(|(name, _)| name != "cookie");
        }
        headers.into_iter().chain(cookies).collect()
    })
}

/// A name and the values that it may have.
type Named = (String, BoxedStrategy<String>);

/// Adds values for a name. If the name has values already, some of them are of this kind.
fn add(all: &mut Vec<Named>, name: &str, values: BoxedStrategy<String>) {
    match all.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        Some((_, known)) => *known = prop_oneof![known.clone(), values].boxed(),
        None => all.push((name.to_owned(), values)),
    }
}

/// Some of the names, in any order, each with one of its values.
fn some_of(all: Vec<Named>) -> impl Strategy<Value = Vec<(String, String)>> {
    let lines: Vec<_> = all
        .into_iter()
        .map(|(name, values)| proptest::option::weighted(0.6, values.prop_map(move |value| (name.clone(), value))))
        .collect();
    lines.prop_map(|lines| lines.into_iter().flatten().collect::<Vec<_>>()).prop_shuffle()
}

/// Values that a match decides about, and others that are close to them.
fn values(value_match: &Match) -> BoxedStrategy<String> {
    let words = select(vec!["always", "never", "Always", "other"]).prop_map(str::to_owned);
    let Some(matching) = matching(value_match) else { return words.boxed() };
    let longer = matching.clone().prop_map(|value| format!("x{value}x"));
    prop_oneof![4 => matching, 1 => longer, 1 => words].boxed()
}

/// Values that match. `None` if the words of [`values`] are enough.
fn matching(value_match: &Match) -> Option<BoxedStrategy<String>> {
    match value_match {
        Match::AlwaysNever => None,
        Match::Exact(value) => Some(Just(value.clone()).boxed()),
        Match::Pattern(pattern) => {
            let expression = ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern.as_str()).ok()?;
            let values = bytes_regex_parsed(&without_anchors(&expression)).ok()?;
            let printable = |bytes: Vec<u8>| bytes.into_iter().map(|byte| char::from(byte.clamp(b' ', b'~'))).collect();
            Some(values.prop_map(printable).boxed())
        }
    }
}

/// The expression without `^`, `$` and `\b`: what is generated of it are whole values.
fn without_anchors(expression: &Hir) -> Hir {
    match expression.kind() {
        HirKind::Look(_) => Hir::empty(),
        HirKind::Capture(capture) => without_anchors(&capture.sub),
        HirKind::Repetition(repetition) => {
            let mut repetition = repetition.clone();
            repetition.sub = Box::new(without_anchors(&repetition.sub));
            Hir::repetition(repetition)
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(without_anchors).collect()),
        HirKind::Alternation(branches) => Hir::alternation(branches.iter().map(without_anchors).collect()),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) => expression.clone(),
    }
}
