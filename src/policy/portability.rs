//! The portability of a pattern: whether PCRE 8, RE2 and the `regex` crate read it alike.
//!
//! The rules were compared with PCRE 8.39 on generated patterns until no difference was left; `tests/oracles/pcre.rs` repeats
//! the comparison.

use regex_syntax::ast::{
    self, Ast, ClassSetItem, Flag, FlagsItemKind, HexLiteralKind, LiteralKind, SpecialLiteralKind,
};

/// Why a pattern is refused.
pub(super) struct Refusal {
    /// The place, in bytes from the start of the pattern.
    pub(super) at: usize,
    /// What is wrong at that place.
    pub(super) why: &'static str,
}

fn refuse(at: usize, why: &'static str) -> Result<(), Refusal> {
    Err(Refusal { at, why })
}

/// Refuses a parsed pattern that means something else to PCRE 8 or RE2, or that one of them refuses.
pub(super) fn check(text: &str, pattern: &Ast) -> Result<(), Refusal> {
    ast::visit(pattern, Check { text, repeats: Vec::new(), size: 0 })
}

/// The state of the check while it walks the pattern.
struct Check<'t> {
    text: &'t str,
    /// The repetitions around the current place, outermost first.
    repeats: Vec<Repeat>,
    /// A lower bound on the bytes that PCRE needs for the pattern up to the current place.
    size: usize,
}

/// A repetition, such as `(ab){2,5}`.
struct Repeat {
    /// The largest count, or the smallest if there is no largest one. In the example it is 5.
    count: u32,
    /// The number of copies that PCRE makes of the repeated expression: `count` for a group, 1 for anything else.
    copies: usize,
}

impl Check<'_> {
    /// The bound of RE2 on one counted repetition, and on the product of nested ones.
    const MAX_REPEAT: u32 = 1000;

    /// A little less than the bound of PCRE, 65535 bytes, because not everything is counted.
    const MAX_PCRE: usize = 65_000;

    const UNICODE: &'static str = "a Unicode class matches characters where PCRE matches bytes";

    fn repetition(&mut self, repetition: &ast::Repetition) -> Result<(), Refusal> {
        let at = repetition.op.span.start.offset;
        match &*repetition.ast {
            Ast::Repetition(_) => {
                return refuse(at, "a quantifier follows a quantifier, which PCRE reads as possessive or refuses");
            }
            Ast::Assertion(_) => return refuse(at, "a quantifier follows an assertion, which PCRE refuses"),
            _ => {}
        }
        if self.text(repetition.op.span).contains(' ') {
            return refuse(at, "PCRE reads a counted repetition with spaces in it as literal text");
        }
        let count = match &repetition.op.kind {
            ast::RepetitionKind::Range(ast::RepetitionRange::Bounded(_, most)) => *most,
            ast::RepetitionKind::Range(ast::RepetitionRange::Exactly(least) | ast::RepetitionRange::AtLeast(least)) => {
                *least
            }
            _ => 1,
        };
        let count = count.max(1);
        let is_group = matches!(&*repetition.ast, Ast::Group(_));
        let copies = if is_group { usize::try_from(count).unwrap_or(usize::MAX) } else { 1 };
        self.repeats.push(Repeat { count, copies });
        let product = self.repeats.iter().fold(1_u32, |product, repeat| product.saturating_mul(repeat.count));
        if product > Self::MAX_REPEAT {
            refuse(at, "RE2 refuses more than 1000 repetitions, and nested ones are multiplied")
        } else {
            Ok(())
        }
    }

    /// Adds the bytes that PCRE needs for an expression, with a copy for each time that a group around it is repeated.
    ///
    /// The sizes are those of PCRE 8 with links of two bytes: a class is a table of 256 bits, a group has two links,
    /// and each further branch has one.
    fn grow(&mut self, ast: &Ast) -> Result<(), Refusal> {
        let bytes = match ast {
            Ast::ClassBracketed(_) => 33,
            Ast::Group(group) if group.is_capturing() => 8,
            Ast::Group(_) => 6,
            Ast::Alternation(alternation) => alternation.asts.len().saturating_sub(1).saturating_mul(3),
            Ast::Literal(_) => 2,
            Ast::Empty(_) | Ast::Concat(_) => 0,
            _ => 1,
        };
        let copies = self.repeats.iter().fold(1_usize, |product, repeat| product.saturating_mul(repeat.copies));
        self.size = self.size.saturating_add(copies.saturating_mul(bytes));
        if self.size > Self::MAX_PCRE {
            refuse(ast.span().start.offset, "the pattern is too large for PCRE, which copies repeated groups")
        } else {
            Ok(())
        }
    }

    fn text(&self, span: ast::Span) -> &str {
        self.text.get(span.start.offset..span.end.offset).unwrap_or_default()
    }

    fn group(group: &ast::Group) -> Result<(), Refusal> {
        match &group.kind {
            ast::GroupKind::NonCapturing(flags) => Self::flags(flags),
            ast::GroupKind::CaptureIndex(_) => Ok(()),
            ast::GroupKind::CaptureName { name, .. } => {
                let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
                if name.name.len() <= 32 && name.name.bytes().all(word) {
                    Ok(())
                } else {
                    refuse(group.span.start.offset, "PCRE takes group names of up to 32 letters, digits and _")
                }
            }
        }
    }

    fn literal(literal: &ast::Literal) -> Result<(), Refusal> {
        let at = literal.span.start.offset;
        match literal.kind {
            LiteralKind::HexBrace(_)
            | LiteralKind::HexFixed(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong) => {
                refuse(at, "a code point is one byte in PCRE and several bytes elsewhere")
            }
            LiteralKind::Special(SpecialLiteralKind::VerticalTab) => {
                refuse(at, r"`\v` is any vertical space in PCRE and one character elsewhere")
            }
            _ => Ok(()),
        }
    }

    fn assertion(assertion: &ast::Assertion) -> Result<(), Refusal> {
        match assertion.kind {
            ast::AssertionKind::StartLine
            | ast::AssertionKind::EndLine
            | ast::AssertionKind::StartText
            | ast::AssertionKind::EndText
            | ast::AssertionKind::WordBoundary
            | ast::AssertionKind::NotWordBoundary => Ok(()),
            _ => refuse(assertion.span.start.offset, "only one engine has half and named word boundaries"),
        }
    }

    fn flags(flags: &ast::Flags) -> Result<(), Refusal> {
        let refused = |item: &&ast::FlagsItem| {
            matches!(item.kind, FlagsItemKind::Flag(Flag::Unicode | Flag::CRLF | Flag::IgnoreWhitespace))
        };
        match flags.items.iter().find(refused) {
            Some(item) => refuse(item.span.start.offset, "only the flags i, m, s and U mean the same to every engine"),
            None => Ok(()),
        }
    }

    /// Refuses a class whose beginning PCRE reads differently: `[:alpha:]`, `[.x.]` and `[=x=]` are errors in PCRE, and
    /// a `-` after a first `-` or `]` makes a range.
    fn class(&self, class: &ast::ClassBracketed) -> Result<(), Refusal> {
        let at = class.span.start.offset;
        let whole = self.text(class.span);
        let inside = whole.get(1..whole.len() - 1).unwrap_or_default();
        let is_named = |mark| inside.len() > 1 && inside.starts_with(mark) && inside.ends_with(mark);
        if [':', '.', '='].into_iter().any(is_named) && !inside.contains(']') {
            return refuse(at, "a named class is valid only inside a class, as in `[[:alpha:]]`");
        }
        let members = inside.strip_prefix('^').unwrap_or(inside);
        let range = members.len() > 2 && (members.starts_with("--") || members.starts_with("]-"));
        if range && members.bytes().any(|byte| byte != b'-') {
            return refuse(
                at,
                "PCRE and RE2 read the first `-` or `]` as the start of a range: put it last, or escape it",
            );
        }
        Ok(())
    }
}

impl ast::Visitor for Check<'_> {
    type Output = ();
    type Err = Refusal;

    fn finish(self) -> Result<(), Refusal> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Refusal> {
        self.grow(ast)?;
        match ast {
            Ast::Repetition(repetition) => self.repetition(repetition),
            Ast::Literal(literal) => Self::literal(literal),
            Ast::Flags(set) => Self::flags(&set.flags),
            Ast::Group(group) => Self::group(group),
            Ast::ClassBracketed(class) => self.class(class),
            Ast::Assertion(assertion) => Self::assertion(assertion),
            Ast::ClassUnicode(class) => refuse(class.span.start.offset, Self::UNICODE),
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
                refuse(class.span.start.offset, "PCRE and RE2 read a class inside a class as a literal `[`")
            }
            ClassSetItem::Literal(literal) => Self::literal(literal),
            ClassSetItem::Range(range) if self.text(range.end.span) == "[" => refuse(
                range.end.span.start.offset,
                "PCRE can read an unescaped `[` at the end of a range as the start of a named class",
            ),
            ClassSetItem::Range(range) => Self::literal(&range.start).and_then(|()| Self::literal(&range.end)),
            ClassSetItem::Unicode(class) => refuse(class.span.start.offset, Self::UNICODE),
            _ => Ok(()),
        }
    }

    fn visit_class_set_binary_op_pre(&mut self, op: &ast::ClassSetBinaryOp) -> Result<(), Refusal> {
        refuse(op.span.start.offset, "PCRE and RE2 read set operators as literal text")
    }
}
