//! The steps that a pattern may take to be examined.

/// The pattern needs more steps to be examined than there are.
#[derive(Clone, Copy)]
pub(super) struct Unexamined;

/// The steps that are left for a pattern.
pub(super) struct Budget(usize);

impl Budget {
    pub(super) fn new(steps: usize) -> Self {
        Budget(steps)
    }

    /// Less than a second, and enough for patterns with hundreds of places.
    pub(super) const STEPS: usize = 2_000_000;

    /// The steps for words that let the ways grow, but not double.
    pub(super) const GROWING_STEPS: usize = 500_000;

    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Unexamined> {
        self.0 = self.0.checked_sub(steps).ok_or(Unexamined)?;
        Ok(())
    }
}
