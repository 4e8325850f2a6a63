//! The values of one header or cookie, read byte by byte by all rows that look at it, in both policies at once.

use std::collections::BTreeMap;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, nfa::thompson};

use super::rows::Test;

/// The index of the first row that matches, in each policy. An index that no row has stands for the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Firsts {
    pub(super) a: usize,
    pub(super) b: usize,
}

impl Firsts {
    /// The first rows if both of these match.
    pub(super) fn and(self, other: Self) -> Self {
        Firsts { a: self.a.min(other.a), b: self.b.min(other.b) }
    }
}

/// An automaton could not be built within its bound of memory.
#[derive(Debug)]
pub(super) struct Full;

/// The conditions of all rows on one subject.
#[derive(Debug)]
pub(super) struct Values {
    /// A tree of the exact values, letter by letter. The first node is the root.
    nodes: Vec<Node>,
    patterns: Vec<Automaton>,
    none: Firsts,
}

#[derive(Debug)]
struct Node {
    next: BTreeMap<u8, usize>,
    /// The rows whose exact value ends here.
    firsts: Firsts,
}

#[derive(Debug)]
struct Automaton {
    dfa: DFA,
    cache: Cache,
    /// The rows with this pattern.
    firsts: Firsts,
}

/// A value up to some byte, as the conditions see it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Value {
    /// The node of the tree; `None` if no exact value begins like this.
    node: Option<usize>,
    patterns: Vec<Progress>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    At(LazyStateID),
    Found,
    Never,
}

/// The largest size of the states of one pattern, in bytes.
const MAX_MEMORY: usize = 8 << 20;

impl Values {
    /// The conditions, each with the rows that have it.
    pub(super) fn new<'t>(tests: impl Iterator<Item = (&'t Test, Firsts)>, none: Firsts) -> Result<Self, Full> {
        let mut values =
            Values { nodes: vec![Node { next: BTreeMap::new(), firsts: none }], patterns: Vec::new(), none };
        let mut patterns: BTreeMap<&str, Firsts> = BTreeMap::new();
        for (test, firsts) in tests {
            let pattern = match test {
                Test::Exact(value) => {
                    values.insert(value.as_bytes(), firsts);
                    continue;
                }
                Test::Pattern(pattern) => pattern,
                Test::Filled => "(?s:.)",
            };
            let rows = patterns.entry(pattern).or_insert(none);
            *rows = rows.and(firsts);
        }
        for (pattern, firsts) in patterns {
            values.patterns.push(Automaton::new(pattern, firsts)?);
        }
        Ok(values)
    }

    fn insert(&mut self, value: &[u8], firsts: Firsts) {
        let mut at = 0;
        for byte in value {
            let new = self.nodes.len();
            let next = match self.nodes.get_mut(at) {
                Some(node) => *node.next.entry(*byte).or_insert(new),
                None => return,
            };
            if next == new {
                self.nodes.push(Node { next: BTreeMap::new(), firsts: self.none });
            }
            at = next;
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.firsts = node.firsts.and(firsts);
        }
    }

    /// The empty value.
    pub(super) fn start(&mut self) -> Result<Value, Full> {
        let patterns = self.patterns.iter_mut().map(Automaton::start).collect::<Result<_, _>>()?;
        Ok(Value { node: Some(0), patterns })
    }

    /// The value with one more byte.
    pub(super) fn step(&mut self, value: &Value, byte: u8) -> Result<Value, Full> {
        let node = value.node.and_then(|node| self.nodes.get(node)?.next.get(&byte).copied());
        let patterns = self.patterns.iter_mut().zip(&value.patterns);
        let patterns = patterns.map(|(pattern, progress)| pattern.step(progress, byte)).collect::<Result<_, _>>()?;
        Ok(Value { node, patterns })
    }

    /// The first rows that match the whole value.
    pub(super) fn end(&mut self, value: &Value) -> Result<Firsts, Full> {
        let exact = value.node.and_then(|node| self.nodes.get(node));
        let mut firsts = exact.map_or(self.none, |node| node.firsts);
        for (pattern, progress) in self.patterns.iter_mut().zip(&value.patterns) {
            if pattern.is_found(progress)? {
                firsts = firsts.and(pattern.firsts);
            }
        }
        Ok(firsts)
    }

    /// The number of conditions that each byte is compared with; all exact values together are one.
    pub(super) fn conditions(&self) -> usize {
        1 + self.patterns.len()
    }

    /// A number for each condition that is equal for bytes that the condition does not tell apart.
    pub(super) fn signature(&self, byte: u8) -> impl Iterator<Item = u8> {
        let is_exact = self.nodes.iter().any(|node| node.next.contains_key(&byte));
        let classes = self.patterns.iter().map(move |pattern| pattern.dfa.byte_classes().get(byte));
        std::iter::once(if is_exact { byte } else { 0 }).chain(classes)
    }
}

impl Automaton {
    fn new(pattern: &str, firsts: Firsts) -> Result<Self, Full> {
        // As `Pattern::compile` compiles it. A cache that is full is an error, because states must keep their numbers.
        let config =
            DFA::config().cache_capacity(MAX_MEMORY).skip_cache_capacity_check(true).minimum_cache_clear_count(Some(0));
        let dfa = DFA::builder()
            .configure(config)
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .thompson(thompson::Config::new().utf8(false))
            .build(pattern)
            .map_err(|_| Full)?;
        let cache = dfa.create_cache();
        Ok(Automaton { dfa, cache, firsts })
    }

    fn start(&mut self) -> Result<Progress, Full> {
        let config = start::Config::new().anchored(Anchored::No);
        let state = self.dfa.start_state(&mut self.cache, &config).map_err(|_| Full)?;
        Ok(Self::progress(state))
    }

    fn step(&mut self, progress: &Progress, byte: u8) -> Result<Progress, Full> {
        match progress {
            Progress::At(state) => {
                let next = self.dfa.next_state(&mut self.cache, *state, byte).map_err(|_| Full)?;
                Ok(Self::progress(next))
            }
            Progress::Found => Ok(Progress::Found),
            Progress::Never => Ok(Progress::Never),
        }
    }

    fn is_found(&mut self, progress: &Progress) -> Result<bool, Full> {
        match progress {
            Progress::At(state) => Ok(self.dfa.next_eoi_state(&mut self.cache, *state).map_err(|_| Full)?.is_match()),
            Progress::Found => Ok(true),
            Progress::Never => Ok(false),
        }
    }

    fn progress(state: LazyStateID) -> Progress {
        if state.is_match() {
            Progress::Found
        } else if state.is_dead() {
            Progress::Never
        } else {
            Progress::At(state)
        }
    }
}
