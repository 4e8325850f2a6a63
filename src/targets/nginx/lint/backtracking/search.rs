//! The search for a value on which PCRE gives up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::automaton::{Automaton, ByteId, StateId};
use super::budget::{Budget, Unexamined};
use super::expression::Bytes;
use super::pumps::{Word, Words};
use super::repeated_value::RepeatedValue;

/// The calls of its function `match` after which PCRE gives up, for each place at which a match may begin (`MATCH_LIMIT`, PCRE 8).
const MATCH_LIMIT: u64 = 10_000_000;

/// The length that a value may have. nginx reads header lines of up to 8 KB.
const MAX_LEN: usize = 8_000;

/// In values shorter than this, PCRE looks for a byte that every match has before it tries (`REQ_BYTE_MAX`, PCRE 8).
const REQUIRED_MAX: usize = 1_000;

/// How many lists of states the search for a prefix reads, and how many sets that for a suffix.
const MAX_LISTS: usize = 2_000;
const MAX_SETS: usize = 500;

/// The repetitions after which the states of a pump have to be those of an earlier repetition.
const MAX_PERIOD: usize = 64;

type States = BTreeSet<StateId>;

/// How a pump can be repeated in a value: `first` times, or a multiple of `period` times more.
struct Shape {
    first: usize,
    period: usize,
    suffix: Word,
}

pub(super) struct Search<'a> {
    pub(super) automaton: &'a Automaton,
    /// The length that a value must have at least, so that PCRE tries to match it.
    pub(super) min_len: usize,
    /// The characters that the pattern names one by one. Every match may have to have them.
    pub(super) literals: BTreeSet<&'a Bytes>,
}

impl Search<'_> {
    /// A value that repeats one of the words, and on which PCRE gives up.
    pub(super) fn run(&self, words: &Words, budget: &mut Budget) -> Result<Option<RepeatedValue>, Unexamined> {
        if words.is_empty() {
            return Ok(None);
        }
        let mut open = VecDeque::from([(vec![Automaton::START], Word::new())]);
        let mut known: BTreeMap<(StateId, &Word), Option<usize>> = BTreeMap::new();
        let mut seen: BTreeSet<Vec<StateId>> = open.iter().map(|(list, _)| list.clone()).collect();
        while let Some((list, prefix)) = open.pop_front() {
            let mut before = States::new();
            for state in &list {
                before.insert(*state);
                for pump in words.get(state).into_iter().flatten() {
                    let Some(shape) = self.shape(&before, pump, budget)? else { continue };
                    let times = match known.get(&(*state, pump)) {
                        Some(times) => *times,
                        None => self.times(*state, pump, budget)?,
                    };
                    known.insert((*state, pump), times);
                    let value = times.and_then(|times| self.value(&prefix, pump, times, &shape));
                    if value.is_some() {
                        return Ok(value);
                    }
                }
            }
            for byte in self.bytes() {
                let next = self.list_after(&list, byte, budget)?;
                if !next.is_empty() && seen.len() < MAX_LISTS && seen.insert(next.clone()) {
                    open.push_back((next, prefix.iter().copied().chain([byte]).collect()));
                }
            }
        }
        Ok(None)
    }

    fn bytes(&self) -> std::ops::Range<ByteId> {
        0..self.automaton.bytes.len()
    }

    /// What PCRE tries after one more byte. It tries a state of the list if all those before it fail, and none after a match.
    fn list_after(&self, list: &[StateId], byte: ByteId, budget: &mut Budget) -> Result<Vec<StateId>, Unexamined> {
        let (mut next, mut seen) = (Vec::new(), States::new());
        for tries in list.iter().filter_map(|state| self.automaton.tries(*state, byte)) {
            budget.spend(1 + tries.to.len())?;
            next.extend(tries.to.iter().filter(|state| seen.insert(**state)));
            if tries.accepts {
                break;
            }
        }
        Ok(next)
    }

    /// The states after one more byte. `None` if the pattern matches in one of them.
    fn set_after(&self, set: &States, byte: ByteId, budget: &mut Budget) -> Result<Option<States>, Unexamined> {
        let mut next = States::new();
        for state in set {
            let Some(tries) = self.automaton.fails_before(*state, byte) else { return Ok(None) };
            budget.spend(1 + tries.to.len())?;
            next.extend(&tries.to);
        }
        Ok(Some(next))
    }

    fn set_after_word(&self, set: &States, word: &[ByteId], budget: &mut Budget) -> Result<Option<States>, Unexamined> {
        let mut set = set.clone();
        for byte in word {
            match self.set_after(&set, *byte, budget)? {
                Some(next) => set = next,
                None => return Ok(None),
            }
        }
        Ok(Some(set))
    }

    /// How a pump has to be repeated, and the text after it, so that the pattern does not match in any of the states.
    fn shape(&self, before: &States, pump: &Word, budget: &mut Budget) -> Result<Option<Shape>, Unexamined> {
        // With enough repetitions, the states come again.
        let mut sets = vec![before.clone()];
        let (first, period, set) = loop {
            let next = match sets.last() {
                Some(last) if sets.len() < MAX_PERIOD => self.set_after_word(last, pump, budget)?,
                _ => None,
            };
            let Some(next) = next else { return Ok(None) };
            if let Some(first) = sets.iter().position(|set| *set == next) {
                break (first, sets.len() - first, next);
            }
            sets.push(next);
        };
        Ok(self.suffix(&set, budget)?.map(|suffix| Shape { first, period, suffix }))
    }

    /// The value with at least so many repetitions. It is longer if PCRE would not try to match it otherwise. `None` if it is too
    /// long for a header line.
    fn value(&self, prefix: &[ByteId], pump: &[ByteId], times: usize, shape: &Shape) -> Option<RepeatedValue> {
        let Shape { first, period, suffix } = shape;
        let round = |times: usize| times.div_ceil(*period) * period;
        let written = [self.text(prefix), self.text(pump), self.text(suffix)].concat();
        let has_literals = self.literals.iter().all(|literal| written.iter().any(|byte| literal.has(*byte)));
        let min_len = if has_literals { self.min_len } else { self.min_len.max(REQUIRED_MAX) };
        let least = min_len.saturating_sub(prefix.len() + suffix.len()).div_ceil(pump.len()).max(times);
        let times = first + round(least.saturating_sub(*first));
        let len = prefix.len() + pump.len() * times + suffix.len();
        let value = || RepeatedValue::new(self.text(prefix), self.text(pump), times, self.text(suffix));
        (len <= MAX_LEN).then(value)
    }

    /// A text after which the pattern does not match in any of the states.
    fn suffix(&self, set: &States, budget: &mut Budget) -> Result<Option<Word>, Unexamined> {
        let mut open = VecDeque::from([(set.clone(), Word::new())]);
        let mut seen: BTreeSet<States> = BTreeSet::from([set.clone()]);
        while let Some((set, suffix)) = open.pop_front() {
            if !set.iter().any(|state| self.automaton.accepts_at_end(*state)) {
                return Ok(Some(suffix));
            }
            for byte in self.bytes() {
                let Some(next) = self.set_after(&set, byte, budget)? else { continue };
                if seen.len() < MAX_SETS && seen.insert(next.clone()) {
                    open.push_back((next, suffix.iter().copied().chain([byte]).collect()));
                }
            }
        }
        Ok(None)
    }

    /// How often a pump has to be repeated until PCRE gives up.
    fn times(&self, state: StateId, pump: &[ByteId], budget: &mut Budget) -> Result<Option<usize>, Unexamined> {
        let mut ways = vec![0_u64; self.automaton.states().len()];
        ways.get_mut(state).into_iter().for_each(|ways| *ways = 1);
        let mut calls = 0_u64;
        for times in 1..=MAX_LEN / pump.len() {
            for byte in pump {
                let mut next = vec![0_u64; ways.len()];
                budget.spend(1 + ways.len() / 8)?;
                for (state, ways) in ways.into_iter().enumerate().filter(|(_, ways)| *ways > 0) {
                    let Some(tries) = self.automaton.tries(state, *byte) else { continue };
                    budget.spend(1 + tries.to.len())?;
                    calls = calls.saturating_add(tries.calls.saturating_mul(ways));
                    for to in &tries.to {
                        next.get_mut(*to).into_iter().for_each(|sum| *sum = sum.saturating_add(ways));
                    }
                }
                ways = next;
            }
            if calls > MATCH_LIMIT {
                return Ok(Some(times));
            }
        }
        Ok(None)
    }

    fn text(&self, word: &[ByteId]) -> Vec<u8> {
        word.iter().filter_map(|byte| self.automaton.bytes.get(*byte)).copied().collect()
    }
}
