//! Additive increase, multiplicative decrease, on failures.

use std::time::Duration;

use super::smooth::Ema;
use super::{Algorithm, Window};

/// One more while all is well, a tenth less when operations fail or take longer than allowed.
///
/// The rule of TCP, with a time-out or a rejection in the place of a lost packet. It is fair: of two clients with unequal
/// limits the larger gives up more at each decrease, and gains no more at each increase. It finds the knee of a service only
/// by the failures beyond it, so it fills the service's queue up to the time-out.
///
/// Source: Chiu and Jain, "Analysis of the increase and decrease algorithms for congestion avoidance", 1989.
#[derive(Clone, Debug)]
pub struct Aimd {
    increase: f64,
    backoff: f64,
    rtt_max: Duration,
    drops_max: f64,
    rtt: Ema,
}

impl Aimd {
    /// Adds 1, keeps 0.9, bears no drop at all, and takes a smoothed mean latency of 5 s for a failure.
    pub fn new() -> Self {
        Self {
            increase: 1.0,
            backoff: 0.9,
            rtt_max: Duration::from_secs(5),
            drops_max: 0.0,
            rtt: Ema::new(0.5),
        }
    }

    /// What a window in which all was well adds.
    ///
    /// # Panics
    ///
    /// If it is negative, or no number.
    #[track_caller]
    pub fn with_increase(mut self, increase: f64) -> Self {
        assert!(increase >= 0.0, "an increase is not negative");
        self.increase = increase;
        self
    }

    /// What part of the limit is kept by a decrease.
    ///
    /// # Panics
    ///
    /// If it is not between 0 and 1.
    #[track_caller]
    pub fn with_backoff(mut self, backoff: f64) -> Self {
        assert!(
            backoff > 0.0 && backoff < 1.0,
            "a back-off keeps a part of the limit"
        );
        self.backoff = backoff;
        self
    }

    /// The smoothed mean latency above which a window counts as failed.
    pub fn with_rtt_max(mut self, rtt_max: Duration) -> Self {
        self.rtt_max = rtt_max;
        self
    }

    /// The part of operations that may fail before a window counts as failed.
    pub fn with_drops_max(mut self, drops_max: f64) -> Self {
        self.drops_max = drops_max;
        self
    }
}

impl Default for Aimd {
    fn default() -> Self {
        Self::new()
    }
}

impl Algorithm for Aimd {
    fn step(&mut self, limit: f64, window: &Window) -> f64 {
        let slow = window.samples > 0
            && self.rtt.add(window.rtt_mean.as_secs_f64()) > self.rtt_max.as_secs_f64();
        if slow || window.drop_ratio() > self.drops_max {
            limit * self.backoff
        } else if window.uses(limit, 0.5) {
            limit + self.increase
        } else {
            limit
        }
    }
}
