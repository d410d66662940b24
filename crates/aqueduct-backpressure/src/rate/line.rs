//! One limit with its line of waiters.
//!
//! Waiters stand in a [`WaitQueue`] and are *given* their permits when their time comes, first come first served, by
//! whoever looks: there is nothing for them to do, so that one who is not polled, or was leaked, holds up nobody.
//!
//! ```text
//!    acquire ──▶ free, nobody waits: taken at once
//!       │
//!       └─▶ joins the line ──▶ whoever looks serves as many as the moment allows, from the front
//!                                 │ and sets the alarm for the next in line
//!                                 ▼
//!                  one Alarm for each runtime ──▶ looks again
//! ```
//!
//! # Invariants
//!
//! L1. While somebody waits, the runtime that polled them last has an alarm set for when the first in line can be served,
//!     or earlier; or somebody who looked at the line is about to set it; or all have been told to come again, since
//!     nobody could set one; or that moment never comes, as time has come to its end. Whoever finds that the first can be served earlier brings all alarms forward.
//! L2. An alarm that is set is replaced by an earlier one only. One that goes off early does no harm: it is a look.
//! L3. `waiting` is what those in line ask for, but for those who are just joining or have just been served.
//!
//! An alarm goes off early when its runtime goes away, in a thread that may have no runtime at all. If somebody still
//! waits, no other runtime has an alarm, and none can be set here, everybody is woken to join again, and whoever does so
//! first sets the alarm there. That is the one case in which the order may change.
//!
//! [`alarms`] says why there is one for each runtime.
//!
//! # Why not a timer for each waiter
//!
//! Each would have its own time, computed when it came. When one in the middle goes away, all behind would have to be
//! found and told of their new ones.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake};

use aqueduct_core::rt::Epoch;
use aqueduct_core::sync::Lock;
use aqueduct_core::wait_queue::{LazyWait, PassOn, Place, WaitQueue};
use tokio::runtime;
use tokio::time::Instant;

use self::alarms::{Alarms, Arm};
use super::error::{AcquireError, TryAcquireError};
use super::gcra::{Gcra, Taken, Tried};
use super::pace::{self, Denied};
use super::{Quota, Stats};

mod alarms;

/// What a waiter asks for, and what became of it.
#[derive(Debug)]
pub(super) struct Ask {
    permits: u32,
    verdict: Verdict,
}

#[derive(Debug)]
enum Verdict {
    /// In line.
    Open,
    Given(Taken),
    TooMany(u32),
    /// Nobody could set an alarm: join again.
    Again,
}

/// Permits of a waiter that goes away are given back by [`Line::leave`], which knows the limit. The queue does not.
impl PassOn for Ask {
    fn pass_on(self, _: &WaitQueue<Self>) {}
}

pub(super) type Seat = LazyWait<Arc<WaitQueue<Ask>>>;

#[derive(Debug)]
pub(in crate::rate) struct Line {
    gcra: Gcra,
    /// L3. Beside the word: a decision reads both.
    waiting: AtomicU64,
    epoch: Epoch,
    queue: Arc<WaitQueue<Ask>>,
    alarms: Alarms,
    quota: Lock<Quota>,
    too_soon: AtomicU64,
    too_many: AtomicU64,
}

impl Line {
    /// A line for a limit whose rate is used up to a time.
    pub(super) fn new(quota: Quota, start: Instant, tat: u64) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            gcra: Gcra::used_until(quota.pace(), tat),
            waiting: AtomicU64::new(0),
            epoch: Epoch::new(start),
            queue: Arc::new(WaitQueue::new(0)),
            alarms: Alarms::new(me.clone()),
            quota: Lock::new(quota),
            too_soon: AtomicU64::new(0),
            too_many: AtomicU64::new(0),
        })
    }

    #[inline(always)]
    pub(super) fn try_acquire(&self, now: Instant, permits: u32) -> Result<(), TryAcquireError> {
        let at = self.units(now);
        if self.waiting.load(Ordering::Relaxed) > 0 {
            return Err(self.rejected_behind(at, permits));
        }
        match self.gcra.try_take(at, permits) {
            Tried::Taken(_) => Ok(()),
            tried => self.try_acquire_again(tried, at, permits),
        }
    }

    #[cold]
    fn try_acquire_again(
        &self,
        tried: Tried,
        at: u64,
        permits: u32,
    ) -> Result<(), TryAcquireError> {
        let taken = match tried {
            Tried::Taken(_) => return Ok(()),
            Tried::Denied => self.gcra.take_again(at, permits),
            Tried::Overtaken => self.gcra.take_contended(at, permits),
        };
        taken.map(drop).map_err(|denied| self.rejected(denied))
    }

    /// As [`try_acquire`](Self::try_acquire), for who may give it back. Not counted as rejected: who asks so waits then.
    #[cfg(feature = "tower")]
    pub(super) fn try_keep(&self, permits: u32) -> Result<Taken, Denied> {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            return Err(Denied::TooSoon(1));
        }
        self.gcra.take_to_keep(self.units(Instant::now()), permits)
    }

    /// Whether what was taken is there for others by now, because time has passed.
    #[cfg(feature = "tower")]
    pub(super) fn has_lapsed(&self, taken: &Taken) -> bool {
        self.gcra.has_lapsed(taken, self.units(Instant::now()))
    }

    #[cold]
    fn rejected(&self, denied: Denied) -> TryAcquireError {
        match denied {
            Denied::TooSoon(units) => {
                self.too_soon.fetch_add(1, Ordering::Relaxed);
                let retry_after = pace::duration(units);
                TryAcquireError::TooSoon { retry_after }
            }
            Denied::TooMany(burst) => {
                self.too_many.fetch_add(1, Ordering::Relaxed);
                TryAcquireError::TooMany { burst }
            }
        }
    }

    /// Somebody waits: whoever does not comes after them (R3).
    #[cold]
    fn rejected_behind(&self, at: u64, permits: u32) -> TryAcquireError {
        let burst = self.gcra.burst();
        if permits > burst {
            return self.rejected(Denied::TooMany(burst));
        }
        let before = self.waiting.load(Ordering::Relaxed);
        let units = self.gcra.delay(at, before.saturating_add(permits.into()));
        self.rejected(Denied::TooSoon(units))
    }

    /// The time up to which the rate is used.
    pub(super) fn tat(&self) -> u64 {
        self.gcra.tat()
    }

    /// Waits for permits in `seat`, which is this waiter's alone.
    pub(super) fn poll_acquire(
        &self,
        mut seat: Pin<&mut Seat>,
        cx: &mut Context<'_>,
        permits: u32,
    ) -> Poll<Result<Taken, AcquireError>> {
        loop {
            let mut now = 0;
            let is_waiting = seat.is_made() && self.seat(seat.as_mut()).is_waiting();
            if !is_waiting {
                now = self.units(Instant::now());
                if self.waiting.load(Ordering::Relaxed) == 0 {
                    match self.gcra.take_to_keep(now, permits) {
                        Ok(taken) => return Poll::Ready(Ok(taken)),
                        Err(Denied::TooMany(burst)) => return Poll::Ready(Err(self.never(burst))),
                        Err(Denied::TooSoon(_)) => {}
                    }
                }
                self.waiting.fetch_add(permits.into(), Ordering::Relaxed);
            }
            let mut next = None;
            let polled = self.seat(seat.as_mut()).poll_wait(
                cx,
                Place::Back,
                0,
                || Ask::new(permits),
                |ask| self.fulfil(ask, now, &mut next),
                || {},
            );
            match next {
                Some(next) if polled.is_pending() => self.see_to(next),
                // The line goes on behind one who was served.
                Some(_) => self.look(),
                // In line already, but perhaps polled by another runtime than before (L1).
                None if polled.is_pending() && !self.alarms.is_set_here() => self.look(),
                None => {}
            }
            return match polled {
                Poll::Pending => Poll::Pending,
                Poll::Ready(ask) => match ask.verdict {
                    Verdict::Given(taken) => Poll::Ready(Ok(taken)),
                    Verdict::TooMany(burst) => Poll::Ready(Err(self.never(burst))),
                    Verdict::Again | Verdict::Open => continue,
                },
            };
        }
    }

    #[cold]
    fn never(&self, burst: u32) -> AcquireError {
        self.too_many.fetch_add(1, Ordering::Relaxed);
        AcquireError::TooMany { burst }
    }

    /// The waiter goes away. What it was given is there for others, and so is the time that it would have taken.
    pub(super) fn leave(&self, mut seat: Pin<&mut Seat>) {
        if !seat.is_made() {
            return;
        }
        let Some((ask, served)) = self.seat(seat.as_mut()).leave() else {
            return;
        };
        if !served {
            self.waiting
                .fetch_sub(ask.permits.into(), Ordering::Relaxed);
        }
        match ask.verdict {
            Verdict::Given(taken) => self.give_back(taken),
            _ => self.look(),
        }
    }

    /// Gives back what was taken and not used.
    pub(super) fn give_back(&self, taken: Taken) {
        self.gcra.give_back(taken, self.units(Instant::now()));
        self.look();
    }

    /// Puts another quota in force. To be followed by a [`look`](Self::look), as those who wait may have to be served.
    pub(super) fn change(&self, quota: Quota, now: Instant) {
        let mut in_force = self.quota.lock();
        self.gcra.change(quota.pace(), self.units(now));
        *in_force = quota;
    }

    pub(super) fn quota(&self) -> Quota {
        *self.quota.lock()
    }

    pub(super) fn available(&self, now: Instant) -> u32 {
        self.gcra.available(self.units(now))
    }

    pub(super) fn stats(&self, now: Instant) -> Stats {
        Stats {
            quota: self.quota(),
            available: self.available(now),
            waiting: self.queue.len(),
            waiting_permits: self.waiting.load(Ordering::Relaxed),
            rejected_too_soon: self.too_soon.load(Ordering::Relaxed),
            rejected_too_many: self.too_many.load(Ordering::Relaxed),
        }
    }

    /// Serves as many as this moment allows, and sees to it that the next is served in time.
    pub(super) fn look(&self) {
        while self.queue.is_waited_on() {
            let now = self.units(Instant::now());
            let mut next = None;
            self.queue.serve(|ask| self.fulfil(ask, now, &mut next));
            let Some(units) = next else {
                return;
            };
            match self.alarms.set(self.moment(units)) {
                Arm::Set => return,
                // Time stands still, and to look again is to find the same for ever.
                Arm::Past if now == pace::NOW_MAX => return,
                Arm::Past => {}
                Arm::Impossible => return self.send_off(),
            }
        }
    }

    /// As [`look`](Self::look), from a waiter's poll after a look that found the first in line to be served at `next`.
    fn see_to(&self, next: u64) {
        if !self.alarms.set_here(self.moment(next)) {
            self.look();
        }
    }

    /// Decides on the first in line; `next` is its time, if that has not come.
    fn fulfil(&self, ask: &mut Ask, now: u64, next: &mut Option<u64>) -> bool {
        *next = None;
        ask.verdict = match self.gcra.take_to_keep(now, ask.permits) {
            Ok(taken) => Verdict::Given(taken),
            Err(Denied::TooMany(burst)) => Verdict::TooMany(burst),
            Err(Denied::TooSoon(units)) => {
                *next = Some(now.saturating_add(units));
                return false;
            }
        };
        self.waiting
            .fetch_sub(ask.permits.into(), Ordering::Relaxed);
        true
    }

    /// Tells all who wait to join again.
    #[cold]
    fn send_off(&self) {
        self.queue.serve(|ask| {
            ask.verdict = Verdict::Again;
            self.waiting
                .fetch_sub(ask.permits.into(), Ordering::Relaxed);
            true
        });
    }

    fn seat<'a>(
        &self,
        seat: Pin<&'a mut Seat>,
    ) -> Pin<&'a mut aqueduct_core::wait_queue::Wait<Arc<WaitQueue<Ask>>>> {
        seat.get(|| self.queue.clone())
    }

    #[inline(always)]
    fn units(&self, now: Instant) -> u64 {
        pace::units_at(&self.epoch, now)
    }

    /// The moment at which that is reached.
    fn moment(&self, units: u64) -> Instant {
        self.epoch.start() + pace::duration(units)
    }
}

impl Ask {
    fn new(permits: u32) -> Self {
        Self {
            permits,
            verdict: Verdict::Open,
        }
    }
}

/// What an alarm wakes: the line, if it is still there.
struct Tick {
    line: Weak<Line>,
    runtime: runtime::Id,
}

impl Wake for Tick {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(line) = self.line.upgrade() {
            line.alarms.gone_off(self.runtime);
            line.look();
        }
    }
}
