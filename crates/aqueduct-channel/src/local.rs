//! What a handle remembers for itself: its coop budget, and what pausing has brought.
//!
//! A handle that can be shared between threads (`&self`) keeps these in one atomic word, read and written without
//! synchronization: they are hints, and a lost update costs a unit of budget or a pause.

use std::task::{Context, Poll, ready};

use aqueduct_core::chase::Chase;
use aqueduct_core::sync::{AtomicU32, Ordering, spin_loop};

use crate::budget::poll_unit;

/// `{ contention: 8, chase: 16, budget: 8 }`.
#[derive(Debug, Default)]
pub(crate) struct Local(AtomicU32);

const BUDGET: u32 = 0xff;
/// One step of contention.
const CONTENTION: u32 = 1 << 24;
/// Stands back for 2 to the power of this many spin-loop hints at most: some 20 µs.
const CONTENTION_MAX: u32 = if cfg!(aqueduct_loom) { 0 } else { 8 };

impl Local {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Makes sure that one message more is covered by the coop budget, or has the task yield.
    #[inline(always)]
    pub(crate) fn poll_budget(&self, cx: &mut Context<'_>) -> Poll<()> {
        let now = self.0.load(Ordering::Relaxed);
        if now & BUDGET == 0 {
            let unit = ready!(poll_unit(cx));
            let calmer = now - if now >= CONTENTION { CONTENTION } else { 0 };
            self.0.store(calmer | u32::from(unit), Ordering::Relaxed);
        }
        Poll::Ready(())
    }

    /// Counts a message. Only after [`poll_budget`](Self::poll_budget).
    #[inline(always)]
    pub(crate) fn spend(&self) {
        let now = self.0.load(Ordering::Relaxed);
        // Another thread may have spent the last one meanwhile.
        self.0
            .store(now - u32::from(now & BUDGET != 0), Ordering::Relaxed);
    }

    /// Another core was faster with a claim: stays away from the line for a while.
    ///
    /// Two cores that try again at once pass the line to and fro for every message, which then costs ten times as
    /// much. One that stays away lets the other make many claims in a row. It stays away for longer each time, and
    /// for less long with every coop unit; so a chance meeting costs a few nanoseconds.
    #[cold]
    pub(crate) fn stand_back(&self) {
        let now = self.0.load(Ordering::Relaxed);
        let level = now / CONTENTION;
        for _ in 0..1 << level {
            spin_loop();
        }
        if level < CONTENTION_MAX {
            self.0.store(now + CONTENTION, Ordering::Relaxed);
        }
    }

    /// [`Chase::pause_and`].
    pub(crate) fn pause_and<R>(&self, look: impl FnOnce() -> Option<R>) -> Option<R> {
        let now = self.0.load(Ordering::Relaxed);
        let mut chase = Chase::from_bits((now >> 8) as u16);
        let found = chase.pause_and(look);
        let bits = u32::from(chase.into_bits()) << 8;
        let rest = now & (BUDGET | !(CONTENTION - 1));
        self.0.store(rest | bits, Ordering::Relaxed);
        found
    }
}
