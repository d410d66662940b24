//! Rate limiters: governor, leaky-bucket and ratelimit, each at the highest rate and burst that it takes.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::clock::{DefaultClock, FakeRelativeClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::limits::RateLimit;

pub(super) const GOVERNOR: &str = "governor";
pub(super) const LEAKY_BUCKET: &str = "leaky-bucket";
pub(super) const RATELIMIT: &str = "ratelimit";

/// Its rates end at one permit a nanosecond.
const PER_SECOND: NonZeroU32 = NonZeroU32::new(1_000_000_000).unwrap();

/// With its default clock, which it reads.
pub(crate) struct Governor(RateLimiter<NotKeyed, InMemoryState, DefaultClock>);

impl RateLimit for Governor {
    fn new() -> Self {
        Governor(RateLimiter::direct(Quota::per_second(PER_SECOND)))
    }

    #[inline]
    fn check(&self, _: Instant) -> bool {
        self.0.check().is_ok()
    }
}

/// With its clock for tests, an atomic word: the nearest it has to being given the moment.
pub(crate) struct GovernorGiven(Given);

type Given = RateLimiter<NotKeyed, InMemoryState, FakeRelativeClock, NoOpMiddleware<Nanos>>;

impl RateLimit for GovernorGiven {
    fn new() -> Self {
        let clock = FakeRelativeClock::default();
        GovernorGiven(RateLimiter::direct_with_clock(
            Quota::per_second(PER_SECOND),
            clock,
        ))
    }

    #[inline]
    fn check(&self, _: Instant) -> bool {
        self.0.check().is_ok()
    }
}

pub(crate) struct LeakyBucket(leaky_bucket::RateLimiter);

impl RateLimit for LeakyBucket {
    fn new() -> Self {
        let limiter = leaky_bucket::RateLimiter::builder()
            .max(1 << 31)
            .initial(1 << 31)
            .refill(1 << 20)
            .interval(Duration::from_millis(1))
            .build();
        LeakyBucket(limiter)
    }

    #[inline]
    fn check(&self, _: Instant) -> bool {
        self.0.try_acquire(1)
    }
}

pub(crate) struct Ratelimit(ratelimit::Ratelimiter);

impl RateLimit for Ratelimit {
    fn new() -> Self {
        let limiter = ratelimit::Ratelimiter::builder(1_000_000_000)
            .max_tokens(1 << 40)
            .initial_available(1 << 40)
            .build()
            .expect("its figures are in range");
        Ratelimit(limiter)
    }

    #[inline]
    fn check(&self, _: Instant) -> bool {
        self.0.try_wait().is_ok()
    }
}

/// What a decision costs that has to read a clock, without the decision.
pub(crate) struct Clock;

impl RateLimit for Clock {
    fn new() -> Self {
        Clock
    }

    #[inline]
    fn check(&self, now: Instant) -> bool {
        Instant::now() >= now
    }
}
