//! Rules in a list of which the first that matches decides, for targets that compare a prefix character by character.

use super::{OwnedCondition, ParsedDestination, ParsedMatch, ParsedRule};
use crate::error::ReadError;
use crate::route::Path;
use crate::targets::finding::Findings;

/// A match of a rule.
pub(in crate::targets) struct ListedMatch<'m> {
    /// The path of the field.
    pub(in crate::targets) field: String,
    pub(in crate::targets) path: TextPath<'m>,
    /// The names of the headers and of the unknown fields, for a finding.
    pub(in crate::targets) names: Vec<&'m str>,
    /// The condition on a header or cookie; an error if a policy has no such condition.
    pub(in crate::targets) condition: Result<Option<OwnedCondition>, &'static str>,
    /// The findings of the condition. If there is one, the condition may hold for other requests.
    pub(in crate::targets) findings: Findings,
}

/// The test of a match on the path of a request.
#[derive(Clone, Copy)]
pub(in crate::targets) enum TextPath<'m> {
    /// Every path.
    Every,
    /// The path is equal.
    Exact(&'m str),
    /// The path begins with these characters.
    Prefix(&'m str),
    /// The path begins with these path elements, as in a route.
    Elements(&'m str),
    /// A test that a route does not have, such as a regular expression.
    Other,
}

/// What a finding says about the path of a match.
#[derive(Clone, Copy)]
pub(in crate::targets) struct PathWords {
    /// The field of a prefix.
    pub(in crate::targets) field: &'static str,
    /// How the target compares a prefix.
    pub(in crate::targets) why: &'static str,
}

/// The fields with which a target compares paths without regard to letter case, so that a match has more paths than it names.
const ANY_LETTER_CASE: [&str; 3] = ["ignoreUriCase", "caseSensitive", "case_sensitive"];

/// Reads rules up to the first one that takes every request. The findings for those after it have the reason `why`.
///
/// # Errors
///
/// A rule cannot be read.
pub(in crate::targets) fn listed_rules<R>(
    field: &str,
    rules: &[R],
    why: &'static str,
    findings: &mut Findings,
    mut parsed_rule: impl FnMut(&str, &R, &mut Findings) -> Result<ParsedRule, ReadError>,
) -> Result<Vec<ParsedRule>, ReadError> {
    let mut parsed = Vec::new();
    let mut rules = rules.iter().enumerate();
    for (index, rule) in rules.by_ref() {
        let mut of_rule = Findings::default();
        let rule = parsed_rule(&format!("{field}[{index}]"), rule, &mut of_rule)?.with_findings(of_rule, findings);
        let takes_everything = rule.matches.iter().any(|one| one.condition.is_none() && one.path.matches_all());
        parsed.push(rule);
        if takes_everything {
            break;
        }
    }
    let name = field.rsplit('.').next().unwrap_or(field);
    for (index, _) in rules {
        findings.left_out(format!("{field}[{index}]"), name, why);
    }
    Ok(parsed)
}

/// The rule that sends requests with one of these matches to the destinations. Without a match it takes every request.
pub(in crate::targets) fn listed_rule(
    field: &str,
    destinations: Vec<ParsedDestination>,
    listed: Vec<ListedMatch<'_>>,
    words: PathWords,
    findings: &mut Findings,
) -> ParsedRule {
    let mut read = ParsedRule { matches: Vec::new(), destinations, unread: Vec::new(), is_known: true };
    if listed.is_empty() {
        read.matches.push(ParsedMatch { field: field.to_owned(), path: Path::root(), condition: None });
    }
    let mut listed = listed.into_iter().peekable();
    let mut follows_exact = false;
    while let Some(one) = listed.next() {
        let begins_prefix = listed.peek().is_some_and(|next| are_one_prefix(&one, next));
        let follows = std::mem::replace(&mut follows_exact, begins_prefix);
        let ListedMatch { field, path, names, condition, findings: of_condition } = one;
        let is_loose = !of_condition.is_empty();
        findings.append(of_condition);
        let condition = match condition {
            Ok(condition) => condition,
            Err(why) => {
                let any_case = names.iter().any(|name| ANY_LETTER_CASE.contains(name));
                read.unread.push(if any_case { None } else { path.covering() });
                findings.left_out(field, &names.join(", "), why);
                continue;
            }
        };
        if begins_prefix {
            // This match and the next one are one prefix, which is added with the next one.
            continue;
        }
        if is_loose {
            read.unread.push(path.covering());
        }
        let Some(parsed) = path.parsed(follows) else {
            let why = "a path of a route is exact or a prefix, and one that all targets read alike";
            findings.left_out(field, path.text().unwrap_or(words.field), why);
            read.unread.push(None);
            continue;
        };
        if let (TextPath::Prefix(text), false) = (path, follows || parsed.matches_all()) {
            findings.assumed(format!("{field}.{}", words.field), text, words.why);
            read.unread.push(differing(text));
        }
        read.matches.push(ParsedMatch { field, path: parsed, condition });
    }
    read
}

/// Whether two neighbouring matches together are one prefix of a route: the exact path `/cart`, and then the prefix `/cart/`. They
/// are not if one of them is left out.
fn are_one_prefix(first: &ListedMatch<'_>, second: &ListedMatch<'_>) -> bool {
    match (first.path, second.path, &first.condition, &second.condition) {
        (TextPath::Exact(exact), TextPath::Prefix(prefix), Ok(one), Ok(other)) => {
            prefix.strip_suffix('/') == Some(exact) && !exact.ends_with('/') && one == other
        }
        _ => false,
    }
}

/// The path that has all requests which a prefix of characters and the same prefix of a route tell apart: `/cart` itself for the
/// prefix `/cart/`, and everything beside `/cart`, such as `/carts`, for the prefix `/cart`.
fn differing(prefix: &str) -> Option<Path> {
    match prefix.strip_suffix('/') {
        Some(exact) => Path::exact(exact).ok(),
        None => folder(prefix),
    }
}

/// The prefix of a route that has everything beside a path.
fn folder(path: &str) -> Option<Path> {
    Path::prefix(path.get(..=path.rfind('/')?)?).ok()
}

impl TextPath<'_> {
    /// The text, if there is one.
    fn text(&self) -> Option<&str> {
        match self {
            TextPath::Exact(text) | TextPath::Prefix(text) | TextPath::Elements(text) => Some(text),
            TextPath::Every | TextPath::Other => None,
        }
    }

    /// The path of a route. A prefix that follows its exact match (`/cart`, and then `/cart/`) is compared path element by path
    /// element, as in a route. Any other prefix is read as if it were compared in that way.
    fn parsed(&self, follows_exact: bool) -> Option<Path> {
        match self {
            TextPath::Every | TextPath::Prefix("" | "/") => Some(Path::root()),
            TextPath::Exact(text) => Path::exact(text).ok(),
            TextPath::Prefix(text) if follows_exact => Path::prefix(text.strip_suffix('/').unwrap_or(text)).ok(),
            TextPath::Prefix(text) | TextPath::Elements(text) => Path::prefix(text).ok(),
            TextPath::Other => None,
        }
    }

    /// A path of a route that has every request of this one; `None` if there is no other than every path.
    fn covering(&self) -> Option<Path> {
        match self {
            TextPath::Prefix(text) if !text.is_empty() && !text.ends_with('/') => folder(text),
            _ => self.parsed(false),
        }
    }
}
