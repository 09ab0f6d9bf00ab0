//! How much a question may cost. What is counted are steps of the engine's own work, not time, so that an answer is the
//! same on every machine.

use std::cell::Cell;

/// Steps that a question may cost. A step takes ten to sixty nanoseconds, most where patterns are followed together.
const STEPS: u64 = 60_000_000;

pub(super) const TOO_MANY_STEPS: &str = "the statements overlap in too many ways";

/// What one question has cost so far, and how far it may go.
#[derive(Debug)]
pub(super) struct Budget {
    spent: Cell<u64>,
    /// What may be spent until the part in hand has to be given up.
    limit: Cell<u64>,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { spent: Cell::new(0), limit: Cell::new(STEPS) }
    }
}

impl Budget {
    pub(super) fn spend(&self, steps: usize) {
        self.spent.set(self.spent.get().saturating_add(steps as u64));
    }

    /// True once the part in hand has cost all that it may.
    pub(super) fn is_spent(&self) -> bool {
        self.spent.get() > self.limit.get()
    }

    /// Opens the next of `left` parts of the question, which may cost several times its even share, so that a hard part
    /// does not take everything from those behind it.
    pub(super) fn begin_part(&self, left: usize) {
        let rest = STEPS.saturating_sub(self.spent.get());
        let share = rest / (left.max(1) as u64).div_ceil(8);
        self.limit.set(self.spent.get() + share);
    }
}
