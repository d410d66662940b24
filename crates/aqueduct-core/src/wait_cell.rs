//! Where one task (or thread) waits, and any number of others wake it.
//!
//! ```text
//!                 arm                        notify takes it
//!    quiet ─────────────────────▶ ARMED ───────────────────────▶ BUSY
//!      ▲                            │                              │ the waker has been called
//!      └────────────────────────────┘                              ▼
//!                disarm                     quiet, or ARMED where the waiter armed again meanwhile
//! ```
//!
//! The waker stays in the cell from one wait to the next and is called by reference, so that a task that waits a
//! million times clones its waker once. The word beside it:
//!
//! - `ARMED`: the waiter sleeps, or is about to.
//! - `BUSY`: one notifier is calling the waker.
//! - `AGAIN`: another notifier came by while `BUSY` and `ARMED`; the busy one shall call the waker once more.
//! - `BOTH`: this cell's [`Payer`] is [`Payer::Both`].
//! - `MARK`: a sticky bit for whoever owns the cell ("the receiver is gone"), which notifiers learn of for nothing.
//! - `HELD`: a waiter that came through the safe door is in.
//!
//! A quiet cell whose waiter pays for the barrier is the word 0, so a notifier with nobody to wake runs one load and
//! one branch.
//!
//! # Invariants
//!
//! I1. At most one thread at a time arms the cell or replaces the waker: the *waiter* ([`WaitCell::poll_wait`] checks
//!     it by `HELD`, [`WaitCell::poll_wait_unchecked`] and [`WaitCell::retire`] have their caller promise it).
//! I2. Only the waiter writes the waker, and only while neither `ARMED` nor `BUSY` is set.
//! I3. A notifier reads the waker only while it holds `BUSY`, which it takes only from an `ARMED` cell.
//! I4. While neither `ARMED` nor `BUSY` is set, no notifier writes the word; only the waiter, [`WaitCell::mark`] and
//!     [`WaitCell::disarm`] do. The last two are safe to call from anywhere, and touch nothing that I1 to I3 speak of
//!     (`disarm` can only make the cell quieter), but from elsewhere than the waiter's side they may be lost.
//!
//! By I2 and I3 the waker is never written while it is read.
//!
//! # Why not take the waker out
//!
//! `AtomicWaker` moves the waker out to call it, and so the waiter clones a new one for each sleep. It costs as many
//! atomic operations, a clone more, and for wakers that allocate on clone, an allocation a sleep.

use std::fmt;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use crate::barrier::{self, Pace, Payer};
use crate::sync::{AtomicUsize, Ordering, UnsafeCell};

const ARMED: usize = 1;
const BUSY: usize = 1 << 1;
const AGAIN: usize = 1 << 2;
const BOTH: usize = 1 << 3;
const MARK: usize = 1 << 4;
const HELD: usize = 1 << 5;

/// A place for one waiter.
pub struct WaitCell {
    state: AtomicUsize,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: by I2 and I3 the waker, the only part that is not an atomic, is never written while another thread reads it.
unsafe impl Sync for WaitCell {}

// A panic in a waker leaves the word as it would be without it (`Turn`).
impl UnwindSafe for WaitCell {}
impl RefUnwindSafe for WaitCell {}

impl WaitCell {
    /// Creates a cell in which nobody waits. `payer` is the one of the [`Pace`] that its waiter will bring.
    pub fn new(payer: Payer) -> Self {
        Self {
            state: AtomicUsize::new(bits(payer)),
            waker: UnsafeCell::new(None),
        }
    }

    /// Wakes the waiter, if there is one, and says whether the cell is marked.
    ///
    /// To be called after publishing what the waiter waits for. The barrier between the two is in here.
    #[inline(always)]
    pub fn notify(&self) -> bool {
        barrier::light();
        let state = self.state.load(Ordering::Relaxed);
        if state == 0 {
            false
        } else {
            self.notify_slow(state)
        }
    }

    #[inline]
    fn notify_slow(&self, mut state: usize) -> bool {
        // Where the waiter is seen to sleep there is no need of a barrier before looking whether it does. That goes for
        // the mark too: `wake` changes the word, so it sees a mark that was set before, and who sets one later sees
        // what was published before this.
        if state & ARMED != 0
            && let Some(seen) = self.wake()
        {
            return seen & MARK != 0;
        }
        if state & BOTH != 0 {
            barrier::full();
            state = self.state.load(Ordering::Relaxed);
            if state & ARMED != 0 {
                self.wake();
            }
        }
        state & MARK != 0
    }

    /// Takes the cell from `ARMED` and calls the waker. Returns the word that it took it from; nothing if somebody
    /// else woke it, or the waiter went away.
    #[cold]
    fn wake(&self) -> Option<usize> {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            if state & ARMED == 0 {
                return None;
            }
            let busy = state & BUSY != 0;
            let next = if busy {
                state | AGAIN
            } else {
                (state & !ARMED) | BUSY
            };
            // Acquire pairs with the Release store in `set_armed`: the waker is there to be read.
            // Release pairs with the Acquire in `Turn::done`, where AGAIN hands this wake to the busy notifier.
            match self
                .state
                .compare_exchange_weak(state, next, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) if busy => return Some(state),
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        let turn = Turn { cell: self };
        loop {
            turn.call();
            if turn.done() {
                std::mem::forget(turn);
                return Some(state);
            }
        }
    }

    /// Sets the sticky mark. Notifiers whose publication the caller cannot see when this returns learn of it.
    ///
    /// Only the waiter's side may mark: a mark set by another thread while the waiter arms may be lost.
    pub fn mark(&self) {
        // Acquire pairs with the Release in `wake`: what a notifier published that woke the cell before is seen.
        let payer = payer(self.state.fetch_or(MARK, Ordering::Acquire));
        // The same handshake as arming: say it, then look.
        payer.sleeper_barrier(payer);
    }

    /// Whether [`mark`](Self::mark) was called.
    #[inline]
    pub fn is_marked(&self) -> bool {
        self.state.load(Ordering::Relaxed) & MARK != 0
    }

    /// Whether somebody waits right now.
    #[inline]
    pub fn is_waiting(&self) -> bool {
        self.state.load(Ordering::Relaxed) & ARMED != 0
    }

    /// Waits until `ready` gives something: arms the cell, looks once more, and leaves it armed if there is nothing.
    ///
    /// `pace` chooses who pays for the barrier; `messages` is how many went by since the waiter last slept.
    /// If another waiter is in the cell at this moment, the task is woken at once to try again; if another waited here
    /// before, it is forgotten.
    pub fn poll_wait<R>(
        &self,
        cx: &mut Context<'_>,
        pace: &mut Pace,
        messages: u64,
        ready: impl FnOnce() -> Option<R>,
    ) -> Poll<R> {
        // Acquire pairs with the Release in `Hold::drop`: the last waiter is done with the waker.
        if self.state.fetch_or(HELD, Ordering::Acquire) & HELD != 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let _hold = Hold { cell: self };
        // SAFETY: I1 holds, since HELD was clear and is now ours.
        unsafe { self.poll_wait_unchecked(cx, pace, messages, ready) }
    }

    /// [`poll_wait`](Self::poll_wait) for callers that have no other waiter to fear.
    ///
    /// # Safety
    ///
    /// No two calls of this function, of [`poll_wait`](Self::poll_wait) and of [`retire`](Self::retire) may overlap,
    /// and successive ones must be ordered by happens-before.
    #[inline]
    pub unsafe fn poll_wait_unchecked<R>(
        &self,
        cx: &mut Context<'_>,
        pace: &mut Pace,
        messages: u64,
        ready: impl FnOnce() -> Option<R>,
    ) -> Poll<R> {
        // SAFETY: by I1, which the caller promises.
        unsafe { self.arm(cx.waker(), pace.sleep_after(messages)) };
        match ready() {
            Some(value) => {
                self.disarm();
                Poll::Ready(value)
            }
            None => Poll::Pending,
        }
    }

    /// Arms the cell with `waker` and runs the sleeper's barrier.
    ///
    /// # Safety
    ///
    /// As [`poll_wait_unchecked`](Self::poll_wait_unchecked).
    unsafe fn arm(&self, waker: &Waker, mut now: Payer) {
        // Acquire pairs with the Release in `Turn`: a notifier's reading of the waker is over.
        let state = self.state.load(Ordering::Acquire);
        // SAFETY: I1: the caller is the waiter.
        let same = unsafe { self.holds(waker) };
        if state & (ARMED | BUSY) == 0 {
            // SAFETY: I2: the caller is the waiter, and the cell is quiet.
            unsafe { self.set_armed((!same).then_some(waker), now) };
        } else if same {
            // Relaxed: every write since the waker went in, with the Release store in `set_armed`, is an atomic
            // read-modify-write, so an Acquire that sees this one pairs with that store.
            let before = self.state.fetch_or(ARMED | bits(now), Ordering::Relaxed);
            // From here on both pay, or still do: that the sleeper pays is for a quiet cell to say.
            now = payer(before | bits(now));
        } else if self.calm() {
            // SAFETY: I2: the caller is the waiter, and `calm` has made the cell quiet.
            unsafe { self.set_armed(Some(waker), now) };
        } else {
            // A notifier is calling the waker of before. Come again once it is done.
            waker.wake_by_ref();
        }
        now.sleeper_barrier(payer(state));
    }

    /// Whether the waker in the cell wakes the same task as `waker`.
    ///
    /// # Safety
    ///
    /// The caller is the waiter (I1).
    unsafe fn holds(&self, waker: &Waker) -> bool {
        self.waker.with(|held| {
            // SAFETY: by I1 and I2 nobody writes the waker but the caller; notifiers only read it (I3).
            unsafe { (*held).as_ref() }.is_some_and(|held| held.will_wake(waker))
        })
    }

    /// Arms a quiet cell, with a clone of `waker` if there is one to put in.
    ///
    /// # Safety
    ///
    /// The caller is the waiter, and neither ARMED nor BUSY is set (I2).
    unsafe fn set_armed(&self, waker: Option<&Waker>, payer: Payer) {
        if let Some(waker) = waker {
            // SAFETY: by I2, as the caller promises.
            drop(unsafe { self.replace(Some(waker.clone())) });
        }
        let sticky = self.state.load(Ordering::Relaxed) & (MARK | HELD);
        // A plain store: by I4 nobody else writes the word of a quiet cell.
        // Release pairs with the Acquire in `wake`: the waker is there to be read.
        self.state
            .store(sticky | bits(payer) | ARMED, Ordering::Release);
    }

    /// Puts a waker in and returns the one of before, which the caller drops: that is the user's code.
    ///
    /// # Safety
    ///
    /// The caller is the waiter, and neither ARMED nor BUSY is set (I2).
    unsafe fn replace(&self, waker: Option<Waker>) -> Option<Waker> {
        self.waker.with_mut(|held| {
            // SAFETY: by I2, as the caller promises, nobody else is at the waker.
            unsafe { std::mem::replace(&mut *held, waker) }
        })
    }

    /// Takes ARMED away, so that the waker can be replaced. False if a notifier is at it.
    fn calm(&self) -> bool {
        let mut state = self.state.load(Ordering::Relaxed);
        while state & BUSY == 0 {
            // Acquire pairs with the Release in `Turn`: a notifier's reading of the waker is over.
            match self.state.compare_exchange_weak(
                state,
                state & !ARMED,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Stops waiting. A wake that is under way may still come. Only the waiter's side may say so: a wait that another
    /// task has just begun would be lost.
    #[inline]
    pub fn disarm(&self) {
        self.state.fetch_and(!ARMED, Ordering::Relaxed);
    }

    /// Stops waiting for good: lets go of the waker, which would otherwise hold on to the waiter's task for as long as
    /// the cell lives. A waker that is being called at this moment stays.
    ///
    /// # Safety
    ///
    /// As [`poll_wait_unchecked`](Self::poll_wait_unchecked).
    pub unsafe fn retire(&self) {
        if self.calm() {
            // SAFETY: I2: the caller is the waiter, and `calm` has made the cell quiet.
            drop(unsafe { self.replace(None) });
        } else {
            self.disarm();
        }
    }
}

#[inline(always)]
fn payer(state: usize) -> Payer {
    if state & BOTH != 0 {
        Payer::Both
    } else {
        Payer::Sleeper
    }
}

#[inline(always)]
fn bits(payer: Payer) -> usize {
    if payer == Payer::Both { BOTH } else { 0 }
}

/// A notifier's hold of the waker: BUSY. Dropped only by a waker that panics.
struct Turn<'a> {
    cell: &'a WaitCell,
}

impl Turn<'_> {
    fn call(&self) {
        self.cell.waker.with(|waker| {
            // SAFETY: by I3 the waker is not written while this thread holds BUSY.
            if let Some(waker) = unsafe { &*waker } {
                waker.wake_by_ref();
            }
        });
    }

    /// Lets go of BUSY and says true; or, if another notifier asked for one more call, keeps it and says false.
    fn done(&self) -> bool {
        let mut state = self.cell.state.load(Ordering::Relaxed);
        loop {
            let again = state & AGAIN != 0;
            let next = if again {
                state & !(AGAIN | ARMED)
            } else {
                state & !BUSY
            };
            // Release pairs with the Acquire in `arm` and `calm`: this thread's reading of the waker is over.
            // Acquire pairs with the Release in `wake`: what the other notifier published goes before the next call.
            match self.cell.state.compare_exchange_weak(
                state,
                next,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return !again,
                Err(now) => state = now,
            }
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Who left AGAIN relies on one more call. The panic that is under way is the one to be seen.
        while !self.done() {
            // What it throws is not dropped, as that may panic too.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| self.call())) {
                std::mem::forget(payload);
            }
        }
    }
}

/// A waiter's hold of the cell: HELD.
struct Hold<'a> {
    cell: &'a WaitCell,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        // Release pairs with the Acquire in `poll_wait`.
        self.cell.state.fetch_and(!HELD, Ordering::Release);
    }
}

impl fmt::Debug for WaitCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitCell")
            .field("waiting", &self.is_waiting())
            .field("marked", &self.is_marked())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;

#[cfg(all(test, aqueduct_loom))]
#[path = "wait_cell/tests/loom.rs"]
mod loom;
