//! What a handle remembers for itself: its coop budget, and what pausing has brought.
//!
//! A handle that can be shared between threads (`&self`) keeps these in one atomic word, read and written without
//! synchronization: they are hints, and a lost update costs a unit of budget or a pause.

use std::task::{Context, Poll, ready};

use aqueduct_core::chase::Chase;
use aqueduct_core::sync::{AtomicU32, Ordering};

use crate::budget::poll_unit;

/// `{ budget: 8, chase: 16 }`.
#[derive(Debug, Default)]
pub(crate) struct Local(AtomicU32);

const BUDGET: u32 = 0xff;

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
            self.0.store(now | u32::from(unit), Ordering::Relaxed);
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

    /// [`Chase::pause_and`].
    pub(crate) fn pause_and<R>(&self, look: impl FnOnce() -> Option<R>) -> Option<R> {
        let now = self.0.load(Ordering::Relaxed);
        let mut chase = Chase::from_bits((now >> 8) as u16);
        let found = chase.pause_and(look);
        let bits = u32::from(chase.into_bits()) << 8;
        self.0.store((now & BUDGET) | bits, Ordering::Relaxed);
        found
    }
}
