//! A pattern in the terms of PCRE: nothing is simplified, because PCRE tries each of two equal branches too.

use regex_syntax::ast::{AssertionKind, Ast, Flag, Flags, GroupKind, parse};
use regex_syntax::hir::translate::TranslatorBuilder;
use regex_syntax::hir::{Class, HirKind};

use crate::targets::table::repetition_bounds;

/// A set of bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bytes(Vec<(u8, u8)>);

impl Bytes {
    pub(super) fn all() -> Self {
        Bytes(vec![(0, u8::MAX)])
    }

    pub(super) fn has(&self, byte: u8) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&byte))
    }

    pub(super) fn overlaps(&self, other: &Bytes) -> bool {
        self.0.iter().any(|(first, last)| other.0.iter().any(|(from, to)| first <= to && from <= last))
    }

    /// Whether the set is one character, perhaps without regard to letter case.
    pub(super) fn is_literal(&self) -> bool {
        let count = self.0.iter().map(|(first, last)| usize::from(last - first) + 1);
        count.sum::<usize>() <= 2
    }
}

/// A condition on a place of the value. Values have no line ends, so the flag `m` changes nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Start,
    End,
    /// Between a character of a word and another one, or not.
    Boundary(bool),
}

pub(super) enum Expression {
    Byte(Bytes),
    Look(Look),
    Sequence(Vec<Expression>),
    Group { branches: Vec<Expression>, captures: bool },
    Repeat { part: Box<Expression>, min: u32, max: Option<u32>, lazy: bool },
}

impl Expression {
    /// The length of the shortest match.
    pub(super) fn min_len(&self) -> usize {
        match self {
            Expression::Byte(_) => 1,
            Expression::Look(_) => 0,
            Expression::Sequence(parts) => parts.iter().map(Self::min_len).fold(0, usize::saturating_add),
            Expression::Group { branches, captures: _ } => branches.iter().map(Self::min_len).min().unwrap_or(0),
            Expression::Repeat { part, min, max: _, lazy: _ } => {
                part.min_len().saturating_mul(usize::try_from(*min).unwrap_or(usize::MAX))
            }
        }
    }

    /// The expression of a pattern. `None` stands for syntax that no [`Pattern`](crate::Pattern) has.
    pub(super) fn of(pattern: &str) -> Option<Self> {
        let ast = parse::Parser::new().parse(pattern).ok()?;
        Reader { pattern, flags: SetFlags::default() }.read(&ast)
    }
}

/// The flags at a place of the pattern.
#[derive(Clone, Copy, Default)]
struct SetFlags {
    folds_case: bool,
    dot_has_line_end: bool,
    swaps_greed: bool,
}

struct Reader<'p> {
    pattern: &'p str,
    flags: SetFlags,
}

impl Reader<'_> {
    fn read(&mut self, ast: &Ast) -> Option<Expression> {
        Some(match ast {
            Ast::Empty(_) => Expression::Sequence(Vec::new()),
            Ast::Flags(set) => {
                self.set(&set.flags);
                Expression::Sequence(Vec::new())
            }
            Ast::Literal(_) | Ast::Dot(_) | Ast::ClassPerl(_) | Ast::ClassBracketed(_) | Ast::ClassUnicode(_) => {
                Expression::Byte(self.bytes(ast)?)
            }
            Ast::Assertion(assertion) => Expression::Look(match assertion.kind {
                AssertionKind::StartLine | AssertionKind::StartText => Look::Start,
                AssertionKind::EndLine | AssertionKind::EndText => Look::End,
                AssertionKind::WordBoundary => Look::Boundary(true),
                AssertionKind::NotWordBoundary => Look::Boundary(false),
                _ => return None,
            }),
            Ast::Repetition(repetition) => {
                let (min, max) = repetition_bounds(&repetition.op.kind);
                let part = Box::new(self.read(&repetition.ast)?);
                Expression::Repeat { part, min, max, lazy: repetition.greedy == self.flags.swaps_greed }
            }
            Ast::Group(group) => {
                let outside = self.flags;
                if let GroupKind::NonCapturing(flags) = &group.kind {
                    self.set(flags);
                }
                let branches = self.branches(&group.ast)?;
                self.flags = outside;
                Expression::Group { branches, captures: group.is_capturing() }
            }
            Ast::Alternation(_) => Expression::Group { branches: self.branches(ast)?, captures: false },
            Ast::Concat(concat) => Expression::Sequence(self.each(&concat.asts)?),
        })
    }

    fn branches(&mut self, ast: &Ast) -> Option<Vec<Expression>> {
        match ast {
            Ast::Alternation(alternation) => self.each(&alternation.asts),
            single => Some(vec![self.read(single)?]),
        }
    }

    fn each(&mut self, asts: &[Ast]) -> Option<Vec<Expression>> {
        asts.iter().map(|ast| self.read(ast)).collect()
    }

    fn set(&mut self, flags: &Flags) {
        let SetFlags { folds_case, dot_has_line_end, swaps_greed } = &mut self.flags;
        for (flag, state) in [
            (Flag::CaseInsensitive, folds_case),
            (Flag::DotMatchesNewLine, dot_has_line_end),
            (Flag::SwapGreed, swaps_greed),
        ] {
            *state = flags.flag_state(flag).unwrap_or(*state);
        }
    }

    /// The bytes that a character or class of the pattern matches.
    fn bytes(&self, ast: &Ast) -> Option<Bytes> {
        let mut translator = TranslatorBuilder::new()
            .unicode(false)
            .utf8(false)
            .case_insensitive(self.flags.folds_case)
            .dot_matches_new_line(self.flags.dot_has_line_end)
            .build();
        match translator.translate(self.pattern, ast).ok()?.kind() {
            HirKind::Class(Class::Bytes(class)) => {
                Some(Bytes(class.iter().map(|range| (range.start(), range.end())).collect()))
            }
            HirKind::Literal(literal) => Some(Bytes(literal.0.iter().map(|byte| (*byte, *byte)).collect())),
            _ => None,
        }
    }
}
