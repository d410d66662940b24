//! What a limiter says of itself.

use std::time::Duration;

use super::cadence::Step;
use super::rejected::Rejections;

/// A limiter at a moment. The figures are read one after another, not all at once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// How many may be in flight.
    pub limit: usize,
    /// How many are; more than the limit after it was lowered, and where an idle partition's share was lent out.
    pub in_flight: usize,
    /// How many wait in line.
    pub queued: usize,
    /// How many were rejected so far, by reason.
    pub rejected: Rejections,
    /// The mean latency, smoothed over some windows. None before the first window, and with a fixed limit.
    pub latency: Option<Duration>,
    /// What the last window did to the limit.
    pub step: Step,
    /// How many windows there were.
    pub windows: u64,
}
