//! `aqueduct_backpressure::rate`.

use std::time::Instant;

use aqueduct_backpressure::rate::{KeyedRateLimiter, Quota, RateLimiter};

use crate::limits::RateLimit;

const QUOTA: Quota = Quota::per_second(u32::MAX);

/// Given the moment, as its decision is defined.
impl RateLimit for RateLimiter {
    fn new() -> Self {
        RateLimiter::new(QUOTA)
    }

    #[inline]
    fn check(&self, now: Instant) -> bool {
        self.try_acquire_at(now.into(), 1).is_ok()
    }
}

/// Reading Tokio's clock.
pub(crate) struct Clocked(RateLimiter);

impl RateLimit for Clocked {
    fn new() -> Self {
        Clocked(RateLimiter::new(QUOTA))
    }

    #[inline]
    fn check(&self, _: Instant) -> bool {
        self.0.try_acquire(1).is_ok()
    }
}

/// One key of a keyed limiter.
pub(crate) struct Keyed(KeyedRateLimiter<u64>);

impl RateLimit for Keyed {
    fn new() -> Self {
        Keyed(KeyedRateLimiter::new(QUOTA, 1024))
    }

    #[inline]
    fn check(&self, now: Instant) -> bool {
        self.0.try_acquire_at(now.into(), &7, 1).is_ok()
    }
}
