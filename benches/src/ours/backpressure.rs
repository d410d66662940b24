//! `aqueduct_backpressure`.

use aqueduct_backpressure::limit::{Limiter, Request};
use tokio::time::Instant;

use crate::permits::Permits;

/// A limit that stays.
#[derive(Clone)]
pub(crate) struct Bulkhead(Limiter);

impl Permits for Bulkhead {
    fn open(permits: usize) -> Self {
        Bulkhead(Limiter::fixed(permits))
    }

    #[inline]
    fn pass(&mut self, _: Instant) {
        self.0.try_acquire().expect("there is a permit").success();
    }
}

/// The same, with a permit that could go to another task.
#[derive(Clone)]
pub(crate) struct OwnedBulkhead(Limiter);

impl Permits for OwnedBulkhead {
    fn open(permits: usize) -> Self {
        OwnedBulkhead(Limiter::fixed(permits))
    }

    #[inline]
    fn pass(&mut self, _: Instant) {
        let permit = self.0.try_acquire_owned(Request::new());
        permit.expect("there is a permit").success();
    }
}

/// The default.
#[derive(Clone)]
pub(crate) struct Adaptive(Limiter);

impl Permits for Adaptive {
    fn open(permits: usize) -> Self {
        Adaptive(Limiter::builder().limit(permits).build())
    }

    #[inline]
    fn pass(&mut self, now: Instant) {
        let permit = self.0.try_acquire_at(now).expect("there is a permit");
        permit.success_at(now);
    }
}

/// The default, which looks at the clock by itself.
#[derive(Clone)]
pub(crate) struct ReadsClock(Limiter);

impl Permits for ReadsClock {
    fn open(permits: usize) -> Self {
        ReadsClock(Limiter::builder().limit(permits).build())
    }

    #[inline]
    fn pass(&mut self, _: Instant) {
        self.0.try_acquire().expect("there is a permit").success();
    }
}
