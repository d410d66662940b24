//! The word of a scope: whether it was cancelled and why, in one pointer that changes in one step.
//!
//! ```text
//!   live:        { null | watched: 1 | clock: 1 | draining: 1 }
//!   cancelled:   { pointer to the cause | 000 }
//!
//!   live ──drain──▶ live, draining ──cancel──▶ cancelled           live ──cancel──▶ cancelled
//! ```
//!
//! *draining* says: finish what you have, take nothing new. *clock* says: there is a deadline for which no timer is
//! set, so that who looks here has to look at the clock too. *watched* says: something may hang here that is to be told.
//!
//! # Invariants
//!
//! I1. The pointer is null, or came from `Arc::into_raw` and the word owns that one reference. Once it is not null, the
//!     word does not change until it is dropped. So a flag that is seen has its reason with it, and the first wins.
//! I2. A cause is aligned to more than the bits: the bits of a cancelled word are 0.
//! I3. *draining* and *watched* are never taken back, *clock* may come and go; all end with cancellation.
//! I4. Nobody hangs anything on a scope before the word is *watched*. Changes of the word have one order: who cancels and
//!     finds it not watched is done, since who comes later finds it cancelled.
//!
//! # Why not a flag, and the reason beside it
//!
//! There would be a moment at which one of them is there without the other, and each reader would have to know of it.

use std::ptr;

use aqueduct_core::sync::{AtomicPtr, Ordering};

use crate::reason::Cause;
use crate::refs::Arc;

const DRAINING: usize = 1;
const CLOCK: usize = 1 << 1;
const WATCHED: usize = 1 << 2;
const BITS: usize = DRAINING | CLOCK | WATCHED;

const _: () = assert!(align_of::<Cause>() > BITS, "I2");

/// See the module's doc.
pub(crate) struct Word(AtomicPtr<Cause>);

/// The word as it was seen at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen(*mut Cause);

/// What came of a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Verdict {
    /// It was made, here and now; the word was this before.
    First(Seen),
    /// The word was there, or further on, before.
    Already,
}

impl Seen {
    /// Whether the word is live, and there is nothing to be asked but the scopes above.
    #[inline(always)]
    pub(crate) fn is_quiet(self) -> bool {
        self.0.addr() & !WATCHED == 0
    }

    #[inline(always)]
    pub(crate) fn is_cancelled(self) -> bool {
        self.0.addr() > BITS
    }

    /// Whether something may hang on the scope.
    #[inline(always)]
    pub(crate) fn is_watched(self) -> bool {
        self.0.addr() & WATCHED != 0
    }

    /// Whether nothing new is to be begun: draining, or cancelled.
    #[inline(always)]
    pub(crate) fn is_draining(self) -> bool {
        self.0.addr() & DRAINING != 0 || self.is_cancelled()
    }

    /// Whether the clock has to be looked at as well.
    #[inline(always)]
    pub(crate) fn needs_clock(self) -> bool {
        self.0.addr() & CLOCK != 0
    }

    fn with(self, bits: usize) -> Self {
        Self(self.0.map_addr(|addr| addr | bits))
    }

    fn without(self, bits: usize) -> Self {
        Self(self.0.map_addr(|addr| addr & !bits))
    }
}

impl Word {
    pub(crate) fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    #[inline(always)]
    pub(crate) fn load(&self) -> Seen {
        // Acquire pairs with the Release of a step: who sees a cancellation sees its cause, and all that was done
        // before it.
        Seen(self.0.load(Ordering::Acquire))
    }

    /// Cancels, for this cause. The first cause stays.
    pub(crate) fn cancel(&self, cause: &Arc<Cause>) -> Verdict {
        let mut seen = self.load();
        if seen.is_cancelled() {
            return Verdict::Already;
        }
        let next = Seen(Arc::into_raw(cause.clone()).cast_mut());
        while let Err(now) = self.step(seen, next) {
            if now.is_cancelled() {
                // SAFETY: `next` came from `into_raw` above, and did not become the word's (I1).
                drop(unsafe { Arc::from_raw(next.0) });
                return Verdict::Already;
            }
            seen = now;
        }
        Verdict::First(seen)
    }

    /// The cause, if cancelled.
    pub(crate) fn cause(&self) -> Option<Arc<Cause>> {
        let seen = self.load();
        if !seen.is_cancelled() {
            return None;
        }
        // SAFETY: the word owns a reference for as long as it is borrowed (I1), and the pointer has no bits (I2).
        Some(unsafe {
            Arc::increment_strong_count(seen.0);
            Arc::from_raw(seen.0)
        })
    }

    /// Begins to drain.
    pub(crate) fn drain(&self) -> Verdict {
        self.change(|seen| (!seen.is_draining()).then(|| seen.with(DRAINING)))
    }

    /// Says that something may hang on the scope. False if it is cancelled: then nothing may.
    pub(crate) fn watch(&self) -> bool {
        let watched = self.change(|seen| {
            let changes = !seen.is_cancelled() && !seen.is_watched();
            changes.then(|| seen.with(WATCHED))
        });
        matches!(watched, Verdict::First(_)) || self.load().is_watched()
    }

    /// Says that the clock has to be looked at. Writes also where it was said before: what was written before this is
    /// seen by who clears the bit after.
    pub(crate) fn set_clock(&self) {
        let _ = self.change(|seen| (!seen.is_cancelled()).then(|| seen.with(CLOCK)));
    }

    /// Says that the clock need not be looked at: a timer is set.
    pub(crate) fn clear_clock(&self) {
        let _ = self.change(|seen| (!seen.is_cancelled()).then(|| seen.without(CLOCK)));
    }

    fn change(&self, next: impl Fn(Seen) -> Option<Seen>) -> Verdict {
        let mut seen = self.load();
        loop {
            let Some(next) = next(seen) else {
                return Verdict::Already;
            };
            match self.step(seen, next) {
                Ok(()) => return Verdict::First(seen),
                Err(now) => seen = now,
            }
        }
    }

    fn step(&self, seen: Seen, next: Seen) -> Result<(), Seen> {
        // Release pairs with the Acquire in `load`. AcqRel: two changes of *clock* pair with each other, see
        // `set_clock`. Acquire on failure pairs with the Release of the step that came between.
        match self
            .0
            .compare_exchange(seen.0, next.0, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => Ok(()),
            Err(now) => Err(Seen(now)),
        }
    }
}

impl Drop for Word {
    fn drop(&mut self) {
        let seen = self.load();
        if seen.is_cancelled() {
            // SAFETY: the word owns this reference, and goes (I1); no bits (I2).
            drop(unsafe { Arc::from_raw(seen.0) });
        }
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
