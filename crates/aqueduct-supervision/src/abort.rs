//! How one child is made to be dropped: it is told to, and woken if it waits.
//!
//! ```text
//!   who aborts:   say which run ─▶ lock ─▶ take that run's waker out ─▶ unlock ─▶ wake
//!   the child:    look, poll; it waits: lock ─▶ look ─▶ leave the waker ─▶ unlock
//! ```
//!
//! Both take the lock, and the child looks under it. If it comes first, who aborts finds its waker; if it comes second, it
//! sees that it is to go. So one of the two sees the other.
//!
//! # Invariants
//!
//! A1. Runs are numbered, and a later one begins after the one before has ended. Who aborts a run that is over takes no
//!     waker but that run's, and stops no later one.
//! A2. A waker that was left stays until it is taken by an abort, or the run leaves. So a child need not come back to the
//!     lock unless another waker polls it.

use std::task::Waker;

use aqueduct_core::sync::{AtomicU64, Lock, Ordering};

/// The word and the waker of one child.
pub(crate) struct Abort {
    /// This run and all before are to stop; they are numbered from 1.
    until: AtomicU64,
    /// Of the task of a run, once it has waited.
    waker: Lock<Option<(u64, Waker)>>,
}

impl Abort {
    pub(crate) fn new() -> Self {
        Self {
            until: AtomicU64::new(0),
            waker: Lock::new(None),
        }
    }

    /// Whether this run is to stop.
    #[inline]
    pub(crate) fn is_asked(&self, run: u64) -> bool {
        // Relaxed: nothing else is learnt from it.
        self.until.load(Ordering::Relaxed) >= run
    }

    /// Asks a run to stop, and wakes it if it waits.
    pub(crate) fn ask(&self, run: u64) {
        // Relaxed: who leaves a waker looks under the lock, which is taken after this.
        self.until.fetch_max(run, Ordering::Relaxed);
        let waker = self.take(run);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The run waits, and is to be woken in order to stop. If it is to stop now, it is woken now.
    pub(crate) fn arm(&self, run: u64, waker: Waker) {
        let mut place = self.waker.lock();
        if self.is_asked(run) {
            drop(place);
            waker.wake();
            return;
        }
        let before = place.replace((run, waker));
        drop(place);
        drop(before);
    }

    /// The run has ended.
    pub(crate) fn leave(&self, run: u64) {
        let waker = self.take(run);
        drop(waker);
    }

    fn take(&self, run: u64) -> Option<Waker> {
        let mut place = self.waker.lock();
        let (_, waker) = place.take_if(|(of, _)| *of == run)?;
        Some(waker)
    }
}

#[cfg(all(test, aqueduct_loom))]
#[path = "abort/tests/loom.rs"]
mod loom;
