//! What a benchmark needs of a rate limit: [`RateLimit`], asked for one permit after another, all of which it has.

use std::time::Instant;

/// Each adaptor allows as much as its library can, so that none is denied while it is measured.
pub(crate) trait RateLimit: Send + Sync + 'static {
    fn new() -> Self;

    /// Takes one permit. `now` is for those who are given the moment; it is the same for a round.
    fn check(&self, now: Instant) -> bool;
}
