//! Regular expressions, back to what they ask for.

use regex_syntax::ast::{self, Ast};

use super::{COOKIE, affinity_cookie, cookie, cookie_found, found, is_end, is_start, parts};
use crate::error::Invalid;
use crate::policy::Pattern;

/// What a regular expression on a Cookie line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::targets) enum CookieRegex {
    /// The rule's cookie with this value.
    Is(String, String),
    /// The rule's cookie with the pattern in its value.
    Found(String, Pattern),
    /// The affinity cookie with this value.
    Affinity(String, String),
    /// A cookie with this value, as people write it: with looser ends than a cookie has.
    Loose(String, String),
}

/// The pattern that was searched for, if [`found`] wrote this; else the regular expression itself, anchored.
pub(in crate::targets) fn read_found(regex: &str) -> Result<Pattern, Invalid> {
    let inner = regex.strip_prefix("^(?:.*(?:").and_then(|rest| rest.strip_suffix(").*)$"));
    let written = inner.and_then(|inner| Pattern::new(inner).ok()).filter(|pattern| found(pattern) == regex);
    written.map_or_else(|| Pattern::new(&anchored(regex)), Ok)
}

/// A regular expression that has to match the whole, as one that is searched for.
fn anchored(regex: &str) -> String {
    let ast = ast::parse::Parser::new().parse(regex);
    let at_ends = ast.is_ok_and(|ast| match parts(&ast) {
        [Ast::Assertion(first), .., Ast::Assertion(last)] => is_start(first) && is_end(last),
        _ => false,
    });
    if at_ends { regex.to_owned() } else { format!("^(?:{regex})$") }
}

/// What a regular expression on a Cookie line asks for, if it is one that is written here or that people write.
pub(in crate::targets) fn read_cookie(regex: &str) -> Option<CookieRegex> {
    rule_cookie(regex).or_else(|| held_cookie(regex)).or_else(|| loose_cookie(regex))
}

fn rule_cookie(regex: &str) -> Option<CookieRegex> {
    let rest = regex.strip_prefix(COOKIE)?.strip_prefix("(?i:")?;
    let (name, value) = rest.strip_suffix("(?:;.*)?$")?.split_once(") *= *")?;
    let name = unescaped(name)?;
    if let Some(value) = unescaped(value).filter(|value| cookie(&name, value) == regex) {
        return Some(CookieRegex::Is(name, value));
    }
    // What was written around the pattern is taken away, and the same must come out again.
    let body = value.strip_prefix("(?:")?.strip_suffix(')')?;
    let pattern = Pattern::new(&released(body)?).ok()?;
    let same = cookie_found(&name, &pattern).is_ok_and(|written| written == regex);
    same.then_some(CookieRegex::Found(name, pattern))
}

fn held_cookie(regex: &str) -> Option<CookieRegex> {
    let (name, value) = regex.strip_prefix(r"^(?:.*[; \t])?")?.strip_suffix(r"(?:[; \t].*)?$")?.split_once('=')?;
    let (name, value) = (unescaped(name)?, unescaped(value)?);
    (affinity_cookie(&name, &value) == regex).then_some(CookieRegex::Affinity(name, value))
}

/// The forms of Istio's documentation, of Flagger and of Argo Rollouts, and their like.
fn loose_cookie(regex: &str) -> Option<CookieRegex> {
    const STARTS: [&str; 7] = ["(.*?;)?", "(.*;)?", "(.*; *)?", "(.*; )?", "(?:.*; *)?", r"(.*;\s*)?", ".*"];
    const ENDS: [&str; 5] = ["(;.*)?", "(?:;.*)?", "(; .*)?", r"(\s*;.*)?", ".*"];
    let text = regex.strip_prefix('^').unwrap_or(regex);
    let text = text.strip_suffix('$').unwrap_or(text);
    let text = STARTS.iter().find_map(|start| text.strip_prefix(start)).unwrap_or(text);
    let text = ENDS.iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text);
    let text = [r"\s*", " *", r"\s?", " ?"].iter().find_map(|blank| text.strip_prefix(blank)).unwrap_or(text);
    let text = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    let (name, value) = text.split_once('=').or_else(|| text.split_once(".*"))?;
    Some(CookieRegex::Loose(unescaped(name)?, unescaped(value)?)).filter(|_| !name.is_empty())
}

/// The text that a regular expression stands for, if it is nothing but text.
fn unescaped(regex: &str) -> Option<String> {
    if regex.is_empty() {
        return Some(String::new());
    }
    let ast = ast::parse::Parser::new().parse(regex).ok()?;
    parts(&ast).iter().map(|part| if let Ast::Literal(literal) = part { Some(literal.c) } else { None }).collect()
}

/// A pattern before it was confined to a value.
fn released(body: &str) -> Option<String> {
    let ast = ast::parse::Parser::new().parse(body).ok()?;
    let branches = match &ast {
        Ast::Alternation(alternation) => alternation.asts.as_slice(),
        single => std::slice::from_ref(single),
    };
    let text = |branch: &Ast| {
        let span = branch.span();
        let text = body.get(span.start.offset..span.end.offset)?;
        let (flags, text) = match parts(branch) {
            [Ast::Flags(flags), ..] => text.split_at_checked(flags.span.end.offset - span.start.offset)?,
            _ => ("", text),
        };
        let (start, text) = text.strip_prefix("[^;]*").map_or(("^", text), |text| ("", text));
        let (end, text) = text.strip_suffix("[^;]*").map_or(("$", text), |text| ("", text));
        Some(format!("{flags}{start}{text}{end}"))
    };
    let branches: Vec<String> = branches.iter().map(text).collect::<Option<_>>()?;
    let joined = branches.join("|").replace("[^;]", ".");
    Some(joined.replace(r"[^\d;]", r"\D").replace(r"[^\s;]", r"\S").replace(r"[^\w;]", r"\W").replace("[^;", "[^"))
}
