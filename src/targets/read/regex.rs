//! Regular expressions, back to the conditions that they express.

use regex_syntax::ast::{self, Ast};

use crate::error::Invalid;
use crate::policy::Pattern;
use crate::targets::table::{
    BEFORE_TOKEN, COOKIE_START, affinity_cookie_regex, cookie_pattern_regex, cookie_regex, former_token_regex, is_end,
    is_start, parts, pattern_regex,
};

/// The condition that a regular expression on the Cookie header expresses. The first field of each variant is the name of the
/// cookie.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::targets) enum CookieRegex {
    /// The cookie of a rule has this value.
    Exact(String, String),
    /// The pattern is found in the value of the cookie of a rule.
    Pattern(String, Pattern),
    /// The affinity cookie has this value.
    Affinity(String, String),
    /// The second `|` field of the affinity cookie is this token of the former router.
    FormerToken(String, String),
    /// A cookie has this value, but the regular expression, which a person wrote, also matches parts of other cookies.
    Loose(String, String),
    /// A cookie has any value, but the regular expression, which a person wrote, also matches parts of other cookies.
    LooseAny(String),
}

/// The pattern that a regular expression on a whole value searches for. If [`pattern_regex`] wrote the expression, this is the
/// pattern that it was given; otherwise it is the expression itself, with anchors.
pub(in crate::targets) fn read_pattern_regex(regex: &str) -> Result<Pattern, Invalid> {
    let inner = regex.strip_prefix("^(?:.*(?:").and_then(|rest| rest.strip_suffix(").*)$"));
    let written = inner.and_then(|inner| Pattern::new(inner).ok()).filter(|pattern| pattern_regex(pattern) == regex);
    written.map_or_else(|| Pattern::new(&anchored(regex)), Ok)
}

/// Adds anchors to a regular expression that is meant for a whole value, unless it has them.
fn anchored(regex: &str) -> String {
    let ast = ast::parse::Parser::new().parse(regex);
    let at_ends = ast.is_ok_and(|ast| match parts(&ast) {
        [Ast::Assertion(first), .., Ast::Assertion(last)] => is_start(first) && is_end(last),
        _ => false,
    });
    if at_ends { regex.to_owned() } else { format!("^(?:{regex})$") }
}

/// The condition that a regular expression on the Cookie header expresses, if this crate writes it or people commonly do.
pub(in crate::targets) fn read_cookie_regex(regex: &str) -> Option<CookieRegex> {
    rule_cookie(regex)
        .or_else(|| affinity_cookie(regex))
        .or_else(|| former_token(regex))
        .or_else(|| loose_cookie(regex))
}

/// A regular expression that [`cookie_regex`] or [`cookie_pattern_regex`] wrote.
fn rule_cookie(regex: &str) -> Option<CookieRegex> {
    let rest = regex.strip_prefix(COOKIE_START)?.strip_prefix("(?i:")?;
    let (name, value) = rest.strip_suffix("(?:;.*)?$")?.split_once(") *= *")?;
    let name = literal_text(name)?;
    if let Some(value) = literal_text(value).filter(|value| cookie_regex(&name, value) == regex) {
        return Some(CookieRegex::Exact(name, value));
    }
    // The value may be a rewritten pattern. The pattern that is recovered from it counts only if it is rewritten to this expression
    // again.
    let body = value.strip_prefix("(?:")?.strip_suffix(')')?;
    let pattern = Pattern::new(&original_pattern(body)?).ok()?;
    let same = cookie_pattern_regex(&name, &pattern).is_ok_and(|written| written == regex);
    same.then_some(CookieRegex::Pattern(name, pattern))
}

/// A regular expression that [`affinity_cookie_regex`] wrote.
fn affinity_cookie(regex: &str) -> Option<CookieRegex> {
    let (name, value) = regex.strip_prefix(r"^(?:.*[; \t])?")?.strip_suffix(r"(?:[; \t].*)?$")?.split_once('=')?;
    let (name, value) = (literal_text(name)?, literal_text(value)?);
    (affinity_cookie_regex(&name, &value) == regex).then_some(CookieRegex::Affinity(name, value))
}

/// A regular expression that [`former_token_regex`] wrote.
fn former_token(regex: &str) -> Option<CookieRegex> {
    let rest = regex.strip_prefix(r"^(?:.*[; \t])?")?.strip_suffix(r"(?:[|; \t].*)?$")?;
    let (name, token) = rest.split_once(&format!("={BEFORE_TOKEN}"))?;
    let (name, token) = (literal_text(name)?, literal_text(token)?);
    (former_token_regex(&name, &token) == regex).then_some(CookieRegex::FormerToken(name, token))
}

/// A regular expression in a form that Istio's documentation, Flagger, Argo Rollouts and others use.
fn loose_cookie(regex: &str) -> Option<CookieRegex> {
    const STARTS: [&str; 7] = ["(.*?;)?", "(.*;)?", "(.*; *)?", "(.*; )?", "(?:.*; *)?", r"(.*;\s*)?", ".*"];
    const ENDS: [&str; 5] = ["(;.*)?", "(?:;.*)?", "(; .*)?", r"(\s*;.*)?", ".*"];
    let text = regex.strip_prefix('^').unwrap_or(regex);
    let text = text.strip_suffix('$').unwrap_or(text);
    let text = STARTS.iter().find_map(|start| text.strip_prefix(start)).unwrap_or(text);
    let end = ENDS.iter().find(|end| text.ends_with(**end)).copied().unwrap_or_default();
    let text = text.strip_suffix(end).unwrap_or(text);
    let text = [r"\s*", " *", r"\s?", " ?"].iter().find_map(|blank| text.strip_prefix(blank)).unwrap_or(text);
    let text = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    let (name, value) = text.split_once('=').or_else(|| text.split_once(".*"))?;
    let (name, value) = (literal_text(name).filter(|name| !name.is_empty())?, literal_text(value)?);
    // `.*canary=.*` is any value. `(;.*)?` ends the value, so that `canary=(;.*)?` is the empty value.
    let is_any = value.is_empty() && end == ".*";
    Some(if is_any { CookieRegex::LooseAny(name) } else { CookieRegex::Loose(name, value) })
}

/// The text that a regular expression matches, if it matches one text only.
fn literal_text(regex: &str) -> Option<String> {
    if regex.is_empty() {
        return Some(String::new());
    }
    let ast = ast::parse::Parser::new().parse(regex).ok()?;
    parts(&ast).iter().map(|part| if let Ast::Literal(literal) = part { Some(literal.c) } else { None }).collect()
}

/// The pattern that [`cookie_pattern_regex`] rewrote to this expression. In each branch, `[^;]*` at an end was written for a
/// missing anchor.
fn original_pattern(body: &str) -> Option<String> {
    let ast = ast::parse::Parser::new().parse(body).ok()?;
    let branches = match &ast {
        Ast::Alternation(alternation) => alternation.asts.as_slice(),
        single => std::slice::from_ref(single),
    };
    // Flags are written once, before the first branch.
    let flags = match branches.first().map(parts) {
        Some([Ast::Flags(flags), ..]) => flags.span.end.offset,
        _ => 0,
    };
    let text = |branch: &Ast| {
        let span = branch.span();
        let text = body.get(span.start.offset.max(flags)..span.end.offset)?;
        let (start, text) = text.strip_prefix("[^;]*").map_or(("^", text), |text| ("", text));
        let (end, text) = text.strip_suffix("[^;]*").map_or(("$", text), |text| ("", text));
        Some(format!("{start}{text}{end}"))
    };
    let branches: Vec<String> = branches.iter().map(text).collect::<Option<_>>()?;
    let joined = format!("{}{}", body.get(..flags)?, branches.join("|")).replace("[^;]", ".");
    Some(joined.replace(r"[^\d;]", r"\D").replace(r"[^\s;]", r"\S").replace(r"[^\w;]", r"\W").replace("[^;", "[^"))
}
