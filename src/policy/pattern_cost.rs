//! The cost of a pattern: how much time a selector may need for one byte of a value, and how much memory.
//!
//! The `regex` crate runs a pattern as an automaton. Its worst time for a byte is proportional to the number of states
//! that are active at once, and its memory to the number of all states. [`cost`] bounds both from the syntax tree.
//! `benches/patterns.rs` searches for the pattern that takes longest.

use std::collections::BTreeMap;

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// The number of states that cost as much as one active state, so that the memory of a pattern is bounded too.
const STATES_PER_ACTIVE: u64 = 32;

/// An upper bound on the states of a pattern that are active at once, or a 32nd of all its states if that is more.
///
/// A pattern that does not begin with `^` can begin to match at each byte of a value, so all of its states may be active.
/// With `^`, parts that cannot be reached at the same byte do not add up:
///
/// ```text
/// a.{0,100}c          each byte can begin a match: all states are active
/// Firefox|Chrome      no end of a word is its beginning: one state of each word, and one for the beginnings of both
/// ^[a-z]{3,1000}$     one copy of the class is active at a time
/// ^(alice|anna|bob)$  only names that begin with the same letter are active at once
/// ```
pub(super) fn cost(pattern: &Hir) -> u64 {
    let starts_once = pattern.properties().look_set_prefix().contains(Look::Start);
    let active = if starts_once { active_once(pattern) } else { active_anywhere(pattern) };
    active.max(sum(pattern, length).div_ceil(STATES_PER_ACTIVE))
}

/// An upper bound on the states of an expression that are active at once if it begins to match at every byte.
fn active_anywhere(expression: &Hir) -> u64 {
    sum(expression, overlaps)
}

/// The number of states of an expression, with a copy for each time that a part of it is repeated, and with a function that
/// counts the states of literal text.
fn sum(expression: &Hir, of_literal: fn(&[u8]) -> u64) -> u64 {
    match expression.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => of_literal(&literal.0),
        HirKind::Class(class) => of_class(class),
        HirKind::Capture(capture) => sum(&capture.sub, of_literal).saturating_add(2),
        HirKind::Concat(parts) => parts.iter().map(|part| sum(part, of_literal)).fold(0, u64::saturating_add),
        HirKind::Alternation(parts) => {
            // If all branches are literal text, they begin at one state, as in a trie.
            let shared = u64::from(parts.iter().all(|part| matches!(part.kind(), HirKind::Literal(_))));
            let each = |part: &Hir| sum(part, of_literal).saturating_sub(shared);
            parts.iter().map(each).fold(1, u64::saturating_add)
        }
        HirKind::Repetition(repetition) => {
            // Each copy that may be left out, or is repeated without end, has one more state.
            let Repetition { min, max, greedy: _, sub } = repetition;
            let optional = max.map_or(1, |max| max.saturating_sub(*min));
            let each = sum(sub, of_literal);
            let of_optional = u64::from(optional).saturating_mul(each.saturating_add(1));
            u64::from(*min).saturating_mul(each).saturating_add(of_optional)
        }
    }
}

fn length(literal: &[u8]) -> u64 {
    u64::try_from(literal.len()).unwrap_or(u64::MAX)
}

/// The number of places in a literal text that a search can have reached at once, with its beginning as one of them. It is 2
/// for `abc`, and 3 for `aaa`, since `aa` ends with `a`.
///
/// A border of a text is a shorter text that it both begins and ends with (Knuth, Morris and Pratt, SIAM Journal on
/// Computing 6, 1977, page 323). If a search has read the text, it has read each of its borders too.
fn overlaps(literal: &[u8]) -> u64 {
    // For each beginning of the text: its longest border, and the number of its borders, with itself as one of them.
    let mut beginnings = vec![(0_usize, 0_u64)];
    let mut border = 0;
    for (index, byte) in literal.iter().enumerate() {
        let of = |length: usize| beginnings.get(length).copied().unwrap_or_default();
        if index > 0 {
            while border > 0 && literal.get(border) != Some(byte) {
                border = of(border).0;
            }
            border += usize::from(literal.get(border) == Some(byte));
        }
        let borders = of(border).1 + 1;
        beginnings.push((border, borders));
    }
    // A search that has read the whole text is no longer at a place in it.
    let unfinished = beginnings.get(..literal.len()).unwrap_or_default();
    unfinished.iter().map(|(_, borders)| borders + 1).max().unwrap_or(1)
}

/// A class is one state, which takes longer to compare with a byte if it has many ranges.
fn of_class(class: &Class) -> u64 {
    let ranges = match class {
        Class::Bytes(class) => class.ranges().len(),
        Class::Unicode(class) => class.ranges().len(),
    };
    u64::try_from(ranges.div_ceil(8)).unwrap_or(u64::MAX).max(1)
}

/// The number of bytes of a value at which a part of a pattern may begin to match.
#[derive(Clone, Copy)]
enum Starts {
    /// At most this many different bytes.
    Within(u64),
    Anywhere,
}

impl Starts {
    /// The starts of what follows an expression that has these starts itself.
    fn after(self, expression: &Hir) -> Self {
        match (self, lengths(expression)) {
            (Starts::Within(starts), Some(lengths)) => Starts::Within(starts.saturating_mul(lengths)),
            _ => Starts::Anywhere,
        }
    }
}

/// The number of different lengths that a match of the expression can have; `None` if there is no bound.
fn lengths(expression: &Hir) -> Option<u64> {
    let properties = expression.properties();
    let (min, max) = (properties.minimum_len()?, properties.maximum_len()?);
    u64::try_from(max.saturating_sub(min)).ok()?.checked_add(1)
}

/// An upper bound on the states of an expression that are active at once if it begins to match at one byte only.
fn active_once(expression: &Hir) -> u64 {
    match expression.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) => 1,
        HirKind::Class(class) => of_class(class),
        HirKind::Capture(capture) => active_once(&capture.sub).saturating_add(2),
        HirKind::Alternation(parts) => active_of_either(parts),
        HirKind::Concat(parts) => active_in_sequence(parts),
        // Copies of one length are read one after the other.
        HirKind::Repetition(repetition) if lengths(&repetition.sub) == Some(1) => {
            active_once(&repetition.sub).saturating_add(1)
        }
        HirKind::Repetition(_) => active_anywhere(expression),
    }
}

/// The same bound for alternatives. If alternatives begin with certain bytes, only those with the same byte stay active after it.
fn active_of_either(parts: &[Hir]) -> u64 {
    let (mut by_byte, mut others) = (BTreeMap::<u8, u64>::new(), 1_u64);
    for part in parts {
        let sum = match first_byte(part) {
            Some(byte) => by_byte.entry(byte).or_default(),
            None => &mut others,
        };
        *sum = sum.saturating_add(active_once(part));
    }
    others.saturating_add(by_byte.into_values().max().unwrap_or(0))
}

/// The byte that every match of the expression begins with, if it is written at the start.
fn first_byte(expression: &Hir) -> Option<u8> {
    match expression.kind() {
        HirKind::Literal(literal) => literal.0.first().copied(),
        HirKind::Concat(parts) => parts.first().and_then(first_byte),
        HirKind::Capture(capture) => first_byte(&capture.sub),
        _ => None,
    }
}

/// The same bound for expressions in sequence, of which the first begins to match at one byte.
///
/// After an expression that has one length, the next one begins when it ends, so only one of them is active. After an
/// expression that has several lengths, both can be active. The sequence is divided after each such expression:
///
/// ```text
/// ab[cd] x{0,9} │ ef y* │ z         starts: 1 │ 10 │ anywhere
/// ```
fn active_in_sequence(parts: &[Hir]) -> u64 {
    let mut starts = Starts::Within(1);
    let mut sum = 0_u64;
    for section in parts.split_inclusive(|part| lengths(part) != Some(1)) {
        let all = section.iter().map(active_anywhere).fold(0, u64::saturating_add);
        let once = section.iter().map(active_once).max().unwrap_or(0);
        sum = sum.saturating_add(match starts {
            Starts::Within(count) => once.saturating_mul(count).min(all),
            Starts::Anywhere => all,
        });
        starts = section.iter().fold(starts, Starts::after);
    }
    sum
}
