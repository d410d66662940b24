//! Following the ratio of long-term to short-term latency.

use super::smooth::Ema;
use super::{Algorithm, Window};

/// Multiplies the limit by how much faster the service was in the long term than it is now, and adds a few for the queue.
///
/// There is no baseline to probe for: the long-term mean drifts towards whatever the latency is. That is its strength,
/// where a service becomes slower for good, and its weakness: under an overload that lasts, the mean learns the overload,
/// and the limit creeps up until something else stops it.
///
/// Source: Netflix' concurrency-limits, `Gradient2Limit`: a long-term mean over 600 windows, a tolerance of 1.5, room for
/// 4 in the queue, a smoothing of 0.2. Stepped once a window, by the mean; a tenth less when operations fail, of which the
/// original takes no notice.
#[derive(Clone, Debug)]
pub struct Gradient2 {
    long: Ema,
    tolerance: f64,
    queue: f64,
    smoothing: f64,
}

impl Gradient2 {
    /// With the published constants.
    pub fn new() -> Self {
        Self {
            long: Ema::over(600),
            tolerance: 1.5,
            queue: 4.0,
            smoothing: 0.2,
        }
    }

    /// How many times the long-term latency is borne.
    ///
    /// # Panics
    ///
    /// If it is less than 1.
    #[track_caller]
    pub fn with_tolerance(mut self, tolerance: f64) -> Self {
        assert!(tolerance >= 1.0, "a tolerance is no less than 1");
        self.tolerance = tolerance;
        self
    }

    /// How many may wait in the service.
    ///
    /// # Panics
    ///
    /// If it is negative, or no number.
    #[track_caller]
    pub fn with_queue(mut self, queue: f64) -> Self {
        assert!(queue >= 0.0, "a queue is not negative");
        self.queue = queue;
        self
    }
}

impl Default for Gradient2 {
    fn default() -> Self {
        Self::new()
    }
}

impl Algorithm for Gradient2 {
    fn step(&mut self, limit: f64, window: &Window) -> f64 {
        if window.drops > 0 {
            return limit * 0.9;
        }
        if window.rtt_mean.is_zero() {
            return limit;
        }
        let short = window.rtt_mean.as_secs_f64();
        let long = self.long.add(short);
        if long > 2.0 * short {
            // An overload has ended: what was learnt in it is to be forgotten sooner.
            self.long.scale(0.95);
        }
        if !window.uses(limit, 0.5) {
            return limit;
        }
        let gradient = (self.tolerance * self.long.value() / short).clamp(0.5, 1.0);
        let next = limit * gradient + self.queue;
        limit + self.smoothing * (next - limit)
    }
}
