//! The size of the program that RE2 compiles a regular expression to. Envoy, and targets built on Envoy, refuse a regular
//! expression whose program is too large.
//!
//! RE2 counts the instructions of its program (`RE2::ProgramSize`). This module estimates the count from the syntax tree of
//! `regex-syntax`. An estimate must not be too low: `tests/oracles/re2.rs` compares what the estimates accept with RE2 itself.
//! Half of the estimates are at most 6 instructions too high.

use std::ops::Add;

use regex_syntax::ast::{AssertionKind, Ast, Flag, Flags, GroupKind, RepetitionKind, parse};
use regex_syntax::hir::translate::TranslatorBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::{Condition, repetition_bounds};

/// The instructions that every program has besides those of its expression: the loop before the expression, and the end.
const FRAME: usize = 4;

/// The same number for an expression that is anchored at both ends.
const ANCHORED_FRAME: usize = 3;

/// The additional instructions of a class in UTF-8 that is written with a character from `\x80` to `\xff`, measured with RE2.
/// Such a class divides the characters that have the same first byte.
const LATIN_CLASS: usize = 18;

/// Further ones if letter case does not count: the other cases of these characters have other first bytes.
const LATIN_FOLDING: usize = 22;

/// How RE2 reads the text that it matches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::targets) enum Encoding {
    /// Byte by byte.
    Bytes,
    /// Character by character; characters outside ASCII are several bytes.
    Utf8,
}

/// Whether RE2 compiles the regular expression of a condition to at most `max_instructions`, by an estimate.
pub(super) fn fits(condition: Condition<'_>, regex: &str, encoding: Encoding, max_instructions: usize) -> bool {
    at_most(condition, encoding).is_some_and(|instructions| instructions <= max_instructions)
        || program_size(regex, encoding) <= max_instructions
}

/// An upper bound for a cookie that needs no parsing, by which most cookies fit.
///
/// What is written around the name and the value takes fewer than `around` instructions, and each of their bytes takes one. In
/// UTF-8, a `k` or `s` of the name takes up to four if letter case does not count: the Kelvin sign and the long s are other cases
/// of them.
fn at_most(condition: Condition<'_>, encoding: Encoding) -> Option<usize> {
    let is_long = |byte: &u8| matches!(byte.to_ascii_lowercase(), b'k' | b's');
    let (name, value, folding) = match condition {
        Condition::Cookie(name, value) => (name.as_str(), value, name.as_str().bytes().filter(is_long).count()),
        Condition::Affinity(name, value) | Condition::FormerToken(name, value) => (name.as_str(), value, 0),
        _ => return None,
    };
    let (around, folding) = match encoding {
        Encoding::Bytes => (40, 0),
        Encoding::Utf8 => (60, 3 * folding),
    };
    Some(around + name.len() + value.len() + folding)
}

/// An upper estimate of the instructions that RE2 compiles a regular expression to.
fn program_size(regex: &str, encoding: Encoding) -> usize {
    let Ok(ast) = parse::Parser::new().parse(regex) else { return usize::MAX };
    let (parts, frame) = match &ast {
        // Anchors at both ends need no instructions, and make the loop unnecessary.
        Ast::Concat(concat) => match concat.asts.as_slice() {
            [Ast::Assertion(first), parts @ .., Ast::Assertion(last)]
                if first.kind == AssertionKind::StartLine && last.kind == AssertionKind::EndLine =>
            {
                (parts, ANCHORED_FRAME)
            }
            parts => (parts, FRAME),
        },
        single => (std::slice::from_ref(single), FRAME),
    };
    let mut estimator = Estimator { regex, encoding, folds_case: false };
    parts.iter().map(|part| estimator.size(part).instructions).fold(frame, usize::saturating_add)
}

/// Estimates the size of one regular expression.
struct Estimator<'r> {
    regex: &'r str,
    encoding: Encoding,
    /// Whether the flag `i` is set at this place of the expression.
    folds_case: bool,
}

/// The size of a part of an expression, and the properties that the size of a repetition depends on.
#[derive(Clone, Copy)]
struct Size {
    instructions: usize,
    /// Whether the part matches the empty text.
    empty: bool,
    /// Whether the part contains a loop.
    loops: bool,
}

impl Size {
    /// A part that matches one or more characters.
    fn of_text(instructions: usize) -> Self {
        Size { instructions, empty: false, loops: false }
    }

    /// A part that may match the empty text.
    fn of_empty(instructions: usize) -> Self {
        Size { empty: true, ..Size::of_text(instructions) }
    }
}

/// The size of two parts in sequence.
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

impl Estimator<'_> {
    fn size(&mut self, ast: &Ast) -> Size {
        match ast {
            Ast::Flags(set) => {
                self.set_flags(&set.flags);
                Size::of_empty(1)
            }
            Ast::Empty(_) | Ast::Assertion(_) => Size::of_empty(1),
            Ast::Literal(literal) if literal.c.is_ascii() => {
                let has = |byte| char::from(byte).eq_ignore_ascii_case(&literal.c);
                Size::of_text(1 + self.folding_instructions(has, false))
            }
            // The other case of such a letter, such as U+00E5 and U+212B, may have another number of bytes.
            Ast::Literal(_) if self.folds_case => Size::of_text(5),
            Ast::Literal(literal) => Size::of_text(literal.c.len_utf8()),
            Ast::Dot(_) | Ast::ClassUnicode(_) | Ast::ClassPerl(_) | Ast::ClassBracketed(_) => {
                Size::of_text(self.class_instructions(ast))
            }
            Ast::Repetition(repetition) => {
                let part = self.size(&repetition.ast);
                repeated(&repetition.op.kind, part, matches!(&*repetition.ast, Ast::Group(_)))
            }
            Ast::Group(group) => {
                let outside = self.folds_case;
                if let GroupKind::NonCapturing(flags) = &group.kind {
                    self.set_flags(flags);
                }
                let size = self.size(&group.ast);
                self.folds_case = outside;
                if group.is_capturing() {
                    Size { instructions: size.instructions.saturating_add(2), ..size }
                } else {
                    size
                }
            }
            Ast::Alternation(alternation) => {
                let branches = alternation.asts.iter().map(|ast| self.size(ast));
                branches.fold(Size::of_text(1), |sum, branch| {
                    let empty = sum.empty || branch.empty;
                    Size { empty, ..sum + branch + Size::of_empty(1) }
                })
            }
            Ast::Concat(concat) => concat.asts.iter().map(|ast| self.size(ast)).fold(Size::of_empty(0), Size::add),
        }
    }

    fn set_flags(&mut self, flags: &Flags) {
        self.folds_case = flags.flag_state(Flag::CaseInsensitive).unwrap_or(self.folds_case);
    }

    /// The instructions of a class: one for each range of characters, and more for characters outside ASCII.
    fn class_instructions(&self, ast: &Ast) -> usize {
        // Unicode is off, because `\d`, `\s` and `\w` of RE2 contain ASCII characters only.
        let mut translator =
            TranslatorBuilder::new().unicode(false).utf8(false).case_insensitive(self.folds_case).build();
        let hir = translator.translate(self.regex, ast);
        let ranges: Vec<(u8, u8)> = match hir.as_ref().map(Hir::kind) {
            Ok(HirKind::Class(Class::Bytes(class))) => class.iter().map(|range| (range.start(), range.end())).collect(),
            Ok(HirKind::Literal(literal)) => literal.0.iter().map(|byte| (*byte, *byte)).collect(),
            _ => return usize::MAX,
        };
        let has = |byte| ranges.iter().any(|(start, end)| (*start..=*end).contains(&byte));
        let non_ascii = ranges.is_empty() || ranges.iter().any(|(_, end)| *end > 0x7f);
        // The vertical tab, 0x0b, belongs to `\s` in `regex-syntax` but not in RE2. RE2 may need one more range for a class that
        // has the tab here, and for a negated class that lacks it here.
        let split_range = usize::from(has(0x0b) != non_ascii);
        let several_bytes = match self.encoding {
            Encoding::Utf8 if self.names_non_ascii(ast) => {
                LATIN_CLASS + if self.folds_case { LATIN_FOLDING } else { 0 }
            }
            Encoding::Utf8 if non_ascii => 6,
            Encoding::Utf8 | Encoding::Bytes => 0,
        };
        ranges.len() + split_range + self.folding_instructions(has, non_ascii) + several_bytes
    }

    /// Whether a class is written with a character from `\x80` to `\xff`. A pattern names such characters in this form only.
    fn names_non_ascii(&self, class: &Ast) -> bool {
        let span = class.span();
        let text = self.regex.get(span.start.offset..span.end.offset).unwrap_or_default().as_bytes();
        text.windows(3).any(|part| matches!(part, [b'\\', b'x', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F']))
    }

    /// The additional instructions, if letter case does not count, for U+212A and U+017F, which then equal `k` and `s`. A class
    /// with `k` or `s` contains them too, and a negated class has to exclude them. The counts were measured with RE2.
    fn folding_instructions(&self, has: impl Fn(u8) -> bool, non_ascii: bool) -> usize {
        let [k, s] = match (self.encoding, non_ascii) {
            (Encoding::Bytes, _) => [0, 0],
            (Encoding::Utf8, true) => [14, 10],
            (Encoding::Utf8, false) => [3, 2],
        };
        let size_of = |letter, size| if self.folds_case && has(letter) != non_ascii { size } else { 0 };
        size_of(b'k', k) + size_of(b's', s)
    }
}

/// The size of a repetition: RE2 writes out every copy of the repeated part, and a branch around every optional copy.
///
/// `(?:ab){2,4}` is 12 instructions: four copies of `ab`, which are 2 instructions each, and a branch around each of the last
/// two copies, which is 2 instructions because the part is a group.
fn repeated(kind: &RepetitionKind, part: Size, is_group: bool) -> Size {
    let (min, max) = repetition_bounds(kind);
    if max == Some(0) {
        return Size::of_empty(1);
    }
    let times = |count: u32, each: usize| usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(each);
    // A part that matches the empty text, or a loop inside a loop, is written twice.
    let is_doubled = part.empty || (part.loops && max.is_none());
    let copy = part.instructions.saturating_add(if part.empty { 2 } else { 0 });
    let copy = copy.saturating_mul(if is_doubled { 2 } else { 1 });
    let copies = times(max.unwrap_or(min).max(1), copy);
    let branch = if is_group { 2 } else { 1 };
    let branches = match max {
        Some(max) => times(max.saturating_sub(min), branch),
        // A loop that has to be entered needs one more instruction.
        None => branch + usize::from(min > 0),
    };
    Size {
        instructions: copies.saturating_add(branches),
        empty: min == 0 || part.empty,
        loops: part.loops || max.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Invalid;
    use crate::policy::CookieName;
    use crate::targets::table::{affinity_cookie_regex, cookie_regex, former_token_regex};

    /// A cookie that fits by its length fits by the estimate too.
    #[test]
    fn a_cookie_that_fits_by_its_length_fits() -> Result<(), Invalid> {
        for name in ["a", "K", "sks", "a b", "!#$%&'*+-./:^_`|~", "session.id"] {
            for value in ["", "x", "always", "SKsk", "été", "\u{10ffff}", "a.b*c", &"k".repeat(40)] {
                let cookie = CookieName::new(name)?;
                let written = [
                    (Condition::Cookie(&cookie, value), cookie_regex(name, value)),
                    (Condition::Affinity(&cookie, value), affinity_cookie_regex(name, value)),
                    (Condition::FormerToken(&cookie, value), former_token_regex(name, value)),
                ];
                for (condition, regex) in written {
                    for encoding in [Encoding::Bytes, Encoding::Utf8] {
                        let size = program_size(&regex, encoding);
                        assert!(!fits(condition, &regex, encoding, size - 1), "{regex}: {size}");
                        assert!(fits(condition, &regex, encoding, size));
                    }
                }
            }
        }
        Ok(())
    }
}
