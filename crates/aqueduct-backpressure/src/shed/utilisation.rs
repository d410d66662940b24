//! Shedding by how busy the server is.
//!
//! ```text
//!    share that is shed
//!    1 ┤                    ┌──────        of the least important first: with four priorities, `Low` is
//!      │                  ╱                shed altogether before any `Normal` is
//!      │                ╱
//!    0 ┤──────────────┘
//!      └──────────────┬─────┬──────▶ load, smoothed
//!                    low   high
//! ```
//!
//! Between two thresholds, and not at one: at a threshold all are shed, or none, and the load swings about it.
//!
//! # Smoothing
//!
//! The load is an exponential average by *time*: a sample that stood for `dt` weighs `1 − e^(−dt/τ)`. Weighed by the
//! request instead, the average would be the quicker the busier the server is. What is sampled is what was the case since
//! the last look, so that a request which comes after a quiet second finds the quiet, not the rush before.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use aqueduct_core::sync::Lock;
use tokio::time::Instant;

use super::priority::is_shed;
use super::{InFlight, Priority, Shed};

/// Sheds the more the busier the server is, the less important first. Clones share it.
///
/// How busy it is, is the share of its capacity that is in flight, or what a [gauge](Self::with_gauge) says (the
/// processor's load, memory, the fill of a pool), smoothed over a second.
///
/// # Examples
///
/// ```
/// use aqueduct_backpressure::shed::{Priority, Utilisation};
/// use tokio::time::Instant;
///
/// // Begins to shed at 80 % of 100 requests, and sheds all at 100 %.
/// let load = Utilisation::new(100).with_thresholds(0.8, 1.0);
/// let request = load.admit(Priority::Normal)?;
/// assert_eq!(load.stats().in_flight, 1);
/// drop(request);
/// # Ok::<(), aqueduct_backpressure::shed::Shed>(())
/// ```
#[derive(Clone)]
pub struct Utilisation {
    shared: Arc<Shared>,
    low: f64,
    high: f64,
    time_constant: Duration,
}

pub(super) struct Shared {
    gauge: Option<Box<Gauge>>,
    capacity: usize,
    in_flight: AtomicUsize,
    smoothed: Lock<Smoothed>,
    admitted: AtomicU64,
    shed: AtomicU64,
}

type Gauge = dyn Fn() -> f64 + Send + Sync;

#[derive(Debug)]
struct Smoothed {
    load: f64,
    /// What was the case when it was last looked.
    sample: f64,
    at: Instant,
}

/// What [`Utilisation::stats`] tells.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct UtilisationStats {
    /// How busy the server is, smoothed, as of the last request.
    pub load: f64,
    /// The share that is shed at that load.
    pub share_shed: f64,
    /// How many are in flight.
    pub in_flight: usize,
    /// How many were let in.
    pub admitted: u64,
    /// How many were shed.
    pub shed: u64,
}

impl Utilisation {
    /// By how many are in flight, of a server that can work on `capacity` at a time.
    ///
    /// # Panics
    ///
    /// If `capacity` is zero.
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "a server of no capacity is always full");
        Self::make(capacity, None)
    }

    /// By what `gauge` says: 0 is idle, 1 is fully busy. It is asked for each request, so it should be cheap; a figure
    /// that is not a number counts as fully busy.
    pub fn with_gauge(gauge: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self::make(1, Some(Box::new(gauge)))
    }

    fn make(capacity: usize, gauge: Option<Box<Gauge>>) -> Self {
        let smoothed = Smoothed {
            load: 0.0,
            sample: 0.0,
            at: Instant::now(),
        };
        Self {
            shared: Arc::new(Shared {
                gauge,
                capacity,
                in_flight: AtomicUsize::new(0),
                smoothed: Lock::new(smoothed),
                admitted: AtomicU64::new(0),
                shed: AtomicU64::new(0),
            }),
            low: 0.8,
            high: 1.0,
            time_constant: Duration::from_secs(1),
        }
    }

    /// Sheds nothing below `low` and everything from `high` on, instead of 0.8 and 1.
    ///
    /// # Panics
    ///
    /// If they are not numbers, or `low` is not less than `high`.
    #[track_caller]
    #[must_use = "it is this one that has the thresholds"]
    pub fn with_thresholds(mut self, low: f64, high: f64) -> Self {
        assert!(low < high, "the lower threshold is below the higher");
        (self.low, self.high) = (low, high);
        self
    }

    /// Smooths over about so long instead of a second; over no time, the load is what it is.
    #[must_use = "it is this one that smooths so"]
    pub fn with_time_constant(mut self, time_constant: Duration) -> Self {
        self.time_constant = time_constant;
        self
    }

    /// Whether to work on a request. It counts as in flight until what is returned is dropped.
    pub fn admit(&self, priority: Priority) -> Result<InFlight, Shed> {
        self.admit_at(Instant::now(), priority, fastrand::f64())
    }

    /// As [`admit`](Self::admit), at a moment of the caller's and with a draw from `[0, 1)`.
    pub fn admit_at(&self, now: Instant, priority: Priority, draw: f64) -> Result<InFlight, Shed> {
        // The user's gauge is asked before the lock.
        let sample = self.shared.sample();
        let load = self
            .shared
            .smoothed
            .lock()
            .step(now, sample, self.time_constant);
        if is_shed(priority, self.share(load), draw) {
            self.shared.shed.fetch_add(1, Ordering::Relaxed);
            return Err(Shed::Utilisation { load });
        }
        self.shared.admitted.fetch_add(1, Ordering::Relaxed);
        Ok(InFlight::new(self.shared.clone()))
    }

    /// What there is to tell.
    pub fn stats(&self) -> UtilisationStats {
        let load = self.shared.smoothed.lock().load;
        UtilisationStats {
            load,
            share_shed: self.share(load),
            in_flight: self.shared.in_flight.load(Ordering::Relaxed),
            admitted: self.shared.admitted.load(Ordering::Relaxed),
            shed: self.shared.shed.load(Ordering::Relaxed),
        }
    }

    fn share(&self, load: f64) -> f64 {
        ((load - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

impl Shared {
    pub(super) fn enter(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn leave(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    fn sample(&self) -> f64 {
        let sample = match &self.gauge {
            Some(gauge) => gauge(),
            None => self.in_flight.load(Ordering::Relaxed) as f64 / self.capacity as f64,
        };
        if sample.is_finite() { sample } else { 1.0 }
    }
}

impl Smoothed {
    /// The load until now, in which the last sample has stood since it was taken. Moments that go back are none.
    fn step(&mut self, now: Instant, sample: f64, time_constant: Duration) -> f64 {
        if time_constant.is_zero() {
            self.load = sample;
        } else {
            let stood = now.saturating_duration_since(self.at).as_secs_f64();
            let weight = -f64::exp_m1(-stood / time_constant.as_secs_f64());
            self.load += (self.sample - self.load) * weight;
        }
        self.sample = sample;
        self.at = self.at.max(now);
        self.load
    }
}

impl fmt::Debug for Utilisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Utilisation")
            .field("low", &self.low)
            .field("high", &self.high)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
