//! Two names that decide a difference together: a row on one of them decides in the first policy, a row on the other in the
//! second.

use std::collections::BTreeMap;

use super::values::Firsts;

/// A part of a request that both policies decide alike if the request consists of it alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// The place of the part in the list of all parts.
    pub(super) part: usize,
    pub(super) firsts: Firsts,
    pub(super) size: usize,
    /// The same number for the same decision.
    pub(super) decision: usize,
    pub(super) group: usize,
    /// Whether the name is in the Cookie lines.
    pub(super) is_cookie: bool,
}

/// Two parts that differ together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossing {
    /// The part that decides in the first policy.
    pub(super) a: usize,
    /// The part that decides in the second policy.
    pub(super) b: usize,
    pub(super) size: usize,
}

/// The number of bytes that two cookies save in one line: there is one `; ` instead of a second `cookie: `.
const SAVED: usize = "cookie: ".len() - "; ".len();

/// The smallest crossing: of two candidates of different groups with different decisions, one is earlier in the first policy
/// and the other is earlier in the second.
///
/// The candidates are taken in the order of the first policy, and those that were taken are kept in a tree by their place in the
/// second policy, so that this takes n log n steps.
pub(super) fn smallest(mut candidates: Vec<Candidate>) -> Option<Crossing> {
    candidates.sort_by_key(|candidate| candidate.firsts.a);
    let last = candidates.iter().map(|candidate| candidate.firsts.b).max()?;
    let mut trees = [Tree::default(), Tree::default()];
    let mut smallest: Option<Crossing> = None;
    for same_row in candidates.chunk_by(|one, other| one.firsts.a == other.firsts.a) {
        for later in same_row {
            for (is_cookie, tree) in [false, true].into_iter().zip(&trees) {
                let Some(earlier) = tree.smallest_below(last - later.firsts.b, later) else { continue };
                let saved = if is_cookie && later.is_cookie { SAVED } else { 0 };
                let size = earlier.size + later.size - saved;
                if smallest.is_none_or(|smallest| size < smallest.size) {
                    smallest = Some(Crossing { a: earlier.part, b: later.part, size });
                }
            }
        }
        for candidate in same_row {
            let [headers, cookies] = &mut trees;
            let tree = if candidate.is_cookie { cookies } else { headers };
            tree.insert(last - candidate.firsts.b, last + 1, *candidate);
        }
    }
    smallest
}

/// A binary indexed tree: each node has the smallest candidates of a range of places.
#[derive(Default)]
struct Tree(BTreeMap<usize, Vec<Candidate>>);

impl Tree {
    fn insert(&mut self, place: usize, places: usize, candidate: Candidate) {
        let mut node = place + 1;
        while node <= places {
            insert(self.0.entry(node).or_default(), candidate);
            node += node & node.wrapping_neg();
        }
    }

    /// The smallest candidate at a lower place that has another decision and another group.
    fn smallest_below(&self, place: usize, other: &Candidate) -> Option<Candidate> {
        let mut node = place;
        let mut smallest: Option<Candidate> = None;
        while node > 0 {
            let kept = self.0.get(&node).map_or(&[][..], Vec::as_slice);
            let fitting = kept.iter().find(|kept| !is_excluded(kept, other.decision, other.group));
            smallest = smallest.into_iter().chain(fitting.copied()).min_by_key(|candidate| candidate.size);
            node -= node & node.wrapping_neg();
        }
        smallest
    }
}

/// Adds a candidate to those of a node, smallest first, and removes those that are never the smallest for any decision and
/// group. At most a handful are left.
fn insert(kept: &mut Vec<Candidate>, candidate: Candidate) {
    let place = kept.partition_point(|other| other.size <= candidate.size);
    kept.insert(place, candidate);
    let mut needed: Vec<Candidate> = Vec::new();
    for candidate in kept.drain(..) {
        if is_needed(&needed, &candidate) {
            needed.push(candidate);
        }
    }
    *kept = needed;
}

/// Whether there are a decision and a group that exclude all smaller candidates, but not this one.
fn is_needed(smaller: &[Candidate], candidate: &Candidate) -> bool {
    // A number that no candidate has excludes nothing.
    let decisions = || smaller.iter().map(|other| other.decision).chain([usize::MAX]);
    let groups = || smaller.iter().map(|other| other.group).chain([usize::MAX]);
    decisions().any(|decision| {
        groups().any(|group| {
            !is_excluded(candidate, decision, group) && smaller.iter().all(|other| is_excluded(other, decision, group))
        })
    })
}

fn is_excluded(candidate: &Candidate, decision: usize, group: usize) -> bool {
    candidate.decision == decision || candidate.group == group
}
