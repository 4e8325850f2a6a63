//! The size of a pattern that is compiled with Unicode tables, as Linkerd compiles it.

use regex_syntax::ast::{self, Ast, RepetitionKind, RepetitionRange};

use crate::policy::Pattern;

/// An upper estimate of the compiled size of a pattern in bytes.
pub(super) fn compiled_size(pattern: &Pattern) -> usize {
    let mut estimate = Estimate { bytes: 0, copies: vec![1] };
    match ast::parse::Parser::new().parse(pattern.as_str()).map(|ast| ast::visit(&ast, &mut estimate)) {
        Ok(Ok(())) => estimate.bytes,
        _ => usize::MAX,
    }
}

/// The estimate so far, while the pattern is visited.
struct Estimate {
    bytes: usize,
    /// How many copies the compiled pattern has of the part that is visited. The first number is 1; each repetition around the part
    /// adds a number, the innermost last.
    copies: Vec<usize>,
}

impl Estimate {
    fn add(&mut self, bytes: usize) {
        let copies = self.copies.last().copied().unwrap_or(1);
        self.bytes = self.bytes.saturating_add(bytes.saturating_mul(copies));
    }

    fn add_perl_class(&mut self, kind: &ast::ClassPerlKind) {
        self.add(match kind {
            ast::ClassPerlKind::Word => 50 << 10,
            ast::ClassPerlKind::Digit | ast::ClassPerlKind::Space => 16 << 10,
        });
    }
}

impl ast::Visitor for &mut Estimate {
    type Output = ();
    type Err = ();

    fn finish(self) -> Result<(), ()> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), ()> {
        match ast {
            Ast::Repetition(repetition) => {
                let count = match &repetition.op.kind {
                    RepetitionKind::Range(RepetitionRange::Bounded(_, count) | RepetitionRange::Exactly(count)) => {
                        *count
                    }
                    // A repetition without an upper bound has one more copy, which loops.
                    RepetitionKind::Range(RepetitionRange::AtLeast(count)) => count.saturating_add(1),
                    // `*`, `+` and `?` make at most two copies.
                    _ => 2,
                };
                let count = usize::try_from(count).unwrap_or(usize::MAX).max(1);
                self.copies.push(self.copies.last().copied().unwrap_or(1).saturating_mul(count));
            }
            Ast::ClassPerl(class) => self.add_perl_class(&class.kind),
            Ast::ClassBracketed(_) | Ast::Dot(_) => self.add(2 << 10),
            _ => self.add(256),
        }
        Ok(())
    }

    fn visit_post(&mut self, ast: &Ast) -> Result<(), ()> {
        if let Ast::Repetition(_) = ast {
            self.copies.pop();
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ast::ClassSetItem) -> Result<(), ()> {
        if let ast::ClassSetItem::Perl(class) = item {
            self.add_perl_class(&class.kind);
        }
        Ok(())
    }
}
