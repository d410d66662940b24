//! What the handles of a limiter share: the gate, and, if the limit adapts, what it learns from.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use aqueduct_core::pad::Padded;
use aqueduct_core::rt::Epoch;
use aqueduct_core::sync::{AtomicU64, AtomicUsize, Lock, Ordering};
use tokio::time::Instant;

use super::cadence::{Cadence, Step, Stepper};
use super::gate::Gate;
use super::sampler::{Sample, Sampler};
use super::stats::Stats;

pub(super) struct Core {
    pub(super) gate: Gate,
    /// Times are nanoseconds since then.
    epoch: Epoch,
    /// What the algorithm is told that the time was then.
    clock: Duration,
    adapt: Option<Adapt>,
    min: usize,
    max: usize,
}

struct Adapt {
    sampler: Sampler,
    cadence: Cadence,
    /// When somebody should see whether the window is over.
    due: Padded<AtomicU64>,
    /// Out while somebody steps; whoever comes meanwhile does not wait for that.
    stepper: Lock<Option<Box<Stepper>>>,
    /// A limit set by hand, which the stepper has not seen yet; 0 for none.
    by_hand: AtomicUsize,
    seen: Lock<Seen>,
}

/// What the last window left to look at.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    rtt: Option<Duration>,
    step: Step,
    windows: u64,
}

// The one field that is not is an algorithm in its box. It is under a lock, and it is not shown to anybody; one that has
// panicked is as good as any other state of an estimate.
impl UnwindSafe for Core {}
impl RefUnwindSafe for Core {}

/// Which limiter has what, when it is built.
pub(super) struct Parts {
    pub(super) gate: Gate,
    /// None if the limit does not adapt.
    pub(super) stepper: Option<Stepper>,
    pub(super) cadence: Cadence,
    pub(super) stripes: usize,
    pub(super) clock: Duration,
    pub(super) min: usize,
    pub(super) max: usize,
}

impl Core {
    pub(super) fn new(parts: Parts) -> Self {
        let cadence = parts.cadence;
        let adapt = parts.stepper.map(|stepper| Adapt {
            sampler: Sampler::new(parts.stripes),
            cadence,
            due: Padded(AtomicU64::new(nanos(cadence.window))),
            stepper: Lock::new(Some(Box::new(stepper))),
            by_hand: AtomicUsize::new(0),
            seen: Lock::default(),
        });
        Self {
            gate: parts.gate,
            epoch: Epoch::new(Instant::now()),
            clock: parts.clock,
            adapt,
            min: parts.min,
            max: parts.max,
        }
    }

    /// The time since the limiter was made.
    #[inline]
    pub(super) fn since_epoch(&self, now: Instant) -> Duration {
        Duration::from_nanos(self.epoch.nanos(now))
    }

    #[inline]
    pub(super) fn now(&self) -> Duration {
        self.since_epoch(Instant::now())
    }

    #[inline(always)]
    fn nanos(&self, now: Option<Instant>) -> u64 {
        self.epoch.nanos(now.unwrap_or_else(Instant::now))
    }

    /// When an operation that begins now began: no clock is read if nobody will ask.
    #[inline]
    pub(super) fn started(&self, now: Option<Instant>) -> u64 {
        match (&self.adapt, now) {
            (None, _) => 0,
            (Some(_), now) => self.nanos(now),
        }
    }

    /// Gives a permit back, unrecorded.
    #[inline]
    pub(super) fn give_back(&self, partition: usize) -> usize {
        self.gate.give_back(partition, || self.now())
    }

    /// Gives back the permit of an operation that succeeded.
    #[inline(always)]
    pub(super) fn succeeded(&self, partition: usize, started: u64, now: Option<Instant>) {
        let in_flight = self.give_back(partition);
        if let Some(adapt) = &self.adapt {
            let now = self.nanos(now);
            let rtt = now.saturating_sub(started);
            adapt.sampler.note(Sample::Success(rtt), in_flight);
            self.look(adapt, now);
        }
    }

    /// Gives back the permit of an operation that failed for overload.
    #[inline]
    pub(super) fn failed(&self, partition: usize, now: Option<Instant>) {
        let in_flight = self.give_back(partition);
        if let Some(adapt) = &self.adapt {
            let now = self.nanos(now);
            adapt.sampler.note(Sample::Drop, in_flight);
            self.look(adapt, now);
        }
    }

    #[inline(always)]
    fn look(&self, adapt: &Adapt, now: u64) {
        if now >= adapt.due.load(Ordering::Relaxed) {
            self.turn(adapt, Duration::from_nanos(now));
        }
    }

    /// Ends the window if enough has ended in it, and steps.
    #[cold]
    fn turn(&self, adapt: &Adapt, now: Duration) {
        let Some(mut stepper) = PutBack::take(&adapt.stepper) else {
            return;
        };
        if nanos(now) < adapt.due.load(Ordering::Relaxed) {
            // Somebody has stepped since this one looked.
            return;
        }
        let open_for = now.saturating_sub(stepper.opened);
        let so_far = adapt.sampler.so_far();
        if !adapt.cadence.is_enough(so_far, stepper.rtt, open_for) {
            let again = now + adapt.cadence.again();
            adapt.due.store(nanos(again), Ordering::Relaxed);
            return;
        }
        let window = adapt.sampler.drain(self.clock + now, open_for);
        let by_hand = adapt.by_hand.swap(0, Ordering::Relaxed);
        if by_hand > 0 {
            stepper.set_limit(by_hand);
        }
        let before = self.gate.state().limit();
        let limit = stepper.step(&window);
        if limit != before {
            self.gate.set_limit(limit, || now);
        }
        stepper.opened = now;
        let next = now + adapt.cadence.next(stepper.rtt.unwrap_or_default());
        adapt.due.store(nanos(next), Ordering::Relaxed);
        *adapt.seen.lock() = Seen {
            rtt: stepper.rtt,
            step: stepper.step,
            windows: stepper.windows,
        };
    }

    pub(super) fn set_limit(&self, limit: usize) {
        let limit = limit.clamp(self.min, self.max);
        if let Some(adapt) = &self.adapt {
            adapt.by_hand.store(limit, Ordering::Relaxed);
        }
        self.gate.set_limit(limit, || self.now());
    }

    pub(super) fn stats(&self) -> Stats {
        let seen = self.adapt.as_ref().map(|adapt| *adapt.seen.lock());
        let seen = seen.unwrap_or_default();
        let state = self.gate.state();
        Stats {
            limit: state.limit(),
            in_flight: state.in_flight(),
            queued: self.gate.queued(),
            rejected: self.gate.rejected.get(),
            latency: seen.rtt,
            step: seen.step,
            windows: seen.windows,
        }
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.gate.state();
        f.debug_struct("Limiter")
            .field("limit", &state.limit())
            .field("in_flight", &state.in_flight())
            .finish_non_exhaustive()
    }
}

/// The stepper while it is out. Comes back also when the algorithm panics.
struct PutBack<'a> {
    home: &'a Lock<Option<Box<Stepper>>>,
    stepper: Option<Box<Stepper>>,
}

impl<'a> PutBack<'a> {
    fn take(home: &'a Lock<Option<Box<Stepper>>>) -> Option<Self> {
        let stepper = home.lock().take()?;
        Some(Self {
            home,
            stepper: Some(stepper),
        })
    }
}

impl std::ops::Deref for PutBack<'_> {
    type Target = Stepper;

    fn deref(&self) -> &Stepper {
        self.stepper.as_ref().expect("it is out until the drop")
    }
}

impl std::ops::DerefMut for PutBack<'_> {
    fn deref_mut(&mut self) -> &mut Stepper {
        self.stepper.as_mut().expect("it is out until the drop")
    }
}

impl Drop for PutBack<'_> {
    fn drop(&mut self) {
        *self.home.lock() = self.stepper.take();
    }
}

/// Enough for five hundred years.
#[inline(always)]
fn nanos(time: Duration) -> u64 {
    time.as_secs()
        .wrapping_mul(1_000_000_000)
        .wrapping_add(u64::from(time.subsec_nanos()))
}
