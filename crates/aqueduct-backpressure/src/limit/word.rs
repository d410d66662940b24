//! The word that decides: how many are in flight, how many may be, and whether somebody waits.
//!
//! ```text
//!    63                          32   31    30                           0
//!   ┌──────────────────────────────┬─────────┬─────────────────────────────┐
//!   │ limit                        │ waiting │ in flight                   │
//!   └──────────────────────────────┴─────────┴─────────────────────────────┘
//! ```
//!
//! All three in one word, so that taking a permit is one compare-and-swap, returning one is one subtraction, and neither can
//! miss a limit that changed or a waiter that came: who returns learns by the same instruction whether to serve the line.
//! No barrier between two words is needed, so there is none to forget.
//!
//! # Invariants
//!
//! I1. `in flight` counts each permit from when it is taken until it is given back, once.
//! I2. `waiting` is set and cleared under the line's lock only. Whenever that lock is free, it is set if and only if
//!     somebody is in line.
//! I3. The limit is at most [`LIMIT_MAX`], and so are the guaranteed shares together; so what is in flight stays below
//!     `waiting`.

use aqueduct_core::sync::{AtomicU64, Ordering};

/// No limit is larger.
pub(super) const LIMIT_MAX: usize = (1 << 29) - 1;

const WAITING: u64 = 1 << 31;
const IN_FLIGHT: u64 = WAITING - 1;
const LIMIT_SHIFT: u32 = 32;

/// The word as it was at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State(u64);

impl State {
    #[inline(always)]
    pub(super) fn in_flight(self) -> usize {
        (self.0 & IN_FLIGHT) as usize
    }

    #[inline(always)]
    pub(super) fn limit(self) -> usize {
        (self.0 >> LIMIT_SHIFT) as usize
    }

    #[inline(always)]
    pub(super) fn is_waited_on(self) -> bool {
        self.0 & WAITING != 0
    }

    #[inline(always)]
    fn has_room(self) -> bool {
        self.in_flight() < self.limit()
    }
}

#[derive(Debug)]
pub(super) struct Word(AtomicU64);

impl Word {
    pub(super) fn new(limit: usize) -> Self {
        Self(AtomicU64::new((limit as u64) << LIMIT_SHIFT))
    }

    #[inline(always)]
    pub(super) fn get(&self) -> State {
        State(self.0.load(Ordering::Relaxed))
    }

    /// Takes a permit if there is one and nobody waits for it.
    #[inline(always)]
    pub(super) fn take(&self) -> bool {
        self.take_if(|state| state.has_room() && !state.is_waited_on())
    }

    /// Takes a permit for one who waits.
    pub(super) fn take_for_waiter(&self) -> bool {
        self.take_if(State::has_room)
    }

    #[inline(always)]
    fn take_if(&self, may: impl Fn(State) -> bool) -> bool {
        let mut state = self.get();
        while may(state) {
            let taken = self.0.compare_exchange_weak(
                state.0,
                state.0 + 1,
                // Pairs with the Release of `give_back`: what the last holder did happens before.
                Ordering::Acquire,
                Ordering::Relaxed,
            );
            match taken {
                Ok(_) => return true,
                Err(now) => state = State(now),
            }
        }
        false
    }

    /// Takes a permit beyond the limit: of a share that is guaranteed.
    pub(super) fn take_anyway(&self) {
        // Pairs with the Release of `give_back`, as in `take_if`.
        self.0.fetch_add(1, Ordering::Acquire);
    }

    /// Gives a permit back. Returns what the word was before. If it is waited on the line must be served.
    #[inline(always)]
    pub(super) fn give_back(&self) -> State {
        // Pairs with the Acquire of `take_if`, and with that of `set_waiting`, after which the partitions are looked at.
        State(self.0.fetch_sub(1, Ordering::Release))
    }

    /// Changes the limit. Returns what the word was before. If it is waited on the line must be served.
    pub(super) fn set_limit(&self, limit: usize) -> State {
        debug_assert!(limit <= LIMIT_MAX, "I3");
        let mut old = self.get();
        loop {
            let new = (old.0 & (WAITING | IN_FLIGHT)) | (limit as u64) << LIMIT_SHIFT;
            let swapped =
                self.0
                    .compare_exchange_weak(old.0, new, Ordering::Relaxed, Ordering::Relaxed);
            match swapped {
                Ok(_) => return old,
                Err(now) => old = State(now),
            }
        }
    }

    /// Under the line's lock: somebody is in line. Who gives back after this sees it, and who gave back before it is seen.
    pub(super) fn set_waiting(&self) {
        // Pairs with the Release of `give_back`: the partition was given back before.
        self.0.fetch_or(WAITING, Ordering::Acquire);
    }

    /// Under the line's lock: nobody is in line.
    pub(super) fn clear_waiting(&self) {
        self.0.fetch_and(!WAITING, Ordering::Relaxed);
    }
}
