//! The choices of PCRE, in the order in which it tries them.

use std::collections::BTreeSet;

use super::budget::{Budget, Unexamined};
use super::expression::{Bytes, Expression, Look};

/// The index of a node.
pub(super) type NodeId = usize;

pub(super) enum Node {
    Byte(Bytes, NodeId),
    Look(Look, NodeId),
    /// What PCRE tries one after the other, and how often it calls its function `match` for that if nothing matches.
    Choice {
        to: Vec<NodeId>,
        calls: u64,
    },
    /// A byte that is repeated as often as possible, and what follows then.
    Possessive {
        byte: NodeId,
        next: NodeId,
    },
    /// The start of a loop, and the node of its end.
    Enter {
        body: NodeId,
        end: NodeId,
    },
    /// The end of a loop. PCRE leaves the loop if it has read nothing since its start.
    Again {
        body: NodeId,
        exit: NodeId,
        lazy: bool,
    },
    Accept,
}

pub(super) struct Program {
    pub(super) nodes: Vec<Node>,
    /// What is tried at the start of the value, and after each byte if nothing matches there.
    pub(super) start: NodeId,
    repeats: Vec<Repeat>,
}

/// The choice between one more repetition of a byte and what follows.
struct Repeat {
    choice: NodeId,
    byte: NodeId,
    next: NodeId,
}

/// What is before or after a place of the value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// The start or the end of the value.
    Nothing,
    Byte(u8),
}

impl Side {
    fn is_word(self) -> bool {
        matches!(self, Side::Byte(byte) if byte.is_ascii_alphanumeric() || byte == b'_')
    }
}

/// What PCRE tries at a place of a value.
#[derive(Default)]
pub(super) struct Tries {
    /// The nodes after the next byte, in the order in which PCRE tries them.
    pub(super) to: Vec<NodeId>,
    /// Whether the pattern matches after these have failed.
    pub(super) accepts: bool,
    /// A lower bound on the calls of `match`.
    pub(super) calls: u64,
}

/// The nodes that may follow one another without a byte, as in `$$$`, so that the stack does not overflow.
const MAX_DEPTH: usize = 1_000;

impl Program {
    pub(super) fn of(expression: &Expression, budget: &mut Budget) -> Result<Self, Unexamined> {
        let mut program = Program { nodes: vec![Node::Accept], start: 0, repeats: Vec::new() };
        let start = program.add(Node::Accept);
        let at_each_place = program.compile(expression, 0, budget)?;
        let byte = program.add(Node::Byte(Bytes::all(), start));
        program.put(start, Node::Choice { to: vec![at_each_place, byte], calls: 0 });
        program.start = start;
        program.possess(budget)?;
        Ok(program)
    }

    /// The sets of bytes of single characters.
    pub(super) fn literals(&self) -> impl Iterator<Item = &Bytes> {
        let bytes = self.nodes.iter().filter_map(|node| match node {
            Node::Byte(bytes, _) => Some(bytes),
            _ => None,
        });
        bytes.filter(|bytes| bytes.is_literal())
    }

    fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Adds the nodes of an expression that is followed by `next`, and returns the first one.
    fn compile(&mut self, expression: &Expression, next: NodeId, budget: &mut Budget) -> Result<NodeId, Unexamined> {
        budget.spend(1)?;
        Ok(match expression {
            Expression::Byte(bytes) => self.add(Node::Byte(bytes.clone(), next)),
            Expression::Look(look) => self.add(Node::Look(*look, next)),
            Expression::Sequence(parts) => {
                parts.iter().rev().try_fold(next, |next, part| self.compile(part, next, budget))?
            }
            Expression::Group { branches, captures } => {
                let to: Vec<NodeId> =
                    branches.iter().map(|branch| self.compile(branch, next, budget)).collect::<Result<_, _>>()?;
                // The last branch needs no call, unless the text of the group has to be put back after it.
                let calls = u64::try_from(to.len()).unwrap_or(u64::MAX) - u64::from(!captures);
                self.add(Node::Choice { to, calls })
            }
            Expression::Repeat { part, min, max, lazy } => {
                let mut first = match max {
                    None => self.endless(part, *min == 0, *lazy, next, budget)?,
                    Some(max) => {
                        let mut first = next;
                        for _ in *min..*max {
                            let taken = self.compile(part, first, budget)?;
                            first = self.either(taken, next, *lazy);
                            if let Expression::Byte(_) = **part {
                                self.repeats.push(Repeat { choice: first, byte: taken, next });
                            }
                        }
                        first
                    }
                };
                let copies = if max.is_none() { min.saturating_sub(1) } else { *min };
                for _ in 0..copies {
                    first = self.compile(part, first, budget)?;
                }
                first
            }
        })
    }

    /// A loop without end, which may be left out or not.
    fn endless(
        &mut self,
        part: &Expression,
        optional: bool,
        lazy: bool,
        next: NodeId,
        budget: &mut Budget,
    ) -> Result<NodeId, Unexamined> {
        if let Expression::Byte(bytes) = part {
            let choice = self.add(Node::Accept);
            let byte = self.add(Node::Byte(bytes.clone(), choice));
            self.put(choice, Node::Choice { to: in_order(byte, next, lazy), calls: 1 });
            self.repeats.push(Repeat { choice, byte, next });
            return Ok(if optional { choice } else { byte });
        }
        let end = self.add(Node::Accept);
        let body = self.compile(part, end, budget)?;
        self.put(end, Node::Again { body, exit: next, lazy });
        let enter = self.add(Node::Enter { body, end });
        Ok(if optional { self.either(enter, next, lazy) } else { enter })
    }

    fn put(&mut self, id: NodeId, node: Node) {
        if let Some(place) = self.nodes.get_mut(id) {
            *place = node;
        }
    }

    fn either(&mut self, taken: NodeId, next: NodeId, lazy: bool) -> NodeId {
        self.add(Node::Choice { to: in_order(taken, next, lazy), calls: 1 })
    }

    /// PCRE does not try fewer repetitions of a byte if what follows cannot begin with this byte.
    fn possess(&mut self, budget: &mut Budget) -> Result<(), Unexamined> {
        for Repeat { choice, byte, next } in std::mem::take(&mut self.repeats) {
            let Some(Node::Byte(bytes, _)) = self.nodes.get(byte) else { continue };
            if !self.can_follow(bytes, next, budget)? {
                self.put(choice, Node::Possessive { byte, next });
            }
        }
        Ok(())
    }

    /// Whether what is tried from a node on, between two bytes, matches at once or begins with one of the bytes.
    fn can_follow(&self, bytes: &Bytes, from: NodeId, budget: &mut Budget) -> Result<bool, Unexamined> {
        let (mut open, mut seen) = (vec![from], BTreeSet::new());
        while let Some(id) = open.pop() {
            budget.spend(1)?;
            if !seen.insert(id) {
                continue;
            }
            match self.nodes.get(id) {
                Some(Node::Byte(others, _)) if bytes.overlaps(others) => return Ok(true),
                Some(Node::Byte(..) | Node::Look(Look::Start | Look::End, _)) => {}
                Some(Node::Look(Look::Boundary(_), next)) => open.push(*next),
                Some(Node::Choice { to, calls: _ }) => open.extend(to),
                Some(Node::Possessive { byte, next }) => open.extend([byte, next]),
                Some(Node::Enter { body, end: _ }) => open.push(*body),
                Some(Node::Again { body, exit, lazy: _ }) => open.extend([body, exit]),
                Some(Node::Accept) | None => return Ok(true),
            }
        }
        Ok(false)
    }

    /// What PCRE tries from a node on, between two sides.
    pub(super) fn tries(&self, from: NodeId, sides: (Side, Side), budget: &mut Budget) -> Result<Tries, Unexamined> {
        let mut tries = Tries::default();
        tries.accepts = self.follow(from, sides, &mut Vec::new(), &mut tries, budget, MAX_DEPTH)?;
        Ok(tries)
    }

    /// `entered` has the ends of the loops in which nothing was read since the last start, and `depth` more nodes may follow.
    /// Returns whether the pattern matches.
    fn follow(
        &self,
        from: NodeId,
        sides: (Side, Side),
        entered: &mut Vec<NodeId>,
        tries: &mut Tries,
        budget: &mut Budget,
        depth: usize,
    ) -> Result<bool, Unexamined> {
        budget.spend(1)?;
        let depth = depth.checked_sub(1).ok_or(Unexamined)?;
        match self.nodes.get(from) {
            Some(Node::Byte(bytes, next)) => {
                if matches!(sides.1, Side::Byte(byte) if bytes.has(byte)) {
                    tries.to.push(*next);
                }
                Ok(false)
            }
            Some(Node::Look(look, next)) if holds(*look, sides) => {
                self.follow(*next, sides, entered, tries, budget, depth)
            }
            Some(Node::Look(..)) => Ok(false),
            Some(Node::Choice { to, calls }) => {
                tries.calls = tries.calls.saturating_add(*calls);
                for to in to {
                    if self.follow(*to, sides, entered, tries, budget, depth)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Some(Node::Possessive { byte, next }) => {
                let before = tries.to.len();
                self.follow(*byte, sides, entered, tries, budget, depth)?;
                if tries.to.len() > before {
                    Ok(false)
                } else {
                    self.follow(*next, sides, entered, tries, budget, depth)
                }
            }
            Some(Node::Enter { body, end }) => {
                entered.push(*end);
                let accepts = self.follow(*body, sides, entered, tries, budget, depth)?;
                entered.pop();
                Ok(accepts)
            }
            Some(Node::Again { body, exit, lazy }) => {
                let mut outside: Vec<NodeId> = entered.iter().copied().filter(|end| *end != from).collect();
                if outside.len() < entered.len() {
                    return self.follow(*exit, sides, &mut outside, tries, budget, depth);
                }
                tries.calls = tries.calls.saturating_add(1);
                for to in in_order(*body, *exit, *lazy) {
                    outside.extend(Some(from).filter(|_| to == *body));
                    if self.follow(to, sides, &mut outside, tries, budget, depth)? {
                        return Ok(true);
                    }
                    outside.retain(|end| *end != from);
                }
                Ok(false)
            }
            Some(Node::Accept) | None => Ok(true),
        }
    }
}

fn in_order(taken: NodeId, next: NodeId, lazy: bool) -> Vec<NodeId> {
    if lazy { vec![next, taken] } else { vec![taken, next] }
}

fn holds(look: Look, (before, after): (Side, Side)) -> bool {
    match look {
        Look::Start => before == Side::Nothing,
        Look::End => after == Side::Nothing,
        Look::Boundary(is_boundary) => (before.is_word() != after.is_word()) == is_boundary,
    }
}
