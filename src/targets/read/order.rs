//! The order of rows: which rows decide later in another order than in their own.

/// A row in its own order, with its place in the other order.
#[derive(Clone, Copy)]
pub(super) struct Ranked<G> {
    /// The place of the row in the other order. Rows that exclude each other may have the same place.
    pub(super) rank: usize,
    /// Where the row sends requests.
    pub(super) goal: G,
}

/// The indexes of the rows that another row overtakes: a later row with another goal comes first in the other order, so that it
/// decides about requests that satisfy both.
///
/// Of the rows `a`, `b` and `c`, in the other order `c`, `a`, `b`, the first two are overtaken, unless they have the goal of `c`.
pub(super) fn overtaken<G: Copy + PartialEq>(rows: &[Ranked<G>]) -> Vec<usize> {
    // Of the rows after the current one: the lowest rank with its goal, and the lowest rank of all other goals.
    let mut lowest: Option<(usize, G)> = None;
    let mut lowest_other = None;
    let mut indexes = Vec::new();
    for (index, Ranked { rank, goal }) in rows.iter().enumerate().rev() {
        let to_goal = lowest.is_some_and(|(_, lowest_goal)| lowest_goal == *goal);
        let against = if to_goal { lowest_other } else { lowest.map(|(lowest, _)| lowest) };
        if against.is_some_and(|against| against < *rank) {
            indexes.push(index);
        }
        match lowest {
            Some((lowest_rank, lowest_goal)) if lowest_rank <= *rank => {
                if lowest_goal != *goal {
                    lowest_other = Some(lowest_other.map_or(*rank, |other: usize| other.min(*rank)));
                }
            }
            _ => {
                if !to_goal {
                    lowest_other = lowest.map(|(rank, _)| rank);
                }
                lowest = Some((*rank, *goal));
            }
        }
    }
    indexes.reverse();
    indexes
}
