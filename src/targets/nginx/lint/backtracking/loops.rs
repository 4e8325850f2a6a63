//! The loops of an automaton.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::automaton::{Automaton, ByteId, StateId};
use super::budget::{Budget, Unexamined};

/// The states on the loops through one state, each with the next byte and state on the shortest way to it.
pub(super) type Component = BTreeMap<StateId, Option<(ByteId, StateId)>>;

/// The ways from state to state on which the pattern does not match, and the states that are on loops of them.
pub(super) struct Loops {
    /// The states that are on loops, or between two of them.
    pub(super) states: BTreeSet<StateId>,
    forward: Vec<Vec<(ByteId, StateId)>>,
    backward: Vec<Vec<(ByteId, StateId)>>,
}

impl Loops {
    pub(super) fn of(automaton: &Automaton, budget: &mut Budget) -> Result<Self, Unexamined> {
        let none = || vec![Vec::new(); automaton.states().len()];
        let mut loops = Loops { states: automaton.states().collect(), forward: none(), backward: none() };
        for state in automaton.states() {
            for (byte, tries) in automaton.fails(state) {
                for next in &tries.to {
                    budget.spend(1)?;
                    loops.forward.get_mut(state).into_iter().for_each(|to| to.push((byte, *next)));
                    loops.backward.get_mut(*next).into_iter().for_each(|from| from.push((byte, state)));
                }
            }
        }
        for (to, from) in [(&loops.forward, &loops.backward), (&loops.backward, &loops.forward)] {
            remove_ends(&mut loops.states, to, from, budget)?;
        }
        // PCRE counts its calls for each place at which a match may begin.
        loops.states.retain(|state| !automaton.idle.contains(state));
        Ok(loops)
    }

    /// The states on the loops through a state.
    pub(super) fn component(&self, state: StateId, budget: &mut Budget) -> Result<Component, Unexamined> {
        let (mut after, mut open) = (BTreeSet::from([state]), vec![state]);
        while let Some(from) = open.pop() {
            for (_, next) in self.forward.get(from).into_iter().flatten() {
                budget.spend(1)?;
                if self.states.contains(next) && after.insert(*next) {
                    open.push(*next);
                }
            }
        }
        let (mut component, mut open) = (Component::from([(state, None)]), VecDeque::from([state]));
        while let Some(to) = open.pop_front() {
            for (byte, from) in self.backward.get(to).into_iter().flatten() {
                budget.spend(1)?;
                if after.contains(from) && !component.contains_key(from) {
                    component.insert(*from, Some((*byte, to)));
                    open.push_back(*from);
                }
            }
        }
        Ok(component)
    }
}

/// Removes the states from which no way goes on without end.
fn remove_ends(
    states: &mut BTreeSet<StateId>,
    to: &[Vec<(ByteId, StateId)>],
    from: &[Vec<(ByteId, StateId)>],
    budget: &mut Budget,
) -> Result<(), Unexamined> {
    let goes_on = |states: &BTreeSet<StateId>, state: StateId| {
        to.get(state).into_iter().flatten().any(|(_, next)| states.contains(next))
    };
    let mut open: Vec<StateId> = states.iter().copied().collect();
    while let Some(state) = open.pop() {
        budget.spend(1)?;
        if states.contains(&state) && !goes_on(states, state) {
            states.remove(&state);
            open.extend(from.get(state).into_iter().flatten().map(|(_, before)| before));
        }
    }
    Ok(())
}
