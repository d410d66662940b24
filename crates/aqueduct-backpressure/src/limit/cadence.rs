//! When a window ends, and what is made of it.

use std::time::Duration;

use super::algorithm::{Algorithm, Window};
use super::word::LIMIT_MAX;

/// How long windows are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cadence {
    pub(super) window: Duration,
    pub(super) samples_min: u64,
}

/// A window that is this many times as long as it should be ends with fewer samples than it should have.
const PATIENCE: u32 = 10;

impl Cadence {
    /// Whether what has ended since the window began makes a window.
    pub(super) fn is_enough(&self, ended: u64, open_for: Duration) -> bool {
        ended >= self.samples_min || (ended > 0 && open_for >= self.window * PATIENCE)
    }

    /// How long the next is, after one with this latency: no shorter than a round trip, so that a step is seen before the
    /// next is taken.
    pub(super) fn next(&self, rtt: Duration) -> Duration {
        self.window.max(rtt.min(self.window * PATIENCE))
    }

    /// When to look again if there was not enough.
    pub(super) fn again(&self) -> Duration {
        self.window / 4
    }
}

/// What the last window did to the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// It stays.
    #[default]
    Held,
    /// It was raised.
    Raised,
    /// It was lowered.
    Lowered,
}

/// The algorithm with the limit as it sees it. Pure.
#[derive(Debug)]
pub(super) struct Stepper {
    algorithm: Box<dyn Algorithm>,
    limit: f64,
    min: f64,
    max: f64,
    pub(super) rtt: Option<Duration>,
    pub(super) step: Step,
    pub(super) windows: u64,
    pub(super) opened: Duration,
}

impl Stepper {
    pub(super) fn new(algorithm: Box<dyn Algorithm>, limit: usize, min: usize, max: usize) -> Self {
        Self {
            algorithm,
            limit: limit as f64,
            min: min as f64,
            max: max.min(LIMIT_MAX) as f64,
            rtt: None,
            step: Step::Held,
            windows: 0,
            opened: Duration::ZERO,
        }
    }

    /// Somebody has set the limit by hand.
    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit as f64;
        self.algorithm.limit_was_set(self.limit);
    }

    /// The next limit.
    pub(super) fn step(&mut self, window: &Window) -> usize {
        let next = self.algorithm.step(self.limit, window);
        let next = if next.is_nan() { self.limit } else { next };
        let next = next.clamp(self.min, self.max);
        self.step = match next.partial_cmp(&self.limit) {
            Some(std::cmp::Ordering::Greater) => Step::Raised,
            Some(std::cmp::Ordering::Less) => Step::Lowered,
            _ => Step::Held,
        };
        self.limit = next;
        self.windows += 1;
        if window.samples > 0 {
            self.rtt = Some(match self.rtt {
                None => window.rtt_mean,
                Some(rtt) => (rtt * 3 + window.rtt_mean) / 4,
            });
        }
        next as usize
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
