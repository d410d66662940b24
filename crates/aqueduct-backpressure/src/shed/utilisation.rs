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
//! request instead, the average would be the quicker the busier the server is.
//!
//! What is in flight is averaged exactly: each that comes and each that ends closes a stretch of time in which so many were.
//! So a request that comes after a quiet second finds the quiet, not the rush before. A gauge can be read only when somebody
//! comes, and what it says then stands for the time since the last: it is the better guess of the two after a pause.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
    smoothed: Lock<Smoothed>,
    admitted: AtomicU64,
    shed: AtomicU64,
}

type Gauge = dyn Fn() -> f64 + Send + Sync;

#[derive(Debug)]
struct Smoothed {
    load: f64,
    /// How many are in flight since `at`.
    in_flight: usize,
    /// Up to when `load` is smoothed.
    at: Instant,
}

/// What [`Utilisation::stats`] tells.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct UtilisationStats {
    /// How busy the server is, smoothed, as of the last request that came or, without a gauge, ended.
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
            in_flight: 0,
            at: Instant::now(),
        };
        Self {
            shared: Arc::new(Shared {
                gauge,
                capacity,
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
        let gauge = self.shared.gauge();
        let mut smoothed = self.shared.smoothed.lock();
        let sample = gauge.unwrap_or_else(|| self.shared.share_in_flight(&smoothed));
        let load = smoothed.step(now, sample, self.time_constant);
        let is_shed = is_shed(priority, self.share(load), draw);
        smoothed.in_flight += usize::from(!is_shed);
        drop(smoothed);
        if is_shed {
            self.shared.shed.fetch_add(1, Ordering::Relaxed);
            return Err(Shed::Utilisation { load });
        }
        self.shared.admitted.fetch_add(1, Ordering::Relaxed);
        Ok(InFlight::new(self.shared.clone(), self.time_constant))
    }

    /// What there is to tell.
    pub fn stats(&self) -> UtilisationStats {
        let (load, in_flight) = {
            let smoothed = self.shared.smoothed.lock();
            (smoothed.load, smoothed.in_flight)
        };
        UtilisationStats {
            load,
            share_shed: self.share(load),
            in_flight,
            admitted: self.shared.admitted.load(Ordering::Relaxed),
            shed: self.shared.shed.load(Ordering::Relaxed),
        }
    }

    fn share(&self, load: f64) -> f64 {
        ((load - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

impl Shared {
    /// One that was admitted ends: the time since the last look was one with it.
    pub(super) fn leave(&self, now: Instant, time_constant: Duration) {
        let mut smoothed = self.smoothed.lock();
        if self.gauge.is_none() {
            let sample = self.share_in_flight(&smoothed);
            smoothed.step(now, sample, time_constant);
        }
        smoothed.in_flight -= 1;
    }

    fn gauge(&self) -> Option<f64> {
        let says = self.gauge.as_ref()?();
        Some(if says.is_finite() { says } else { 1.0 })
    }

    fn share_in_flight(&self, smoothed: &Smoothed) -> f64 {
        smoothed.in_flight as f64 / self.capacity as f64
    }
}

impl Smoothed {
    /// The load until now, if it was `sample` since the last step. Moments that go back are none.
    fn step(&mut self, now: Instant, sample: f64, time_constant: Duration) -> f64 {
        if time_constant.is_zero() {
            self.load = sample;
        } else {
            let stood = now.saturating_duration_since(self.at).as_secs_f64();
            let weight = -f64::exp_m1(-stood / time_constant.as_secs_f64());
            self.load += (sample - self.load) * weight;
        }
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
