//! Multiplicative increase, additive decrease.

use std::time::Duration;

use super::smooth::Ema;
use super::{Algorithm, Window};

/// A tenth more while all is well, one less when operations fail or take longer than the target.
///
/// **Not recommended**: named here because nimsync names it as the rule of its flow control. What the name says is what
/// this does; nimsync's code multiplied to decrease and added to increase, which is [`Aimd`](super::Aimd).
///
/// It grabs capacity fast and gives it back slowly. Alone, and stepped once a window, it works: the latency sits at the
/// target, never below. Beside others it is unfair, and stays so: the larger of two clients gains more at each increase
/// and loses no more at each decrease, until it has everything.
#[derive(Clone, Debug)]
pub struct Miad {
    increase: f64,
    decrease: f64,
    target: Duration,
    rtt: Ema,
}

impl Miad {
    /// Grows by a tenth below the smoothed mean latency `target`, shrinks by 1 above it or when an operation fails.
    pub fn new(target: Duration) -> Self {
        Self {
            increase: 1.1,
            decrease: 1.0,
            target,
            rtt: Ema::new(0.5),
        }
    }

    /// What the limit is multiplied by in a window in which all was well.
    ///
    /// # Panics
    ///
    /// If it is less than 1.
    #[track_caller]
    pub fn with_increase(mut self, increase: f64) -> Self {
        assert!(increase >= 1.0, "an increase does not shrink");
        self.increase = increase;
        self
    }

    /// What is taken from the limit otherwise.
    ///
    /// # Panics
    ///
    /// If it is negative, or no number.
    #[track_caller]
    pub fn with_decrease(mut self, decrease: f64) -> Self {
        assert!(decrease >= 0.0, "a decrease is not negative");
        self.decrease = decrease;
        self
    }
}

impl Algorithm for Miad {
    fn step(&mut self, limit: f64, window: &Window) -> f64 {
        let slow = window.samples > 0
            && self.rtt.add(window.rtt_mean.as_secs_f64()) > self.target.as_secs_f64();
        if slow || window.drops > 0 {
            limit - self.decrease
        } else if window.uses(limit, 0.5) {
            limit * self.increase
        } else {
            limit
        }
    }
}
