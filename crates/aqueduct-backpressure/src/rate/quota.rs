//! How much a rate limit allows.

use std::time::Duration;

use super::pace::Pace;

/// So many permits a period, and so many at once.
///
/// The permits of a period do not come at its start: they come one by one, evenly spread. The *burst* is how many may be
/// taken at once by who has not taken any for a while. It is all of a period's permits unless
/// [`with_burst`](Self::with_burst) says otherwise.
///
/// All constructors are `const`: a quota that is wrong in a `const` does not compile.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use aqueduct_backpressure::rate::Quota;
///
/// const API: Quota = Quota::per_second(100).with_burst(20);
/// assert_eq!(API.interval(), Duration::from_millis(10));
/// assert_eq!(API.burst(), 20);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    permits: u32,
    period: Duration,
    burst: u32,
}

impl Quota {
    /// `permits` a `period`, and as many at once.
    ///
    /// # Panics
    ///
    /// If `permits` or the period is zero, or the period is longer than ten years.
    #[track_caller]
    pub const fn new(permits: u32, period: Duration) -> Self {
        assert!(permits > 0, "a quota of no permits admits nothing, ever");
        assert!(!period.is_zero(), "a quota's period is not zero");
        let quota = Self {
            permits,
            period,
            burst: permits,
        };
        quota.checked()
    }

    /// So many permits a second, and as many at once.
    ///
    /// # Panics
    ///
    /// If `permits` is zero.
    #[track_caller]
    pub const fn per_second(permits: u32) -> Self {
        Self::new(permits, Duration::from_secs(1))
    }

    /// So many permits a minute, and as many at once.
    ///
    /// # Panics
    ///
    /// If `permits` is zero.
    #[track_caller]
    pub const fn per_minute(permits: u32) -> Self {
        Self::new(permits, Duration::from_secs(60))
    }

    /// So many permits an hour, and as many at once.
    ///
    /// # Panics
    ///
    /// If `permits` is zero.
    #[track_caller]
    pub const fn per_hour(permits: u32) -> Self {
        Self::new(permits, Duration::from_secs(3600))
    }

    /// A permit each `interval`, and one at once.
    ///
    /// # Panics
    ///
    /// If the interval is zero, or longer than ten years.
    #[track_caller]
    pub const fn every(interval: Duration) -> Self {
        Self::new(1, interval)
    }

    /// The same rate with another burst.
    ///
    /// # Panics
    ///
    /// If `burst` is zero, or would take longer than ten years to be there again after it was used.
    #[track_caller]
    #[must_use = "a quota is a value"]
    pub const fn with_burst(mut self, burst: u32) -> Self {
        assert!(burst > 0, "a burst of none admits nothing, ever");
        self.burst = burst;
        self.checked()
    }

    /// How many permits a [`period`](Self::period) gives.
    pub const fn permits(&self) -> u32 {
        self.permits
    }

    /// The time in which [`permits`](Self::permits) are given.
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// How many permits can be taken at once.
    pub const fn burst(&self) -> u32 {
        self.burst
    }

    /// The time from one permit to the next, rounded up to a nanosecond.
    pub const fn interval(&self) -> Duration {
        Duration::from_nanos(self.pace().interval_nanos())
    }

    pub(super) const fn pace(&self) -> Pace {
        Pace::new(self.permits, self.period, self.burst)
    }

    #[track_caller]
    const fn checked(self) -> Self {
        assert!(
            self.pace().is_in_range(),
            "a quota's burst is there again within ten years"
        );
        self
    }
}
