//! Conditions as regular expressions for engines that match a whole value: RE2 in Envoy and targets built on Envoy, and the
//! `regex` crate in Linkerd.
//!
//! Every expression is anchored at both ends. Most targets would anchor it themselves, but the Gateway API does not require
//! them to. Linkerd searches for the first match, and checks that it is the whole value; without an anchor, the match that the
//! engine prefers may end too early.

use std::ops::Range;

use regex_syntax::ast::{self, Ast, ClassAsciiKind, ClassSet, ClassSetItem, RepetitionKind, RepetitionRange};
use regex_syntax::escape;

use crate::policy::Pattern;

/// Matches the text before a cookie in the value of a `Cookie` header, as nginx reads that value.
pub(in crate::targets) const COOKIE_START: &str = "^(?:.*[;,] *)?";

/// Matches a value in which the pattern is found.
pub(in crate::targets) fn pattern_regex(pattern: &Pattern) -> String {
    format!("^(?:.*(?:{pattern}).*)$")
}

/// Matches a Cookie line that has this cookie, read as nginx reads cookies: the letter case of the name does not count.
pub(in crate::targets) fn cookie_regex(name: &str, value: &str) -> String {
    format!("{COOKIE_START}(?i:{}) *= *{}(?:;.*)?$", escape(name), escape(value))
}

/// Matches a Cookie line that has this cookie, read as ingress-nginx reads its affinity cookie: letter case counts, and a space
/// or tab ends the value.
pub(in crate::targets) fn affinity_cookie_regex(name: &str, value: &str) -> String {
    format!(r"^(?:.*[; \t])?{}={}(?:[; \t].*)?$", escape(name), escape(value))
}

/// Matches what is before the token in the value of a cookie of ingress-nginx: the first field, and `|` around it. Empty fields do
/// not count. The field is visible ASCII, whose classes make a smaller program than that of every character except `|`.
pub(in crate::targets) const BEFORE_TOKEN: &str = r"\|*[!-:<-{}~]+\|+";

/// Matches a Cookie line that has this cookie with this token as its second field, as in `route=1795403237.92.31370.49610|06b6…`,
/// read as ingress-nginx reads its affinity cookie. More fields may follow.
pub(in crate::targets) fn former_token_regex(name: &str, token: &str) -> String {
    format!(r"^(?:.*[; \t])?{}={BEFORE_TOKEN}{}(?:[|; \t].*)?$", escape(name), escape(token))
}

/// Matches a Cookie line that has a cookie of this name, in whose value the pattern is found.
///
/// The pattern is rewritten so that it cannot match beyond the value, which ends at `;`. For the cookie `c` and the pattern
/// `^v.|beta`:
///
/// ```text
/// ^(?:.*[;,] *)?(?i:c) *= *(?:v[^;][^;]*|[^;]*beta[^;]*)(?:;.*)?$
/// ```
///
/// # Errors
///
/// The pattern cannot be rewritten in this way. The error says why.
pub(in crate::targets) fn cookie_pattern_regex(name: &str, pattern: &Pattern) -> Result<String, &'static str> {
    let text = pattern.as_str();
    let ast = ast::parse::Parser::new().parse(text).map_err(|_| "the pattern is not a regular expression")?;
    let branches = match &ast {
        Ast::Alternation(alternation) => alternation.asts.as_slice(),
        single => std::slice::from_ref(single),
    };
    let branches: Vec<&[Ast]> = branches.iter().map(parts).collect();
    // Flags at the beginning hold for all branches, but must not hold for the expression around the pattern.
    let flags = match branches.first() {
        Some([Ast::Flags(flags), ..]) => text.get(flags.span.start.offset..flags.span.end.offset).unwrap_or_default(),
        _ => "",
    };
    let branches: Vec<String> = branches
        .into_iter()
        .enumerate()
        .map(|(index, parts)| {
            whole_value(text, if index == 0 && !flags.is_empty() { parts.get(1..).unwrap_or_default() } else { parts })
        })
        .collect::<Result<_, _>>()?;
    Ok(format!("{COOKIE_START}(?i:{}) *= *(?:{flags}{})(?:;.*)?$", escape(name), branches.join("|")))
}

/// The parts of an expression that is a sequence. Any other expression is its own single part.
pub(in crate::targets) fn parts(branch: &Ast) -> &[Ast] {
    match branch {
        Ast::Concat(concat) => &concat.asts,
        single => std::slice::from_ref(single),
    }
}

/// Rewrites one branch of an alternation so that it matches the whole value of a cookie: any text may come before the branch
/// unless the branch begins with an anchor, and after the branch unless it ends with an anchor.
fn whole_value(text: &str, parts: &[Ast]) -> Result<String, &'static str> {
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
        let mut rewrite = Rewrite { text, edits: Vec::new() };
        ast::visit(part, &mut rewrite)?;
        written.push_str(&rewrite.applied(part.span()));
    }
    let any_text = |anchored: bool| if anchored { "" } else { "[^;]*" };
    Ok(format!("{}{written}{}", any_text(anchored_start), any_text(anchored_end)))
}

/// The least and the largest number of repetitions; `None` if there is no largest.
pub(in crate::targets) fn repetition_bounds(kind: &RepetitionKind) -> (u32, Option<u32>) {
    match kind {
        RepetitionKind::ZeroOrOne => (0, Some(1)),
        RepetitionKind::ZeroOrMore => (0, None),
        RepetitionKind::OneOrMore => (1, None),
        RepetitionKind::Range(RepetitionRange::Exactly(count)) => (*count, Some(*count)),
        RepetitionKind::Range(RepetitionRange::AtLeast(min)) => (*min, None),
        RepetitionKind::Range(RepetitionRange::Bounded(min, max)) => (*min, Some(*max)),
    }
}

/// Whether this is an anchor at the start of the text.
pub(in crate::targets) fn is_start(assertion: &ast::Assertion) -> bool {
    matches!(assertion.kind, ast::AssertionKind::StartLine | ast::AssertionKind::StartText)
}

/// Whether this is an anchor at the end of the text.
pub(in crate::targets) fn is_end(assertion: &ast::Assertion) -> bool {
    matches!(assertion.kind, ast::AssertionKind::EndLine | ast::AssertionKind::EndText)
}

/// Rewrites a part of a pattern so that it does not match `;`, which the value of a cookie cannot contain.
struct Rewrite<'t> {
    /// The whole pattern.
    text: &'t str,
    /// The bytes of the pattern to replace, in order, and their replacements.
    edits: Vec<(Range<usize>, String)>,
}

impl Rewrite<'_> {
    const MATCHES_SEMICOLON: &'static str = "the pattern can match a `;`, which ends the value of a cookie";

    /// The text of this span of the pattern, with the edits.
    fn applied(self, span: &ast::Span) -> String {
        let text = self.text;
        let mut written = String::new();
        let mut at = span.start.offset;
        for (range, replacement) in self.edits {
            written.push_str(text.get(at..range.start).unwrap_or_default());
            written.push_str(&replacement);
            at = range.end;
        }
        written.push_str(text.get(at..span.end.offset).unwrap_or_default());
        written
    }

    fn replace(&mut self, span: &ast::Span, text: &str) {
        self.edits.push((span.start.offset..span.end.offset, text.to_owned()));
    }
}

impl ast::Visitor for &mut Rewrite<'_> {
    type Output = ();
    type Err = &'static str;

    fn finish(self) -> Result<(), &'static str> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), &'static str> {
        match ast {
            Ast::Dot(span) => self.replace(span, "[^;]"),
            Ast::ClassPerl(class) if class.negated => self.replace(
                &class.span,
                match class.kind {
                    ast::ClassPerlKind::Digit => r"[^\d;]",
                    ast::ClassPerlKind::Space => r"[^\s;]",
                    ast::ClassPerlKind::Word => r"[^\w;]",
                },
            ),
            Ast::ClassBracketed(class) if class.negated => {
                let start = class.span.start.offset;
                // `;` is inserted after `[^` and becomes the first character of the class. A `-` or `]` that was first is
                // literal; after the `;` it would make a range or end the class, so it is escaped.
                let first = self.text.get(start + 2..start + 3).filter(|&first| first == "-" || first == "]");
                let escaped = first.map(|first| format!("\\{first}")).unwrap_or_default();
                let end = start + 2 + first.map_or(0, str::len);
                self.edits.push((start..end, format!("[^;{escaped}")));
            }
            Ast::ClassBracketed(class) if may_contain_semicolon(&class.kind) => return Err(Rewrite::MATCHES_SEMICOLON),
            Ast::Literal(literal) if literal.c == ';' => return Err(Rewrite::MATCHES_SEMICOLON),
            Ast::Assertion(assertion) if is_start(assertion) || is_end(assertion) => {
                return Err(
                    "an anchor inside the pattern would refer to the Cookie line instead of the value of the cookie",
                );
            }
            Ast::Flags(_) => return Err("flags inside the pattern would hold for the Cookie line too: put them first"),
            _ => {}
        }
        Ok(())
    }
}

/// Whether a class that is not negated may contain `;`. Nested classes and set operations, which no pattern has, count as
/// containing `;`.
fn may_contain_semicolon(set: &ClassSet) -> bool {
    let ClassSet::Item(item) = set else { return true };
    match item {
        ClassSetItem::Union(union) => {
            union.items.iter().any(|item| may_contain_semicolon(&ClassSet::Item(item.clone())))
        }
        ClassSetItem::Empty(_) => false,
        ClassSetItem::Literal(literal) => literal.c == ';',
        ClassSetItem::Range(range) => (range.start.c..=range.end.c).contains(&';'),
        ClassSetItem::Perl(class) => class.negated,
        ClassSetItem::Ascii(class) => {
            let has_semicolon = matches!(
                class.kind,
                ClassAsciiKind::Ascii | ClassAsciiKind::Graph | ClassAsciiKind::Print | ClassAsciiKind::Punct
            );
            has_semicolon != class.negated
        }
        ClassSetItem::Unicode(_) | ClassSetItem::Bracketed(_) => true,
    }
}
