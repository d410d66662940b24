//! What a rate limiter says of itself.

use super::Quota;

/// What [`RateLimiter::stats`](super::RateLimiter::stats) tells.
///
/// What was admitted is not counted: that would cost as much again as the decision. Who needs it counts what they do
/// with their permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The quota in force.
    pub quota: Quota,
    /// How many permits are there at once, apart from those who wait.
    pub available: u32,
    /// How many wait in line.
    pub waiting: usize,
    /// How many permits those in line wait for.
    pub waiting_permits: u64,
    /// How often `try_acquire` was told that it is too soon. Modulo 2⁶⁴, like the next.
    pub rejected_too_soon: u64,
    /// How often somebody asked for more than the burst.
    pub rejected_too_many: u64,
}
