//! Patterns: regular-expression text that means the same wherever it is run.

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ast::{
    self, Ast, ClassSetItem, Flag, FlagsItemKind, HexLiteralKind, LiteralKind, SpecialLiteralKind,
};

use crate::error::{Excerpt, Invalid};

/// Regular-expression text, checked but not compiled.
///
/// A pattern is searched for: it matches a value in which it is found anywhere, unless it is anchored. It works on
/// bytes, and `\d`, `\w`, `\s`, `\b` and `(?i)` are those of ASCII.
///
/// The syntax is what PCRE (ingress-nginx), RE2 (Envoy, Istio, Gloo) and the `regex` crate (Linkerd, and the
/// [`Selector`](crate::Selector)) read alike. What one of them reads differently or cannot run in linear time is refused:
/// lookaround, back references, possessive quantifiers, atomic groups, set operators and nested classes, `\Q..\E`, `\v`,
/// counted repetition above 1000, and more. Header values come from strangers, so nothing here backtracks.
///
/// ```
/// use canary_policy::Pattern;
///
/// assert_eq!(Pattern::new("^v[0-9]+$")?.as_str(), "^v[0-9]+$");
/// assert_eq!(
///     Pattern::new("(?=beta)").unwrap_err().to_string(),
///     "the pattern `(?=beta)` is refused at byte 0: look-around, including look-ahead and look-behind, is not supported",
/// );
/// assert_eq!(
///     Pattern::new("a++").unwrap_err().to_string(),
///     "the pattern `a++` is refused at byte 0: a quantifier follows a quantifier, which PCRE reads as possessive or refuses",
/// );
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// The most bytes a pattern may have: what the Gateway API lets a header match have.
    pub const MAX_LEN: usize = 4096;

    /// The most bytes its compiled form may need.
    const MAX_SIZE: usize = 1 << 20;

    /// The most groups inside groups. PCRE gives up at 250.
    const MAX_NEST: u32 = 100;

    /// A pattern.
    ///
    /// # Errors
    ///
    /// It is empty or longer than [`MAX_LEN`](Self::MAX_LEN), it is not a regular expression, its targets would not read
    /// it alike, or its compiled form would need more than 1 MiB.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() || text.len() > Self::MAX_LEN {
            return Err(Invalid::PatternLength { length: text.len() });
        }
        let refuse = |at, why: String| Invalid::PatternSyntax { pattern: Excerpt::of(text), at, why };

        if let Some(at) = text.bytes().position(|byte| !matches!(byte, b' '..=b'~')) {
            return Err(refuse(at, "only printable ASCII is read alike everywhere".to_owned()));
        }
        let ast = ast::parse::ParserBuilder::new()
            .nest_limit(Self::MAX_NEST)
            .build()
            .parse(text)
            .map_err(|error| refuse(error.span().start.offset, syntax(error.kind())))?;
        ast::visit(&ast, Portable { text, repeats: Vec::new() }).map_err(|(at, why)| refuse(at, why.to_owned()))?;

        let pattern = Pattern(text.to_owned());
        match pattern.compile() {
            Ok(_) => Ok(pattern),
            Err(regex::Error::CompiledTooBig(bound)) => Err(Invalid::PatternSize { pattern: Excerpt::of(text), bound }),
            Err(error) => Err(refuse(0, last_line(&error.to_string()))),
        }
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The automaton that searches for the pattern. `new` made it once with these very limits, so it can be made again.
    pub(crate) fn compile(&self) -> Result<Regex, regex::Error> {
        RegexBuilder::new(&self.0).unicode(false).size_limit(Self::MAX_SIZE).nest_limit(Self::MAX_NEST).build()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the parser says, or more where it knows less than PCRE does.
fn syntax(kind: &ast::ErrorKind) -> String {
    match kind {
        ast::ErrorKind::FlagUnrecognized => "no such flag, or a kind of group that only PCRE has".to_owned(),
        kind => kind.to_string(),
    }
}

/// `regex` prints the pattern again above what it says of it.
fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message);
    line.trim_start_matches("error: ").to_owned()
}

/// Refuses what parses and yet means something else, or nothing, to PCRE 8 or RE2. Each `Err` is a place and a reason.
struct Portable<'t> {
    text: &'t str,
    /// How often each of the enclosing repetitions may repeat.
    repeats: Vec<u32>,
}

type Refusal = (usize, &'static str);

impl Portable<'_> {
    /// RE2's bound on one counted repetition, and on nested ones together.
    const MAX_REPEAT: u32 = 1000;

    const UNICODE: &'static str = "a Unicode class matches characters where PCRE matches bytes";

    fn repetition(&mut self, repetition: &ast::Repetition) -> Result<(), Refusal> {
        let at = repetition.span.start.offset;
        match &*repetition.ast {
            Ast::Repetition(_) => {
                return Err((at, "a quantifier follows a quantifier, which PCRE reads as possessive or refuses"));
            }
            Ast::Assertion(_) => return Err((at, "a quantifier follows an assertion, which PCRE refuses")),
            _ => {}
        }
        let count = match &repetition.op.kind {
            ast::RepetitionKind::Range(ast::RepetitionRange::Bounded(_, most)) => *most,
            ast::RepetitionKind::Range(ast::RepetitionRange::Exactly(least) | ast::RepetitionRange::AtLeast(least)) => {
                *least
            }
            _ => 1,
        };
        self.repeats.push(count.max(1));
        let product = self.repeats.iter().fold(1_u32, |product, &count| product.saturating_mul(count));
        if product > Self::MAX_REPEAT {
            Err((at, "it repeats more than 1000 times, which RE2 refuses"))
        } else {
            Ok(())
        }
    }

    fn literal(literal: &ast::Literal) -> Result<(), Refusal> {
        let at = literal.span.start.offset;
        match literal.kind {
            LiteralKind::HexBrace(_)
            | LiteralKind::HexFixed(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong) => {
                Err((at, "a code point stands for one byte in PCRE and for several elsewhere"))
            }
            LiteralKind::Special(SpecialLiteralKind::VerticalTab) => {
                Err((at, r"`\v` is any vertical space in PCRE and one character elsewhere"))
            }
            _ => Ok(()),
        }
    }

    fn flags(flags: &ast::Flags) -> Result<(), Refusal> {
        let foreign = |item: &&ast::FlagsItem| {
            matches!(item.kind, FlagsItemKind::Flag(Flag::Unicode | Flag::CRLF | Flag::IgnoreWhitespace))
        };
        match flags.items.iter().find(foreign) {
            Some(item) => Err((item.span.start.offset, "of the flags only i, m, s and U are read alike everywhere")),
            None => Ok(()),
        }
    }

    /// PCRE takes `[:alpha:]`, `[.x.]` and `[=x=]` outside a class for a mistake; elsewhere they are classes.
    fn class(&self, class: &ast::ClassBracketed) -> Result<(), Refusal> {
        let at = class.span.start.offset;
        let inside = self.text.get(at + 1..class.span.end.offset - 1).unwrap_or_default();
        let collating =
            [':', '.', '='].iter().any(|&mark| inside.len() > 1 && inside.starts_with(mark) && inside.ends_with(mark));
        if collating { Err((at, "a named class stands inside a class, as in `[[:alpha:]]`")) } else { Ok(()) }
    }
}

impl ast::Visitor for Portable<'_> {
    type Output = ();
    type Err = Refusal;

    fn finish(self) -> Result<(), Refusal> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Refusal> {
        match ast {
            Ast::Repetition(repetition) => self.repetition(repetition),
            Ast::Literal(literal) => Self::literal(literal),
            Ast::Flags(set) => Self::flags(&set.flags),
            Ast::Group(group) => group.flags().map_or(Ok(()), Self::flags),
            Ast::ClassBracketed(class) => self.class(class),
            Ast::Assertion(assertion) => match assertion.kind {
                ast::AssertionKind::StartLine
                | ast::AssertionKind::EndLine
                | ast::AssertionKind::StartText
                | ast::AssertionKind::EndText
                | ast::AssertionKind::WordBoundary
                | ast::AssertionKind::NotWordBoundary => Ok(()),
                _ => Err((assertion.span.start.offset, "half and named word boundaries exist in one engine only")),
            },
            Ast::ClassUnicode(class) => Err((class.span.start.offset, Self::UNICODE)),
            Ast::Empty(_) | Ast::Dot(_) | Ast::ClassPerl(_) | Ast::Alternation(_) | Ast::Concat(_) => Ok(()),
        }
    }

    fn visit_post(&mut self, ast: &Ast) -> Result<(), Refusal> {
        if let Ast::Repetition(_) = ast {
            self.repeats.pop();
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Refusal> {
        match item {
            ClassSetItem::Bracketed(class) => {
                Err((class.span.start.offset, "a class inside a class is a literal `[` in PCRE and RE2"))
            }
            ClassSetItem::Literal(literal) => Self::literal(literal),
            ClassSetItem::Range(range) => Self::literal(&range.start).and_then(|()| Self::literal(&range.end)),
            ClassSetItem::Unicode(class) => Err((class.span.start.offset, Self::UNICODE)),
            _ => Ok(()),
        }
    }

    fn visit_class_set_binary_op_pre(&mut self, op: &ast::ClassSetBinaryOp) -> Result<(), Refusal> {
        Err((op.span.start.offset, "set operators are literals in PCRE and RE2"))
    }
}
