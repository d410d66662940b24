//! Where finished operations are noted, by many threads at once, until a window ends.
//!
//! Each thread has a stripe, which it shares with others only if there are more threads than stripes. A stripe is taken
//! with one compare-and-swap and given back with a plain store, and what happens between is plain loads and stores; so a
//! sample costs one atomic read-modify-write, however much of it is kept. A stripe that is taken is not waited for: the
//! next one serves as well.
//!
//! # Invariants
//!
//! I1. What a stripe holds is read and written by who took it, only.
//! I2. A stripe is taken for a bounded number of instructions, none of them the user's.
//!
//! # Why not one atomic addition for each figure
//!
//! There are six figures to a sample, and an addition costs as much as the swap.

use std::time::Duration;

use aqueduct_core::pad::Padded;
use aqueduct_core::sync::{AtomicBool, AtomicU32, AtomicU64, Ordering, yield_now};
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
    stripes: Box<[Padded<Stripe>]>,
}

#[derive(Debug)]
struct Stripe {
    taken: AtomicBool,
    samples: AtomicU64,
    drops: AtomicU64,
    rtt_sum: AtomicU64,
    rtt_min: AtomicU64,
    in_flight_max: AtomicU64,
    in_flight_sum: AtomicU64,
    histogram: [AtomicU32; BUCKETS],
}

impl Stripe {
    fn new() -> Self {
        Self {
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
        Self {
            stripes: (0..stripes).map(|_| Padded(Stripe::new())).collect(),
        }
    }

    /// Notes an operation that ended with so many in flight, itself included.
    #[inline(always)]
    pub(super) fn note(&self, sample: Sample, in_flight: usize) {
        // There is a power of two of them, and more than none.
        let at = thread::number() & (self.stripes.len() - 1);
        let stripe = &self.stripes[at];
        let stripe = if stripe.try_take() {
            stripe
        } else {
            self.take_another(at)
        };
        stripe.note(sample, in_flight);
        stripe.give_back();
    }

    #[cold]
    fn take_another(&self, at: usize) -> &Stripe {
        let mut tries = 0usize;
        loop {
            tries += 1;
            let stripe = &self.stripes[(at + tries) & (self.stripes.len() - 1)];
            if stripe.try_take() {
                return stripe;
            }
            if tries.is_multiple_of(self.stripes.len()) {
                yield_now();
            }
        }
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
        for stripe in &self.stripes {
            // One that somebody has at this moment is left to the next window.
            if stripe.try_take() {
                stripe.drain(&mut totals);
                stripe.give_back();
            }
        }
        totals.window(now, length)
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
