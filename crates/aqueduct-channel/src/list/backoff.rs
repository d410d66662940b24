//! How a thread passes the time until another one has finished a few instructions.

use aqueduct_core::sync::{spin_loop, yield_now};

/// Pauses that grow, and then give the core away.
///
/// For waits whose end is a few instructions of another thread: pausing is right while that thread runs, and
/// yielding once it must have been preempted.
#[derive(Debug)]
pub(super) struct Backoff(u32);

impl Backoff {
    /// 1 + 2 + 4 + … + 32 hints, some 3 µs, and then yields.
    const SPIN_STEPS: u32 = if cfg!(aqueduct_loom) { 0 } else { 6 };

    pub(super) fn new() -> Self {
        Self(0)
    }

    pub(super) fn pause(&mut self) {
        if self.0 < Self::SPIN_STEPS {
            for _ in 0..1 << self.0 {
                spin_loop();
            }
            self.0 += 1;
        } else {
            yield_now();
        }
    }
}
