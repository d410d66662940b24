//! Where finished operations are noted, by many threads at once, until a window ends.
//!
//! ```text
//!    note ──▶ the stripe is this thread's own? ──▶ plain loads and stores
//!                └── it is another's, or is being drained ──▶ a stripe for all: taken by a compare-and-swap, for a moment
//! ```
//!
//! A stripe belongs to the first thread that comes for it, for good: for who has one, as most workers of a runtime do, a
//! sample costs no atomic read-modify-write. Whoever comes later to the same one shares some more with the others, a
//! quarter as many. A stripe for all that is taken is not waited for: the next one serves as well.
//!
//! Any thread that notes something once has its stripe for good, be it `main`, one for blocking calls, or a worker of a
//! runtime that is gone; and numbers of threads meet in one stripe where they differ by a multiple of how many there are.
//! So a worker may have none. It then loses some 20 ns a sample, and no sample.
//!
//! Who drains asks for a stripe by a mark on its owner's name, and then, once for all stripes, has the kernel run a barrier
//! on every thread ([`barrier`]). The owner says that it writes, and looks for the mark then: so it has seen the mark, or is
//! seen to write. What it writes at that moment is left to the next window.
//!
//! # Invariants
//!
//! I1. What a stripe holds is read and written by who has it, only: its owner while it is `taken` and has seen no mark
//!     since, or who drains while the mark is set and it was not taken after that. One for all: who has taken it.
//! I2. A stripe is had for a bounded number of instructions, none of them the user's.
//! I3. A stripe that has an owner has it for good; no two threads have one number, and one without has no stripe. One
//!     thread at a time drains.
//!
//! # Why not one atomic addition for each figure
//!
//! There are six figures to a sample, and an addition costs as much as the swap.
//!
//! # Where there is no such barrier
//!
//! Outside of Linux both sides would need a fence, which costs as much as the swap: there all stripes are for all.

use std::time::Duration;

use aqueduct_core::barrier;
use aqueduct_core::pad::Padded;
use aqueduct_core::sync::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering, yield_now};
use aqueduct_core::thread;

use super::algorithm::Window;
use super::cadence::SoFar;
use super::histogram::{BUCKETS, Histogram, bucket};

/// How an operation ended, for the limit's purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    /// It took so many nanoseconds.
    Success(u64),
    Drop,
}

#[derive(Debug)]
pub(super) struct Sampler {
    /// First those that have or will have owners, as many as a power of two, or none; then those for all, likewise.
    stripes: Box<[Padded<Stripe>]>,
    own: usize,
}

#[derive(Debug)]
struct Stripe {
    /// The number of the thread that has it, and one; with the mark of who drains. 0 for nobody.
    owner: AtomicUsize,
    taken: AtomicBool,
    samples: AtomicU64,
    drops: AtomicU64,
    rtt_sum: AtomicU64,
    rtt_min: AtomicU64,
    in_flight_max: AtomicU64,
    in_flight_sum: AtomicU64,
    histogram: [AtomicU32; BUCKETS],
}

/// Somebody drains.
const MARK: usize = 1 << (usize::BITS - 1);

impl Stripe {
    fn new() -> Self {
        Self {
            owner: AtomicUsize::new(0),
            taken: AtomicBool::new(false),
            samples: AtomicU64::new(0),
            drops: AtomicU64::new(0),
            rtt_sum: AtomicU64::new(0),
            rtt_min: AtomicU64::new(u64::MAX),
            in_flight_max: AtomicU64::new(0),
            in_flight_sum: AtomicU64::new(0),
            histogram: std::array::from_fn(|_| AtomicU32::new(0)),
        }
    }

    #[inline(always)]
    fn try_take(&self) -> bool {
        // Pairs with the Release of `give_back`: what who had it before has written is seen. Not a swap, which would write
        // also when it fails.
        self.taken
            .compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    #[inline(always)]
    fn give_back(&self) {
        // Pairs with the Acquire of `try_take`.
        self.taken.store(false, Ordering::Release);
    }

    /// Takes it for its owner; false if that is not this thread, or somebody drains.
    #[inline(always)]
    fn try_enter(&self, thread: usize) -> bool {
        if self.owner.load(Ordering::Relaxed) != thread + 1 {
            return false;
        }
        self.taken.store(true, Ordering::Relaxed);
        // Pairs with the `heavy` in `drain`: the mark is seen here, or this is seen there.
        barrier::light();
        // Pairs with the Release of `Drained::drop`: what was reset is seen.
        if self.owner.load(Ordering::Acquire) == thread + 1 {
            return true;
        }
        self.give_back();
        false
    }

    /// Makes it this thread's, unless somebody has it.
    fn try_claim(&self, thread: usize) -> bool {
        // Relaxed: nobody has written to it. Who drains does not touch what nobody has.
        self.owner
            .compare_exchange(0, thread + 1, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    /// Under I1.
    #[inline(always)]
    fn note(&self, sample: Sample, in_flight: usize) {
        let in_flight = in_flight as u64;
        add(&self.in_flight_sum, in_flight);
        if in_flight > self.in_flight_max.load(Ordering::Relaxed) {
            self.in_flight_max.store(in_flight, Ordering::Relaxed);
        }
        let Sample::Success(nanos) = sample else {
            add(&self.drops, 1);
            return;
        };
        add(&self.samples, 1);
        add(&self.rtt_sum, nanos);
        if nanos < self.rtt_min.load(Ordering::Relaxed) {
            self.rtt_min.store(nanos, Ordering::Relaxed);
        }
        let bucket = &self.histogram[bucket(nanos)];
        let count = bucket.load(Ordering::Relaxed);
        bucket.store(count.saturating_add(1), Ordering::Relaxed);
    }

    /// Moves what is here to `totals`. Under I1.
    fn drain(&self, totals: &mut Totals) {
        totals.samples += take(&self.samples);
        totals.drops += take(&self.drops);
        totals.rtt_sum += take(&self.rtt_sum);
        totals.in_flight_sum += take(&self.in_flight_sum);
        totals.in_flight_max = totals.in_flight_max.max(take(&self.in_flight_max));
        totals.rtt_min = totals.rtt_min.min(self.rtt_min.load(Ordering::Relaxed));
        self.rtt_min.store(u64::MAX, Ordering::Relaxed);
        for (number, bucket) in self.histogram.iter().enumerate() {
            let count = bucket.load(Ordering::Relaxed);
            if count > 0 {
                bucket.store(0, Ordering::Relaxed);
                totals.histogram.add(number, count);
            }
        }
    }
}

/// One who writes alone needs no atomic addition.
#[inline(always)]
fn add(figure: &AtomicU64, more: u64) {
    let sum = figure.load(Ordering::Relaxed).wrapping_add(more);
    figure.store(sum, Ordering::Relaxed);
}

fn take(figure: &AtomicU64) -> u64 {
    let value = figure.load(Ordering::Relaxed);
    figure.store(0, Ordering::Relaxed);
    value
}

impl Sampler {
    /// Room for so many threads at once.
    pub(super) fn new(stripes: usize) -> Self {
        let stripes = stripes.next_power_of_two();
        let (own, for_all) = match barrier::is_asymmetric() {
            true => (stripes, (stripes / 4).max(1)),
            false => (0, stripes),
        };
        let stripe = |_| Padded(Stripe::new());
        Self {
            stripes: (0..own + for_all).map(stripe).collect(),
            own,
        }
    }

    /// Notes an operation that ended with so many in flight, itself included.
    #[inline(always)]
    pub(super) fn note(&self, sample: Sample, in_flight: usize) {
        let Some(thread) = thread::try_number() else {
            return self.note_for_all(sample, in_flight);
        };
        // There is a power of two of them, or none; and then the first is nobody's.
        let stripe = &self.stripes[thread & self.own.saturating_sub(1)];
        if stripe.try_enter(thread) {
            stripe.note(sample, in_flight);
            stripe.give_back();
        } else {
            self.note_elsewhere(thread, sample, in_flight);
        }
    }

    /// Where this thread has no stripe of its own, or not yet, or somebody drains it.
    #[cold]
    fn note_elsewhere(&self, thread: usize, sample: Sample, in_flight: usize) {
        let (own, for_all) = self.stripes.split_at(self.own);
        let mine = own.get(thread & self.own.saturating_sub(1));
        let entered = mine.filter(|mine| mine.try_claim(thread) && mine.try_enter(thread));
        let stripe = match entered {
            Some(mine) => mine,
            None => take_any(for_all, thread),
        };
        stripe.note(sample, in_flight);
        stripe.give_back();
    }

    /// For a thread that has no number (I3).
    #[cold]
    fn note_for_all(&self, sample: Sample, in_flight: usize) {
        let stripe = take_any(&self.stripes[self.own..], 0);
        stripe.note(sample, in_flight);
        stripe.give_back();
    }

    /// About what has ended since the last window.
    pub(super) fn so_far(&self) -> SoFar {
        let (mut samples, mut drops, mut rtt_sum) = (0, 0, 0u64);
        for stripe in &self.stripes {
            samples += stripe.samples.load(Ordering::Relaxed);
            drops += stripe.drops.load(Ordering::Relaxed);
            rtt_sum = rtt_sum.saturating_add(stripe.rtt_sum.load(Ordering::Relaxed));
        }
        SoFar {
            ended: samples + drops,
            rtt: Duration::from_nanos(rtt_sum.checked_div(samples).unwrap_or(0)),
        }
    }

    /// Makes a window of what was noted, and begins the next.
    pub(super) fn drain(&self, now: Duration, length: Duration) -> Window {
        let mut totals = Totals::default();
        let (own, for_all) = self.stripes.split_at(self.own);
        for stripe in mark_all(own) {
            // Pairs with the Release of `give_back`: what the owner has written is seen. One who writes at this moment is
            // left to the next window.
            if !stripe.0.taken.load(Ordering::Acquire) {
                stripe.0.drain(&mut totals);
            }
        }
        for stripe in for_all {
            // As above.
            if stripe.try_take() {
                stripe.drain(&mut totals);
                stripe.give_back();
            }
        }
        totals.window(now, length)
    }
}

/// Takes one of those for all.
fn take_any(stripes: &[Padded<Stripe>], thread: usize) -> &Stripe {
    let mut tries = 0usize;
    loop {
        // There is a power of two of them, and more than none.
        let stripe = &stripes[(thread + tries) & (stripes.len() - 1)];
        if stripe.try_take() {
            return stripe;
        }
        tries += 1;
        if tries.is_multiple_of(stripes.len()) {
            yield_now();
        }
    }
}

/// Keeps the owners of these stripes out, but for those who write right now: they are `taken`.
fn mark_all(stripes: &[Padded<Stripe>]) -> Vec<Drained<'_>> {
    let mark = |stripe: &Padded<Stripe>| {
        let owner = stripe.owner.load(Ordering::Relaxed);
        (owner > 0).then(|| stripe.owner.store(owner | MARK, Ordering::Relaxed))
    };
    let owned = stripes.iter().filter(|stripe| mark(stripe).is_some());
    let marked: Vec<_> = owned.map(|stripe| Drained(stripe)).collect();
    if !marked.is_empty() {
        // Pairs with the `light` of `try_enter`.
        barrier::heavy();
    }
    marked
}

/// A stripe with the mark, which is taken off again.
struct Drained<'a>(&'a Stripe);

impl Drop for Drained<'_> {
    fn drop(&mut self) {
        let owner = self.0.owner.load(Ordering::Relaxed);
        // Pairs with the Acquire of `try_enter`: who enters sees what was reset.
        self.0.owner.store(owner & !MARK, Ordering::Release);
    }
}

#[derive(Debug)]
struct Totals {
    samples: u64,
    drops: u64,
    rtt_sum: u64,
    rtt_min: u64,
    in_flight_max: u64,
    in_flight_sum: u64,
    histogram: Histogram,
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            samples: 0,
            drops: 0,
            rtt_sum: 0,
            rtt_min: u64::MAX,
            in_flight_max: 0,
            in_flight_sum: 0,
            histogram: Histogram::default(),
        }
    }
}

impl Totals {
    fn window(&self, now: Duration, length: Duration) -> Window {
        let mut window = Window {
            now,
            length,
            samples: self.samples,
            drops: self.drops,
            in_flight_max: self.in_flight_max as usize,
            in_flight_mean: self.in_flight_sum as f64 / (self.samples + self.drops).max(1) as f64,
            ..Window::default()
        };
        if let Some(mean) = self.rtt_sum.checked_div(self.samples) {
            window.rtt_min = Duration::from_nanos(self.rtt_min);
            window.rtt_mean = Duration::from_nanos(mean);
            window.rtt_p50 = self.histogram.quantile(0.5);
            window.rtt_p90 = self.histogram.quantile(0.9);
        }
        window
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;

#[cfg(all(test, aqueduct_loom))]
#[path = "sampler/tests/loom.rs"]
mod loom;
