//! What a handle remembers for itself: its coop budget, what pausing has brought, and what claims it has lost.
//!
//! A handle that can be shared between threads (`&self`) keeps these in atomic words, read and written without
//! synchronization: they are hints, and a lost update costs a unit of budget or a pause.

use std::task::{Context, Poll, ready};

use aqueduct_core::chase::Chase;
use aqueduct_core::sync::{AtomicU32, Ordering};

use crate::budget::poll_unit;
use crate::contention::Contention;

#[derive(Debug, Default)]
pub(crate) struct Local {
    /// `{ chase: 16, budget: 8 }`.
    word: AtomicU32,
    contention: Contention,
}

const BUDGET: u32 = 0xff;

impl Local {
    pub(crate) fn new() -> Self {
        Self {
            word: AtomicU32::new(0),
            contention: Contention::new(),
        }
    }

    /// Makes sure that one message more is covered by the coop budget, or has the task yield.
    #[inline(always)]
    pub(crate) fn poll_budget(&self, cx: &mut Context<'_>) -> Poll<()> {
        let now = self.word.load(Ordering::Relaxed);
        if now & BUDGET == 0 {
            let unit = ready!(poll_unit(cx));
            self.word.store(now | u32::from(unit), Ordering::Relaxed);
        }
        Poll::Ready(())
    }

    /// Counts a message. Only after [`poll_budget`](Self::poll_budget).
    #[inline(always)]
    pub(crate) fn spend(&self) {
        let now = self.word.load(Ordering::Relaxed);
        // Another thread may have spent the last one meanwhile.
        self.word
            .store(now - u32::from(now & BUDGET != 0), Ordering::Relaxed);
    }

    /// [`Contention::stand_back`].
    #[cold]
    pub(crate) fn stand_back(&self, position: u64) {
        self.contention.stand_back(position);
    }

    /// [`Chase::pause_and`].
    pub(crate) fn pause_and<R>(&self, look: impl FnOnce() -> Option<R>) -> Option<R> {
        let now = self.word.load(Ordering::Relaxed);
        let mut chase = Chase::from_bits((now >> 8) as u16);
        let found = chase.pause_and(look);
        let bits = u32::from(chase.into_bits()) << 8;
        self.word.store(now & BUDGET | bits, Ordering::Relaxed);
        found
    }
}
