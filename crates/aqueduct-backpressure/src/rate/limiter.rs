//! The handle: names and documentation.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_core::rt;
use tokio::time::Instant;

use super::acquire::{Acquire, AcquireTimeout};
use super::error::TryAcquireError;
use super::line::Line;
use super::{Quota, Stats};

/// A rate limit. Clones share it.
///
/// The decision takes the moment: `…_at` methods are given it, the others read Tokio's clock, so that tests with a paused
/// clock are exact. Moments may come in any order; one before the limiter's start counts as the start. For a limiter that
/// began 26 years ago time stands still: when what it holds is taken it is too soon for ever, and who waits is served by
/// [another quota](Self::set_quota) only.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use aqueduct_backpressure::rate::{Quota, RateLimiter, TryAcquireError};
/// use tokio::time::Instant;
///
/// let start = Instant::now();
/// let limiter = RateLimiter::starting_at(Quota::per_second(10).with_burst(2), start);
/// assert!(limiter.try_acquire_at(start, 2).is_ok());
///
/// let retry_after = Duration::from_millis(100);
/// assert_eq!(limiter.try_acquire_at(start, 1), Err(TryAcquireError::TooSoon { retry_after }));
/// assert!(limiter.try_acquire_at(start + retry_after, 1).is_ok());
/// ```
#[derive(Clone)]
pub struct RateLimiter {
    pub(super) line: Arc<Line>,
}

impl RateLimiter {
    /// Creates a limiter whose burst is there at once.
    pub fn new(quota: Quota) -> Self {
        Self::starting_at(quota, Instant::now())
    }

    /// As [`new`](Self::new), at a moment of the caller's.
    pub fn starting_at(quota: Quota, now: Instant) -> Self {
        Self {
            line: Line::new(quota, now, 0),
        }
    }

    /// Takes `permits`, if they may be had now and nobody waits for any. Taking none is always too soon where somebody
    /// waits, and elsewhere only at a moment before that at which others have taken theirs.
    #[inline]
    pub fn try_acquire(&self, permits: u32) -> Result<(), TryAcquireError> {
        self.try_acquire_at(Instant::now(), permits)
    }

    /// As [`try_acquire`](Self::try_acquire), at a moment of the caller's: reading a clock takes longer than the rest.
    #[inline]
    pub fn try_acquire_at(&self, now: Instant, permits: u32) -> Result<(), TryAcquireError> {
        self.line.try_acquire(now, permits)
    }

    /// Waits until `permits` may be had, and takes them. First come, first served.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: see [`Acquire`].
    ///
    /// # Panics
    ///
    /// The future panics when it has to wait outside of a Tokio runtime that drives timers.
    #[inline]
    pub fn acquire(&self, permits: u32) -> Acquire<&Self> {
        Acquire::new(self, permits)
    }

    /// As [`acquire`](Self::acquire), as a future that borrows nothing.
    #[inline]
    pub fn acquire_owned(&self, permits: u32) -> Acquire {
        Acquire::new(self.clone(), permits)
    }

    /// Waits until `permits` may be had, for `limit` at most.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: see [`Acquire`].
    ///
    /// # Panics
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_timeout(&self, permits: u32, limit: Duration) -> AcquireTimeout<'_> {
        let acquire = rt::until(rt::deadline_in(limit), self.acquire(permits));
        AcquireTimeout::new(acquire)
    }

    /// The quota in force.
    pub fn quota(&self) -> Quota {
        self.line.quota()
    }

    /// Puts another quota in force, at once and for those who wait, too.
    ///
    /// What has been used stays used: where 8 permits of a burst of 10 were, 2 of 10 or 12 of 20 are left. Of 5, none is;
    /// that 3 more were used is then forgotten, so that the next permit is there after one interval of the new quota. Who
    /// waits for more than the new burst holds is told so.
    pub fn set_quota(&self, quota: Quota) {
        self.set_quota_at(Instant::now(), quota);
    }

    /// As [`set_quota`](Self::set_quota), at a moment of the caller's.
    pub fn set_quota_at(&self, now: Instant, quota: Quota) {
        self.line.change(quota, now);
        self.line.look();
    }

    /// How many permits could be had at once, if nobody waits.
    pub fn available(&self) -> u32 {
        self.available_at(Instant::now())
    }

    /// As [`available`](Self::available), at a moment of the caller's.
    pub fn available_at(&self, now: Instant) -> u32 {
        self.line.available(now)
    }

    /// What there is to tell.
    pub fn stats(&self) -> Stats {
        self.line.stats(Instant::now())
    }
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter")
            .field("quota", &self.quota())
            .field("available", &self.available())
            .finish_non_exhaustive()
    }
}
