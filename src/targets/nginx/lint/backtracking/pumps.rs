//! Words that lead from a state back to itself, in more ways each time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::automaton::{Automaton, ByteId, StateId};
use super::budget::{Budget, Unexamined};
use super::loops::{Component, Loops};

/// A text of bytes.
pub(super) type Word = Vec<ByteId>;

/// Where a search has been, each place with the byte and the place before it.
type Trail<P> = BTreeMap<P, Option<(ByteId, P)>>;

/// Words to repeat in states.
pub(super) type Words = BTreeMap<StateId, Vec<Word>>;

/// The search for words to repeat.
pub(super) struct Pumps<'a> {
    automaton: &'a Automaton,
    loops: Loops,
}

impl<'a> Pumps<'a> {
    /// The words to try in one state.
    const MAX_WORDS: usize = 16;

    pub(super) fn of(automaton: &'a Automaton, budget: &mut Budget) -> Result<Self, Unexamined> {
        Ok(Pumps { automaton, loops: Loops::of(automaton, budget)? })
    }

    /// Words that lead from a state to itself in two ways, so that each repetition doubles the ways at least. A pattern that has
    /// one is exponentially ambiguous (Weber and Seidl, Theoretical Computer Science 88, 1991, page 325, criterion EDA).
    pub(super) fn doubling(&self, budget: &mut Budget) -> Result<Words, Unexamined> {
        let (mut words, mut done) = (Words::new(), BTreeSet::new());
        for state in &self.loops.states {
            if done.contains(state) {
                continue;
            }
            let component = self.loops.component(*state, budget)?;
            done.extend(component.keys().copied());
            // If one state of a component has such a word, all of them have.
            if self.doubling_word(*state, &component, &[], budget)?.is_none() {
                continue;
            }
            for state in component.into_keys() {
                let component = self.loops.component(state, budget)?;
                words.insert(state, self.doubling_words(state, &component, budget)?);
            }
        }
        Ok(words)
    }

    /// The shortest word, and words without some of its bytes, because the pattern may match in a value that has them.
    fn doubling_words(
        &self,
        state: StateId,
        component: &Component,
        budget: &mut Budget,
    ) -> Result<Vec<Word>, Unexamined> {
        let (mut words, mut open) = (Vec::new(), VecDeque::from([Word::new()]));
        while let Some(without) = open.pop_front() {
            let Some(word) = self.doubling_word(state, component, &without, budget)? else { continue };
            if !words.contains(&word) && words.len() < Self::MAX_WORDS {
                open.extend(word.iter().map(|byte| [without.as_slice(), &[*byte]].concat()));
                words.push(word);
            }
        }
        Ok(words)
    }

    fn doubling_word(
        &self,
        state: StateId,
        component: &Component,
        without: &[ByteId],
        budget: &mut Budget,
    ) -> Result<Option<Word>, Unexamined> {
        // Two states that one word leads to, the smaller one first.
        let mut trail = Trail::from([((state, state), None)]);
        let mut open = VecDeque::from([(state, state)]);
        while let Some(pair) = open.pop_front() {
            for (byte, tries) in self.automaton.fails(pair.0).filter(|(byte, _)| !without.contains(byte)) {
                let others = self.automaton.after(pair.1, byte);
                budget.spend(1 + tries.to.len() * others.len())?;
                for (index, next) in tries.to.iter().enumerate().filter(|(_, next)| component.contains_key(next)) {
                    for (other_index, other) in
                        others.iter().enumerate().filter(|(_, next)| component.contains_key(next))
                    {
                        if next == other && (pair.0 != pair.1 || index != other_index) {
                            let (there, back) = (word_to(&trail, pair), word_from(component, *next));
                            return Ok(Some([there, vec![byte], back].concat()));
                        }
                        let after = (*next.min(other), *next.max(other));
                        trail.entry(after).or_insert_with(|| {
                            open.push_back(after);
                            Some((byte, pair))
                        });
                    }
                }
            }
        }
        Ok(None)
    }

    /// Words that lead from a state to itself and to another one, and from that one to itself too, so that the ways increase with
    /// each repetition (Weber and Seidl, criterion IDA).
    pub(super) fn growing(&self, budget: &mut Budget) -> Result<Words, Unexamined> {
        let mut components = Vec::new();
        for state in &self.loops.states {
            components.push((*state, self.loops.component(*state, budget)?));
        }
        let mut words = Words::new();
        for (first, around_first) in &components {
            for (last, around_last) in components.iter().filter(|(last, _)| !around_first.contains_key(last)) {
                let found = self.growing_word((*first, around_first), (*last, around_last), budget)?;
                words.entry(*first).or_default().extend(found);
            }
        }
        Ok(words)
    }

    fn growing_word(
        &self,
        (first, around_first): (StateId, &Component),
        (last, around_last): (StateId, &Component),
        budget: &mut Budget,
    ) -> Result<Option<Word>, Unexamined> {
        // Three states that one word leads to.
        let (start, goal) = ((first, first, last), (first, last, last));
        let (mut trail, mut open) = (Trail::from([(start, None)]), VecDeque::from([start]));
        while let Some(triple) = open.pop_front() {
            for byte in 0..self.automaton.bytes.len() {
                let [on_first, between, on_last] =
                    [triple.0, triple.1, triple.2].map(|state| self.automaton.after(state, byte));
                budget.spend(1 + on_first.len() * between.len() * on_last.len())?;
                for a in on_first.iter().filter(|to| around_first.contains_key(to)) {
                    for c in on_last.iter().filter(|to| around_last.contains_key(to)) {
                        for b in between {
                            let next = (*a, *b, *c);
                            trail.entry(next).or_insert_with(|| {
                                open.push_back(next);
                                Some((byte, triple))
                            });
                        }
                    }
                }
            }
            if trail.contains_key(&goal) {
                return Ok(Some(word_to(&trail, goal)));
            }
        }
        Ok(None)
    }
}

/// The word on the trail to a place.
fn word_to<P: Copy + Ord>(trail: &Trail<P>, mut place: P) -> Word {
    let mut word = Word::new();
    while let Some(Some((byte, before))) = trail.get(&place) {
        word.push(*byte);
        place = *before;
    }
    word.reverse();
    word
}

/// The word from a state to the one that the component was made for.
fn word_from(component: &Component, mut state: StateId) -> Word {
    let mut word = Word::new();
    while let Some(Some((byte, next))) = component.get(&state) {
        word.push(*byte);
        state = *next;
    }
    word
}
