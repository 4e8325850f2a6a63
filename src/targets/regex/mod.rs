//! Conditions as regular expressions for engines that match a whole value: RE2 in Envoy and what is built on it, and the
//! `regex` crate in Linkerd.
//!
//! Each is anchored although most engines are: the Gateway API leaves it to the implementation, and Linkerd takes the
//! leftmost-first match, which need not reach the end without an anchor.

mod read;

use std::borrow::Cow;
use std::ops::Range;

use http::HeaderName;
use regex_syntax::ast::{self, Ast, ClassAsciiKind, ClassSet, ClassSetItem};
use regex_syntax::escape;

pub(super) use read::{CookieRegex, read_cookie, read_found};

use super::table::Condition;
use crate::policy::Pattern;

/// What a header has to be.
pub(super) enum Wanted<'p> {
    /// This.
    Exactly(&'p str),
    /// What this regular expression matches.
    Matches(String),
}

/// A condition as the name of a header, and what that has to be.
///
/// # Errors
///
/// A pattern cannot be confined to a cookie's value: why.
pub(super) fn wanted(condition: Condition<'_>) -> Result<(Cow<'static, str>, Wanted<'_>), &'static str> {
    let own = |name: &HeaderName| Cow::from(name.to_string());
    let cookie = |regex| (Cow::Borrowed("cookie"), Wanted::Matches(regex));
    Ok(match condition {
        Condition::Header(name, value) => (own(name), Wanted::Exactly(value)),
        Condition::HeaderFound(name, pattern) => (own(name), Wanted::Matches(found(pattern))),
        Condition::Cookie(name, value) => cookie(self::cookie(name.as_str(), value)),
        Condition::CookieFound(name, pattern) => cookie(cookie_found(name.as_str(), pattern)?),
        Condition::Affinity(name, value) => cookie(affinity_cookie(name.as_str(), value)),
    })
}

/// Where a cookie begins in a Cookie line, as nginx reads it.
const COOKIE: &str = "^(?:.*[;,] *)?";

/// A value in which the pattern is found.
pub(super) fn found(pattern: &Pattern) -> String {
    format!("^(?:.*(?:{pattern}).*)$")
}

/// A Cookie line with this cookie, its name in any letter case.
pub(super) fn cookie(name: &str, value: &str) -> String {
    format!("{COOKIE}(?i:{}) *= *{}(?:;.*)?$", escape(name), escape(value))
}

/// A Cookie line with this cookie as Lua reads it: letter case counts, and a blank ends a value.
pub(super) fn affinity_cookie(name: &str, value: &str) -> String {
    format!(r"^(?:.*[; \t])?{}={}(?:[; \t].*)?$", escape(name), escape(value))
}

/// A Cookie line with a cookie in whose value the pattern is found.
///
/// # Errors
///
/// The pattern cannot be confined to the value: why.
pub(super) fn cookie_found(name: &str, pattern: &Pattern) -> Result<String, &'static str> {
    let text = pattern.as_str();
    let ast = ast::parse::Parser::new().parse(text).map_err(|_| "it is no regular expression")?;
    let branches = match &ast {
        Ast::Alternation(alternation) => alternation.asts.as_slice(),
        single => std::slice::from_ref(single),
    };
    let branches: Vec<&[Ast]> = branches.iter().map(parts).collect();
    // Flags at the beginning hold for all branches, and for nothing that is written around them.
    let flags = match branches.first() {
        Some([Ast::Flags(flags), ..]) => text.get(flags.span.start.offset..flags.span.end.offset).unwrap_or_default(),
        _ => "",
    };
    let branches: Vec<String> = branches
        .into_iter()
        .enumerate()
        .map(|(index, parts)| {
            confined(text, if index == 0 && !flags.is_empty() { parts.get(1..).unwrap_or_default() } else { parts })
        })
        .collect::<Result<_, _>>()?;
    Ok(format!("{COOKIE}(?i:{}) *= *(?:{flags}{})(?:;.*)?$", escape(name), branches.join("|")))
}

fn parts(branch: &Ast) -> &[Ast] {
    match branch {
        Ast::Concat(concat) => &concat.asts,
        single => std::slice::from_ref(single),
    }
}

/// One branch of a pattern, as what the whole value is: with all that may stand before and behind it.
fn confined(text: &str, parts: &[Ast]) -> Result<String, &'static str> {
    let (parts, anchored_start) = match parts {
        [Ast::Assertion(first), rest @ ..] if is_start(first) => (rest, true),
        parts => (parts, false),
    };
    let (parts, anchored_end) = match parts {
        [rest @ .., Ast::Assertion(last)] if is_end(last) => (rest, true),
        parts => (parts, false),
    };
    let mut written = String::new();
    for part in parts {
        let mut values = Values { text, edits: Vec::new() };
        ast::visit(part, &mut values)?;
        written.push_str(&values.applied(part.span()));
    }
    let any = |anchored: bool| if anchored { "" } else { "[^;]*" };
    Ok(format!("{}{written}{}", any(anchored_start), any(anchored_end)))
}

fn is_start(assertion: &ast::Assertion) -> bool {
    matches!(assertion.kind, ast::AssertionKind::StartLine | ast::AssertionKind::StartText)
}

fn is_end(assertion: &ast::Assertion) -> bool {
    matches!(assertion.kind, ast::AssertionKind::EndLine | ast::AssertionKind::EndText)
}

/// Keeps a pattern from matching a `;`, which no cookie's value has.
struct Values<'t> {
    text: &'t str,
    /// What is written instead, by its place, in order.
    edits: Vec<(Range<usize>, String)>,
}

impl Values<'_> {
    const SEMICOLON: &'static str = "it can match a `;`, where a cookie's value ends";

    fn applied(self, span: &ast::Span) -> String {
        let text = self.text;
        let mut written = String::new();
        let mut at = span.start.offset;
        for (range, instead) in self.edits {
            written.push_str(text.get(at..range.start).unwrap_or_default());
            written.push_str(&instead);
            at = range.end;
        }
        written.push_str(text.get(at..span.end.offset).unwrap_or_default());
        written
    }

    fn instead(&mut self, span: &ast::Span, text: &str) {
        self.edits.push((span.start.offset..span.end.offset, text.to_owned()));
    }
}

impl ast::Visitor for &mut Values<'_> {
    type Output = ();
    type Err = &'static str;

    fn finish(self) -> Result<(), &'static str> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), &'static str> {
        match ast {
            Ast::Dot(span) => self.instead(span, "[^;]"),
            Ast::ClassPerl(class) if class.negated => self.instead(
                &class.span,
                match class.kind {
                    ast::ClassPerlKind::Digit => r"[^\d;]",
                    ast::ClassPerlKind::Space => r"[^\s;]",
                    ast::ClassPerlKind::Word => r"[^\w;]",
                },
            ),
            Ast::ClassBracketed(class) if class.negated => {
                let start = class.span.start.offset;
                // What stands for itself in the first place alone would make a range or an end in the second.
                let first = self.text.get(start + 2..start + 3).filter(|&first| first == "-" || first == "]");
                let escaped = first.map(|first| format!("\\{first}")).unwrap_or_default();
                let end = start + 2 + first.map_or(0, str::len);
                self.edits.push((start..end, format!("[^;{escaped}")));
            }
            Ast::ClassBracketed(class) if names_semicolon(&class.kind) => return Err(Values::SEMICOLON),
            Ast::Literal(literal) if literal.c == ';' => return Err(Values::SEMICOLON),
            Ast::Assertion(assertion) if is_start(assertion) || is_end(assertion) => {
                return Err("an anchor stands inside it, where a cookie's value cannot be told from the line");
            }
            Ast::Flags(_) => return Err("flags stand inside it, where they would hold for the line: put them first"),
            _ => {}
        }
        Ok(())
    }
}

/// Whether a class that is not negated names a `;`.
fn names_semicolon(set: &ClassSet) -> bool {
    let ClassSet::Item(item) = set else { return true };
    match item {
        ClassSetItem::Union(union) => union.items.iter().any(|item| names_semicolon(&ClassSet::Item(item.clone()))),
        ClassSetItem::Empty(_) => false,
        ClassSetItem::Literal(literal) => literal.c == ';',
        ClassSetItem::Range(range) => (range.start.c..=range.end.c).contains(&';'),
        ClassSetItem::Perl(class) => class.negated,
        ClassSetItem::Ascii(class) => {
            let alphanumeric = matches!(
                class.kind,
                ClassAsciiKind::Alnum
                    | ClassAsciiKind::Alpha
                    | ClassAsciiKind::Blank
                    | ClassAsciiKind::Digit
                    | ClassAsciiKind::Lower
                    | ClassAsciiKind::Space
                    | ClassAsciiKind::Upper
                    | ClassAsciiKind::Word
                    | ClassAsciiKind::Xdigit
                    | ClassAsciiKind::Cntrl
            );
            alphanumeric == class.negated
        }
        ClassSetItem::Unicode(_) | ClassSetItem::Bracketed(_) => true,
    }
}
