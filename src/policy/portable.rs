//! What PCRE 8, RE2 and `regex` read alike.

use regex_syntax::ast::{
    self, Ast, ClassSetItem, Flag, FlagsItemKind, HexLiteralKind, LiteralKind, SpecialLiteralKind,
};

/// A place, in bytes, and a reason.
type Refusal = (usize, &'static str);

/// Refuses a pattern that parses here and means something else, or nothing, to PCRE 8 or RE2.
pub(super) fn check(text: &str, pattern: &Ast) -> Result<(), Refusal> {
    ast::visit(pattern, Portable { text, repeats: Vec::new(), size: 0 })
}

/// What the check knows at a place.
struct Portable<'t> {
    text: &'t str,
    /// How often each of the enclosing repetitions may repeat, and how many copies PCRE makes of what is in it.
    repeats: Vec<(u32, usize)>,
    /// About how many bytes PCRE needs, at least.
    size: usize,
}

impl Portable<'_> {
    /// RE2's bound on one counted repetition, and on nested ones together.
    const MAX_REPEAT: u32 = 1000;

    /// PCRE's bound is 65535 bytes; a little is left for what is not counted.
    const MAX_PCRE: usize = 65_000;

    const UNICODE: &'static str = "a Unicode class matches characters where PCRE matches bytes";

    fn repetition(&mut self, repetition: &ast::Repetition) -> Result<(), Refusal> {
        let at = repetition.op.span.start.offset;
        match &*repetition.ast {
            Ast::Repetition(_) => {
                return Err((at, "a quantifier follows a quantifier, which PCRE reads as possessive or refuses"));
            }
            Ast::Assertion(_) => return Err((at, "a quantifier follows an assertion, which PCRE refuses")),
            _ => {}
        }
        if self.text(repetition.op.span).contains(' ') {
            return Err((at, "blanks in a counted repetition make it literal text in PCRE"));
        }
        let count = match &repetition.op.kind {
            ast::RepetitionKind::Range(ast::RepetitionRange::Bounded(_, most)) => *most,
            ast::RepetitionKind::Range(ast::RepetitionRange::Exactly(least) | ast::RepetitionRange::AtLeast(least)) => {
                *least
            }
            _ => 1,
        };
        let count = count.max(1);
        let copies =
            if let Ast::Group(_) = &*repetition.ast { usize::try_from(count).unwrap_or(usize::MAX) } else { 1 };
        self.repeats.push((count, copies));
        let product = self.repeats.iter().fold(1_u32, |product, &(count, _)| product.saturating_mul(count));
        if product > Self::MAX_REPEAT {
            Err((at, "it repeats more than 1000 times, which RE2 refuses"))
        } else {
            Ok(())
        }
    }

    /// PCRE 8 writes a repeated group out, copy by copy. The sizes are those of its code with links of two bytes: a class
    /// is a table of 256 bits, a group has two links, each further branch one.
    fn grow(&mut self, ast: &Ast) -> Result<(), Refusal> {
        let bytes = match ast {
            Ast::ClassBracketed(_) => 33,
            Ast::Group(group) => {
                if group.is_capturing() {
                    8
                } else {
                    6
                }
            }
            Ast::Alternation(alternation) => alternation.asts.len().saturating_sub(1).saturating_mul(3),
            Ast::Literal(_) => 2,
            Ast::Empty(_) | Ast::Concat(_) => 0,
            _ => 1,
        };
        let copies = self.repeats.iter().fold(1_usize, |product, &(_, copies)| product.saturating_mul(copies));
        self.size = self.size.saturating_add(copies.saturating_mul(bytes));
        if self.size > Self::MAX_PCRE {
            Err((ast.span().start.offset, "with its repetitions written out it is too large for PCRE"))
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
                    Err((group.span.start.offset, "PCRE takes group names of up to 32 letters, digits and _"))
                }
            }
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

    fn assertion(assertion: &ast::Assertion) -> Result<(), Refusal> {
        match assertion.kind {
            ast::AssertionKind::StartLine
            | ast::AssertionKind::EndLine
            | ast::AssertionKind::StartText
            | ast::AssertionKind::EndText
            | ast::AssertionKind::WordBoundary
            | ast::AssertionKind::NotWordBoundary => Ok(()),
            _ => Err((assertion.span.start.offset, "half and named word boundaries exist in one engine only")),
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

    /// What PCRE reads otherwise at the beginning of a class: `[:alpha:]`, `[.x.]` and `[=x=]` are mistakes there, and a
    /// `-` behind a first `-` or `]` makes a range.
    fn class(&self, class: &ast::ClassBracketed) -> Result<(), Refusal> {
        let at = class.span.start.offset;
        let whole = self.text(class.span);
        let inside = whole.get(1..whole.len() - 1).unwrap_or_default();
        let collating = |mark| inside.len() > 1 && inside.starts_with(mark) && inside.ends_with(mark);
        if [':', '.', '='].into_iter().any(collating) && !inside.contains(']') {
            return Err((at, "a named class stands inside a class, as in `[[:alpha:]]`"));
        }
        let members = inside.strip_prefix('^').unwrap_or(inside);
        let range = members.len() > 2 && (members.starts_with("--") || members.starts_with("]-"));
        if range && members.bytes().any(|byte| byte != b'-') {
            return Err((at, "a range begins with the first `-` or `]` in PCRE and RE2: put it last, or escape it"));
        }
        Ok(())
    }
}

impl ast::Visitor for Portable<'_> {
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
            ClassSetItem::Range(range) if self.text(range.end.span) == "[" => {
                Err((range.end.span.start.offset, "an unescaped `[` ends a range"))
            }
            ClassSetItem::Range(range) => Self::literal(&range.start).and_then(|()| Self::literal(&range.end)),
            ClassSetItem::Unicode(class) => Err((class.span.start.offset, Self::UNICODE)),
            _ => Ok(()),
        }
    }

    fn visit_class_set_binary_op_pre(&mut self, op: &ast::ClassSetBinaryOp) -> Result<(), Refusal> {
        Err((op.span.start.offset, "set operators are literals in PCRE and RE2"))
    }
}
