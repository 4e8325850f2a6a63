//! How large RE2 makes a regular expression: Envoy, and what is built on it, refuse one above a bound.
//!
//! RE2 counts the instructions of its program (`RE2::ProgramSize`). Here they are counted on what `regex-syntax` parses,
//! never fewer and seldom many more: against `google-re2` 1.1.20251105, with 210,000 generated expressions in each of the two
//! ways of reading, none was counted too small, and half of them no more than 10 too large.

use regex_syntax::ast::{AssertionKind, Ast, Flag, Flags, GroupKind, RepetitionKind, RepetitionRange, parse};
use regex_syntax::hir::translate::TranslatorBuilder;
use regex_syntax::hir::{Class, HirKind};

/// What every program has: the loop in front of it, and its end.
const FRAME: usize = 4;

/// The same where both ends are anchored.
const ANCHORED: usize = 3;

/// How RE2 is told to read a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// Byte by byte.
    Bytes,
    /// Character by character, of which those behind ASCII are several bytes.
    Utf8,
}

/// At most how many instructions RE2 makes of an expression.
pub(super) fn program_size(regex: &str, reads: Reads) -> usize {
    let Ok(ast) = parse::Parser::new().parse(regex) else { return usize::MAX };
    let (parts, frame) = match &ast {
        // Anchors at both ends of the whole are no instructions, and leave the loop out.
        Ast::Concat(concat) => match concat.asts.as_slice() {
            [Ast::Assertion(first), parts @ .., Ast::Assertion(last)]
                if first.kind == AssertionKind::StartLine && last.kind == AssertionKind::EndLine =>
            {
                (parts, ANCHORED)
            }
            parts => (parts, FRAME),
        },
        single => (std::slice::from_ref(single), FRAME),
    };
    let mut count = Count { regex, reads, folds: false };
    parts.iter().map(|part| count.size(part).instructions).fold(frame, usize::saturating_add)
}

struct Count<'r> {
    regex: &'r str,
    reads: Reads,
    /// Whether letter case is disregarded here.
    folds: bool,
}

/// What an expression comes to.
struct Size {
    instructions: usize,
    /// Whether it matches the empty text.
    empty: bool,
}

impl Count<'_> {
    fn size(&mut self, ast: &Ast) -> Size {
        let some = |instructions| Size { instructions, empty: false };
        match ast {
            Ast::Flags(set) => {
                self.set(&set.flags);
                Size { instructions: 1, empty: true }
            }
            Ast::Empty(_) | Ast::Assertion(_) => Size { instructions: 1, empty: true },
            Ast::Literal(literal) if literal.c.is_ascii() => {
                some(1 + self.folded(|byte| char::from(byte).eq_ignore_ascii_case(&literal.c), false))
            }
            Ast::Literal(literal) => some(literal.c.len_utf8()),
            Ast::Dot(_) | Ast::ClassUnicode(_) | Ast::ClassPerl(_) | Ast::ClassBracketed(_) => some(self.class(ast)),
            Ast::Repetition(repetition) => {
                let sub = self.size(&repetition.ast);
                repeated(&repetition.op.kind, &sub)
            }
            Ast::Group(group) => {
                let before = self.folds;
                if let GroupKind::NonCapturing(flags) = &group.kind {
                    self.set(flags);
                }
                let Size { instructions, empty } = self.size(&group.ast);
                self.folds = before;
                let captures = if group.is_capturing() { 2 } else { 0 };
                Size { instructions: instructions.saturating_add(captures), empty }
            }
            Ast::Alternation(alternation) => {
                alternation.asts.iter().map(|ast| self.size(ast)).fold(some(1), |sum, branch| Size {
                    instructions: sum.instructions.saturating_add(branch.instructions).saturating_add(1),
                    empty: sum.empty || branch.empty,
                })
            }
            Ast::Concat(concat) => {
                let none = Size { instructions: 0, empty: true };
                concat.asts.iter().map(|ast| self.size(ast)).fold(none, |sum, part| Size {
                    instructions: sum.instructions.saturating_add(part.instructions),
                    empty: sum.empty && part.empty,
                })
            }
        }
    }

    fn set(&mut self, flags: &Flags) {
        self.folds = flags.flag_state(Flag::CaseInsensitive).unwrap_or(self.folds);
    }

    fn class(&self, ast: &Ast) -> usize {
        // As bytes, so that what RE2 reads as ASCII is ASCII here too.
        let mut translator = TranslatorBuilder::new().unicode(false).utf8(false).case_insensitive(self.folds).build();
        let hir = translator.translate(self.regex, ast);
        let ranges: Vec<(u8, u8)> = match hir.as_ref().map(regex_syntax::hir::Hir::kind) {
            Ok(HirKind::Class(Class::Bytes(class))) => class.iter().map(|range| (range.start(), range.end())).collect(),
            Ok(HirKind::Literal(literal)) => literal.0.iter().map(|byte| (*byte, *byte)).collect(),
            _ => return usize::MAX,
        };
        let has = |byte| ranges.iter().any(|(start, end)| (*start..=*end).contains(&byte));
        let beyond = ranges.is_empty() || ranges.iter().any(|(_, end)| *end > 0x7f);
        // RE2's `\s` leaves out a byte in the middle.
        let blanks = usize::from(has(0x0b) != beyond);
        let rest = if beyond && self.reads == Reads::Utf8 { 6 } else { 0 };
        ranges.len() + blanks + self.folded(has, beyond) + rest
    }

    /// Behind ASCII there are characters that fold to `k` and to `s`: a class has them, or has to leave them out.
    fn folded(&self, has: impl Fn(u8) -> bool, beyond: bool) -> usize {
        let [k, s] = match (self.reads, beyond) {
            (Reads::Bytes, _) => [0, 0],
            (Reads::Utf8, true) => [14, 10],
            (Reads::Utf8, false) => [3, 2],
        };
        let one = |letter, size| if self.folds && has(letter) != beyond { size } else { 0 };
        one(b'k', k) + one(b's', s)
    }
}

/// RE2 writes out every copy, and what may be left out with a way around it. What can be empty has loops of its own.
fn repeated(kind: &RepetitionKind, sub: &Size) -> Size {
    let (least, most) = match kind {
        RepetitionKind::ZeroOrOne => (0, Some(1)),
        RepetitionKind::ZeroOrMore => (0, None),
        RepetitionKind::OneOrMore => (1, None),
        RepetitionKind::Range(RepetitionRange::Exactly(count)) => (*count, Some(*count)),
        RepetitionKind::Range(RepetitionRange::AtLeast(least)) => (*least, None),
        RepetitionKind::Range(RepetitionRange::Bounded(least, most)) => (*least, Some(*most)),
    };
    if most == Some(0) {
        return Size { instructions: 1, empty: true };
    }
    let copies = most.unwrap_or(least).max(1);
    let around = most.map_or(1, |most| most.saturating_sub(least));
    let one = sub.instructions.saturating_add(if sub.empty { 3 } else { 0 });
    let times = |count: u32, each: usize| usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(each);
    Size { instructions: times(copies, one).saturating_add(times(around, 2)), empty: least == 0 || sub.empty }
}
