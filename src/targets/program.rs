//! How large a program RE2 makes of a regular expression.

use regex_syntax::ast::{self, Ast};

/// The most instructions that RE2 makes of a regular expression: it writes counted repetitions out, and characters as
/// their bytes in UTF-8. Held against `google-re2` 1.1 with generated patterns: never too small.
pub(super) fn program_size(regex: &str) -> usize {
    let Ok(ast) = ast::parse::Parser::new().parse(regex) else { return usize::MAX };
    size(&ast).saturating_add(4)
}

fn size(ast: &Ast) -> usize {
    match ast {
        Ast::Empty(_) | Ast::Flags(_) | Ast::Assertion(_) => 1,
        // The largest of one letter: in any letter case it can be one of two bytes more.
        Ast::Literal(_) => 4,
        Ast::Dot(_) | Ast::ClassUnicode(_) | Ast::ClassPerl(_) => 12,
        Ast::ClassBracketed(class) => {
            let text = class.span.end.offset.saturating_sub(class.span.start.offset);
            text.saturating_mul(2).saturating_add(12)
        }
        Ast::Group(group) => size(&group.ast).saturating_add(2),
        Ast::Alternation(alternation) => sizes(&alternation.asts),
        Ast::Concat(concat) => sizes(&concat.asts),
        Ast::Repetition(repetition) => {
            let count = match &repetition.op.kind {
                ast::RepetitionKind::Range(ast::RepetitionRange::Exactly(count)) => *count,
                ast::RepetitionKind::Range(ast::RepetitionRange::AtLeast(least)) => least.saturating_add(1),
                ast::RepetitionKind::Range(ast::RepetitionRange::Bounded(_, most)) => *most,
                _ => 1,
            };
            let copies = usize::try_from(count).unwrap_or(usize::MAX);
            size(&repetition.ast).saturating_add(1).saturating_mul(copies)
        }
    }
}

fn sizes(asts: &[Ast]) -> usize {
    asts.iter().map(|ast| size(ast).saturating_add(1)).fold(0, usize::saturating_add)
}
