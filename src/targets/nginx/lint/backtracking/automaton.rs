//! The places of a pattern between two bytes of a value, and what PCRE tries at each of them.

use std::collections::{BTreeMap, BTreeSet};

use super::budget::{Budget, Unexamined};
use super::expression::{Bytes, Look};
use super::program::{Node, NodeId, Program, Side, Tries};

/// The index of a state.
pub(super) type StateId = usize;

/// The index of a byte in [`Automaton::bytes`].
pub(super) type ByteId = usize;

pub(super) struct Automaton {
    /// A byte of each class of bytes that the pattern does not tell apart. No header value has the others.
    pub(super) bytes: Vec<u8>,
    states: Vec<State>,
    /// The states in which no match has begun.
    pub(super) idle: BTreeSet<StateId>,
}

/// What is tried in a state, before each of the bytes and at the end of the value.
struct State {
    before: Vec<Tries>,
    at_end: Tries,
}

impl Automaton {
    /// The state at the start of the value.
    pub(super) const START: StateId = 0;

    pub(super) fn of(program: &Program, budget: &mut Budget) -> Result<Self, Unexamined> {
        let has_boundary = program.nodes.iter().any(|node| matches!(node, Node::Look(Look::Boundary(_), _)));
        let bytes = classes(program, has_boundary, budget)?;
        // Only a boundary depends on the byte before it. Otherwise, one byte stands for all.
        let side = |byte: u8| Side::Byte(if has_boundary && is_word(byte) { b'a' } else { b'-' });

        let mut keys = vec![(program.start, Side::Nothing)];
        let mut ids: BTreeMap<(NodeId, Side), StateId> = keys.iter().map(|key| (*key, 0)).collect();
        let mut states = Vec::new();
        while let Some((from, before)) = keys.get(states.len()).copied() {
            let mut of_state = Vec::new();
            for byte in &bytes {
                let mut tries = program.tries(from, (before, Side::Byte(*byte)), budget)?;
                for node in &mut tries.to {
                    let key = (*node, side(*byte));
                    *node = *ids.entry(key).or_insert_with(|| {
                        keys.push(key);
                        keys.len() - 1
                    });
                }
                of_state.push(tries);
            }
            let at_end = program.tries(from, (before, Side::Nothing), budget)?;
            states.push(State { before: of_state, at_end });
        }
        let idle = ids.into_iter().filter(|((node, _), _)| *node == program.start).map(|(_, state)| state).collect();
        Ok(Automaton { bytes, states, idle })
    }

    pub(super) fn states(&self) -> std::ops::Range<StateId> {
        0..self.states.len()
    }

    /// What is tried in a state before a byte.
    pub(super) fn tries(&self, state: StateId, byte: ByteId) -> Option<&Tries> {
        self.states.get(state).and_then(|state| state.before.get(byte))
    }

    /// What is tried in a state before each byte, if the pattern does not match at once.
    pub(super) fn fails(&self, state: StateId) -> impl Iterator<Item = (ByteId, &Tries)> {
        let before = self.states.get(state).map(|state| state.before.as_slice()).unwrap_or_default();
        before.iter().enumerate().filter(|(_, tries)| !tries.accepts)
    }

    /// What is tried in a state before a byte, if the pattern does not match at once.
    pub(super) fn fails_before(&self, state: StateId, byte: ByteId) -> Option<&Tries> {
        self.tries(state, byte).filter(|tries| !tries.accepts)
    }

    /// The states after a byte, if the pattern does not match before it.
    pub(super) fn after(&self, state: StateId, byte: ByteId) -> &[StateId] {
        self.fails_before(state, byte).map(|tries| tries.to.as_slice()).unwrap_or_default()
    }

    /// Whether the pattern matches if the value ends in a state.
    pub(super) fn accepts_at_end(&self, state: StateId) -> bool {
        self.states.get(state).is_none_or(|state| state.at_end.accepts)
    }
}

/// A byte of each class, legible ones first.
fn classes<'p>(program: &'p Program, has_boundary: bool, budget: &mut Budget) -> Result<Vec<u8>, Unexamined> {
    let of_node = |node: &'p Node| match node {
        Node::Byte(bytes, _) => Some(bytes),
        _ => None,
    };
    let sets: BTreeSet<&Bytes> = program.nodes.iter().filter_map(of_node).collect();
    let letters = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z');
    let marks = (b'!'..=b'~').filter(|byte| !byte.is_ascii_alphanumeric());
    let others = (1..=u8::MAX).filter(|byte| !byte.is_ascii_graphic() && !matches!(byte, b'\r' | b'\n'));
    let mut classes = BTreeMap::new();
    let mut bytes = Vec::new();
    for byte in letters.chain(marks).chain(others) {
        budget.spend(sets.len())?;
        let class: Vec<bool> = sets.iter().map(|set| set.has(byte)).chain([has_boundary && is_word(byte)]).collect();
        if classes.insert(class, byte).is_none() {
            bytes.push(byte);
        }
    }
    Ok(bytes)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
