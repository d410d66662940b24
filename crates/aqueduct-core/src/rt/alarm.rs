//! Many deadlines on few timers.
//!
//! Deadlines nearly never pass: they are set around work that ends first. A Tokio `Sleep` is made for the one that
//! does; to register and remove it takes its driver's lock twice. Alarms wait in a heap of ours, and one `Sleep` a heap, a
//! *shard*, stands for them all. To set and drop an [`Alarm`] takes 83 ns where a `Sleep` takes 121, its waker's clone
//! included in both; where two workers do it at once, 170 and 1,800 (2-core Sapphire Rapids, 2.0 GHz).
//!
//! ```text
//!    Alarm::set ──▶ shard: heap of (at, waker) ── earliest ──▶ one Sleep ──▶ Tokio's driver
//!                        ▲                                                       │ calls the Sleep's waker,
//!                        └── wakes what is due, sets a Sleep for the next ◀──────┘ which is the shard
//! ```
//!
//! There is no task of ours: the work is done in the call with which the driver wakes the `Sleep`.
//!
//! # Invariants
//!
//! A1. While the heap is not empty there is a Sleep, set for the earliest of the alarms or for an earlier moment. (Or
//!     it has gone off, and the shard is in the call that comes of it.) So only an alarm earlier than the Sleep touches
//!     it, and a removal never does.
//!
//! A2. Only the owner's alarms are in a shard, and its Sleep is the owner's. A shard changes its owner, under its lock,
//!     only while it has neither alarms nor a Sleep; it then keeps nothing of the runtime that it served.
//!
//! A3. Shards live for ever; there are as many as were busy at the same time. An alarm needs no count of references to
//!     its shard, and knows by a number that is never used again whether it is still there.
//!
//! A4. Under a shard's lock no waker is called, cloned or dropped that is not the shard's own. Of Tokio's, only a Sleep
//!     without a waker is registered, and only one that was not registered again is dropped. Neither calls wakers.
//!
//! # When the runtime goes away
//!
//! Its driver then wakes every Sleep. For a Sleep that is early that is how a shard knows; it wakes all of its alarms
//! and drops the Sleep, and with it the last that it held of the runtime. Who waits elsewhere sets a new alarm there.
//!
//! # Under a paused clock
//!
//! Alarms are exact: as a Sleep, to the millisecond. But the Sleep of an alarm that was removed stays, so that a clock
//! which advances by itself may stop at it, or go there while the test waits for something from outside of the runtime.
//!
//! # Why not shards that are freed with their runtime
//!
//! Each alarm would count a reference to its shard, two atomic operations more, and a Sleep's waker another in a circle.
//! What would be freed is little: an idle shard has given back its memory but for a small heap.
//!
//! # Why not a wheel
//!
//! A wheel adds and removes in constant time, as does this heap nearly always: a new alarm is mostly the latest, so
//! that it stays at the bottom, and what is removed is mostly near it. The heap is exact and small, and who is next is
//! at its top.

mod find;
mod queue;
mod shard;

use std::fmt;
use std::task::Waker;

use tokio::time::Instant;

use queue::Key;
use shard::{Cover, Shard};

/// Wakes somebody at a moment. Dropping it removes it, and the waker with it.
///
/// The waker is called once the moment has passed, or before that if the runtime goes away. So whoever is woken looks
/// at the clock, and sets a new alarm if it is too early: [`update`](Self::update) says whether this one is still set.
#[must_use = "an alarm that is dropped is removed"]
pub struct Alarm {
    shard: &'static Shard,
    // None if it was late when it was set.
    key: Option<Key>,
}

impl Alarm {
    /// Sets an alarm on the current runtime. If `at` has passed, the waker is called here and now.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime with a time driver, and in one that is shutting down, as Tokio's own timers do.
    #[track_caller]
    pub fn set(at: Instant, waker: Waker) -> Self {
        match Self::enter(at, waker) {
            Ok(alarm) => alarm,
            Err(Refused::Late(shard, waker)) => {
                waker.wake();
                Self { shard, key: None }
            }
            Err(Refused::Gone) => gone(),
        }
    }

    /// Sets an alarm as [`set`](Self::set) does, or says by None that it would be late, and calls no waker.
    ///
    /// The clock is not always read: an alarm in the past may be set, and goes off at once.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set) does.
    #[inline]
    #[track_caller]
    pub fn set_unless_past(at: Instant, waker: Waker) -> Option<Self> {
        match Self::enter(at, waker) {
            Ok(alarm) => Some(alarm),
            Err(Refused::Late(..)) => None,
            Err(Refused::Gone) => gone(),
        }
    }

    /// Sets an alarm as [`set_unless_past`](Self::set_unless_past) does, or says by None that it would be late, or that
    /// the runtime is shutting down and will tell no time.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime with a time driver.
    #[track_caller]
    pub fn set_if_possible(at: Instant, waker: Waker) -> Option<Self> {
        Self::enter(at, waker).ok()
    }

    #[inline]
    #[track_caller]
    fn enter(at: Instant, waker: Waker) -> Result<Self, Refused> {
        let (shard, mut state) = find::current();
        if !state.is_covered(at) {
            match shard.cover(&mut state, at) {
                Cover::Covered => {}
                Cover::Late => return Err(Refused::Late(shard, waker)),
                Cover::Gone => return Err(Refused::Gone),
            }
        }
        let key = state.queue.push(at, waker);
        drop(state);
        Ok(Self {
            shard,
            key: Some(key),
        })
    }

    /// Sees to it that `waker` is the one to be called. False if it is too late for that: the alarm went off.
    #[inline]
    pub fn update(&mut self, waker: &Waker) -> bool {
        let Some(key) = self.key else {
            return false;
        };
        match self.shard.lock().queue.waker(key) {
            Some(old) if old.will_wake(waker) => return true,
            Some(_) => {}
            None => {
                self.key = None;
                return false;
            }
        }
        self.replace(key, waker.clone())
    }

    #[cold]
    fn replace(&mut self, key: Key, mut waker: Waker) -> bool {
        let mut state = self.shard.lock();
        let is_set = match state.queue.waker(key) {
            Some(old) => {
                std::mem::swap(old, &mut waker);
                true
            }
            None => false,
        };
        // The other waker is dropped after the lock (A4).
        drop(state);
        is_set
    }
}

/// Why no alarm was set.
enum Refused {
    Late(&'static Shard, Waker),
    Gone,
}

#[cold]
#[track_caller]
fn gone() -> ! {
    panic!("an alarm was set on a Tokio runtime that is shutting down")
}

impl Drop for Alarm {
    #[inline]
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let waker = self.shard.lock().queue.remove(key);
            // After the lock (A4), which a statement of its own lets go of.
            drop(waker);
        }
    }
}

/// Says nothing of the shard: that would be everybody's alarms, and to write them under its lock.
impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
