//! How large RE2 makes a regular expression: Envoy, and what is built on it, refuse one above a bound.
//!
//! RE2 counts the instructions of its program (`RE2::ProgramSize`). Here they are counted on what `regex-syntax` parses,
//! never fewer and seldom many more: against `google-re2` 1.1.20251105, with 900,000 generated expressions in each of the two
//! ways of reading, none was counted too small, and half of them no more than 6 too large.

use std::ops::Add;

use regex_syntax::ast::{AssertionKind, Ast, Flag, Flags, GroupKind, RepetitionKind, RepetitionRange, parse};
use regex_syntax::hir::translate::TranslatorBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::table::Condition;

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

/// Whether RE2 makes no more than this many instructions of the expression that a condition was written as.
pub(super) fn fits(condition: Condition<'_>, regex: &str, reads: Reads, bound: usize) -> bool {
    // A character is one instruction, or four where it has two cases or is several bytes. What stands around a cookie's name
    // and value comes to less than this, so that most of them need not be parsed.
    let (around, each) = match reads {
        Reads::Bytes => (30, 1),
        Reads::Utf8 => (60, 4),
    };
    let text = match condition {
        Condition::Cookie(name, value) | Condition::Affinity(name, value) => Some(name.as_str().len() + value.len()),
        _ => None,
    };
    text.is_some_and(|text| around + each * text <= bound) || program_size(regex, reads) <= bound
}

/// At most how many instructions RE2 makes of an expression.
fn program_size(regex: &str, reads: Reads) -> usize {
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
#[derive(Clone, Copy)]
struct Size {
    instructions: usize,
    /// Whether it matches the empty text.
    empty: bool,
    /// Whether it has a loop.
    loops: bool,
}

impl Size {
    fn some(instructions: usize) -> Self {
        Size { instructions, empty: false, loops: false }
    }

    fn none(instructions: usize) -> Self {
        Size { empty: true, ..Size::some(instructions) }
    }
}

/// One behind the other.
impl Add for Size {
    type Output = Size;

    fn add(self, next: Size) -> Size {
        Size {
            instructions: self.instructions.saturating_add(next.instructions),
            empty: self.empty && next.empty,
            loops: self.loops || next.loops,
        }
    }
}

impl Count<'_> {
    fn size(&mut self, ast: &Ast) -> Size {
        match ast {
            Ast::Flags(set) => {
                self.set(&set.flags);
                Size::none(1)
            }
            Ast::Empty(_) | Ast::Assertion(_) => Size::none(1),
            Ast::Literal(literal) if literal.c.is_ascii() => {
                let has = |byte| char::from(byte).eq_ignore_ascii_case(&literal.c);
                Size::some(1 + self.folded(has, false))
            }
            Ast::Literal(literal) => Size::some(literal.c.len_utf8()),
            Ast::Dot(_) | Ast::ClassUnicode(_) | Ast::ClassPerl(_) | Ast::ClassBracketed(_) => {
                Size::some(self.class(ast))
            }
            Ast::Repetition(repetition) => {
                let sub = self.size(&repetition.ast);
                repeated(&repetition.op.kind, sub, matches!(&*repetition.ast, Ast::Group(_)))
            }
            Ast::Group(group) => {
                let before = self.folds;
                if let GroupKind::NonCapturing(flags) = &group.kind {
                    self.set(flags);
                }
                let size = self.size(&group.ast);
                self.folds = before;
                if group.is_capturing() {
                    Size { instructions: size.instructions.saturating_add(2), ..size }
                } else {
                    size
                }
            }
            Ast::Alternation(alternation) => {
                let branches = alternation.asts.iter().map(|ast| self.size(ast));
                branches.fold(Size::some(1), |sum, branch| {
                    let empty = sum.empty || branch.empty;
                    Size { empty, ..sum + branch + Size::none(1) }
                })
            }
            Ast::Concat(concat) => concat.asts.iter().map(|ast| self.size(ast)).fold(Size::none(0), Size::add),
        }
    }

    fn set(&mut self, flags: &Flags) {
        self.folds = flags.flag_state(Flag::CaseInsensitive).unwrap_or(self.folds);
    }

    fn class(&self, ast: &Ast) -> usize {
        // As bytes, so that what RE2 reads as ASCII is ASCII here too.
        let mut translator = TranslatorBuilder::new().unicode(false).utf8(false).case_insensitive(self.folds).build();
        let hir = translator.translate(self.regex, ast);
        let ranges: Vec<(u8, u8)> = match hir.as_ref().map(Hir::kind) {
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

/// RE2 writes out every copy, and what may be left out with a way around it.
fn repeated(kind: &RepetitionKind, sub: Size, group: bool) -> Size {
    let (least, most) = match kind {
        RepetitionKind::ZeroOrOne => (0, Some(1)),
        RepetitionKind::ZeroOrMore => (0, None),
        RepetitionKind::OneOrMore => (1, None),
        RepetitionKind::Range(RepetitionRange::Exactly(count)) => (*count, Some(*count)),
        RepetitionKind::Range(RepetitionRange::AtLeast(least)) => (*least, None),
        RepetitionKind::Range(RepetitionRange::Bounded(least, most)) => (*least, Some(*most)),
    };
    if most == Some(0) {
        return Size::none(1);
    }
    // What can be empty, or loops in a loop, is entered in two ways.
    let entries = if sub.empty || (sub.loops && most.is_none()) { 2 } else { 1 };
    let one = sub.instructions.saturating_add(if sub.empty { 2 } else { 0 }).saturating_mul(entries);
    let times = |count: u32, each: usize| usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(each);
    let way = if group { 2 } else { 1 };
    let around = match most {
        Some(most) => times(most.saturating_sub(least), way),
        // A loop that is entered at once has one more.
        None => way + usize::from(least > 0),
    };
    Size {
        instructions: times(most.unwrap_or(least).max(1), one).saturating_add(around),
        empty: least == 0 || sub.empty,
        loops: sub.loops || most.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Invalid;
    use crate::policy::CookieName;
    use crate::targets::regex;

    /// What is not parsed is what would have fitted.
    #[test]
    fn the_short_way_is_never_too_short() -> Result<(), Invalid> {
        for name in ["a", "K", "sks", "a b", "!#$%&'*+-./:^_`|~", "session.id"] {
            for value in ["", "x", "always", "SKsk", "été", "\u{10ffff}", "a.b*c", &"k".repeat(40)] {
                let cookie = CookieName::new(name)?;
                let written = [
                    (Condition::Cookie(&cookie, value), regex::cookie(name, value)),
                    (Condition::Affinity(&cookie, value), regex::affinity_cookie(name, value)),
                ];
                for (condition, regex) in written {
                    for reads in [Reads::Bytes, Reads::Utf8] {
                        let size = program_size(&regex, reads);
                        assert!(!fits(condition, &regex, reads, size - 1), "{regex}: {size}");
                        assert!(fits(condition, &regex, reads, size));
                    }
                }
            }
        }
        Ok(())
    }
}
