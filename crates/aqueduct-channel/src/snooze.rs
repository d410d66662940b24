//! How a thread passes the time until another one has finished a few instructions.
//!
//! Pausing is right while that thread runs, and yielding once it must have been preempted.

use aqueduct_core::sync::{spin_loop, yield_now};

/// A wait that is under way. Spins for 1 + 2 + 4 + … + 32 hints, then yields the processor.
pub(crate) struct Snooze {
    rounds: u32,
}

impl Snooze {
    const SPIN_ROUNDS: u32 = if cfg!(aqueduct_loom) { 0 } else { 6 };

    pub(crate) fn new() -> Self {
        Self { rounds: 0 }
    }

    #[cold]
    pub(crate) fn snooze(&mut self) {
        if self.rounds < Self::SPIN_ROUNDS {
            for _ in 0..1 << self.rounds {
                spin_loop();
            }
            self.rounds += 1;
        } else {
            yield_now();
        }
    }
}
