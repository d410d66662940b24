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

/// What has ended since a window began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SoFar {
    pub(super) ended: u64,
    /// The mean latency.
    pub(super) rtt: Duration,
}

/// A window that is this many times as long as it should be ends with fewer samples than it should have.
const PATIENCE: u32 = 10;

/// No window is made longer than this because operations take long.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(60);

/// The first window is so many times as long as what ended in it took: at first only the quickest have.
const FIRST: u32 = 4;

/// So many round trips, if windows are no longer than one, are patience enough.
const ROUND_TRIPS: u32 = 3;

impl Cadence {
    /// Whether what has ended since the window began makes a window, where operations take `rtt`, if that is known.
    pub(super) fn is_enough(
        &self,
        so_far: SoFar,
        rtt: Option<Duration>,
        open_for: Duration,
    ) -> bool {
        let least = match rtt {
            None => (so_far.rtt * FIRST).min(ROUND_TRIP_MAX),
            Some(_) => Duration::ZERO,
        };
        let round_trips = rtt.unwrap_or(so_far.rtt).min(ROUND_TRIP_MAX) * ROUND_TRIPS;
        let patience = (self.window * PATIENCE).max(round_trips);
        open_for >= least
            && (so_far.ended >= self.samples_min || (so_far.ended > 0 && open_for >= patience))
    }

    /// How long the next is, after one with this latency: no shorter than a round trip, so that a step is seen before the
    /// next is taken.
    pub(super) fn next(&self, rtt: Duration) -> Duration {
        self.window.max(rtt.min(ROUND_TRIP_MAX))
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
