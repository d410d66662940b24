//! Why permits were not given.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Why [`try_acquire`](super::RateLimiter::try_acquire) gave none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TryAcquireError {
    /// Too soon.
    TooSoon {
        /// After this time the permits are free, unless somebody else takes them. Those who wait in line are counted in.
        retry_after: Duration,
    },
    /// More at once than the burst holds: there will never be so many.
    TooMany {
        /// The most that can be had.
        burst: u32,
    },
    /// The key is new, and as many keys as may be kept are all in use. (Only of keyed limiters.)
    Crowded {
        /// After this time there is room for a key, unless others are busy until then.
        retry_after: Duration,
    },
}

/// Why [`acquire`](super::RateLimiter::acquire) gave none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcquireError {
    /// More at once than the burst holds: there will never be so many.
    TooMany {
        /// The most that can be had.
        burst: u32,
    },
    /// The key is new, and as many keys as may be kept are all in use. (Only of keyed limiters.)
    Crowded {
        /// After this time there is room for a key, unless others are busy until then.
        retry_after: Duration,
    },
}

/// Why [`acquire_timeout`](super::RateLimiter::acquire_timeout) gave none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcquireTimeoutError {
    /// The time was up before they were free.
    Elapsed,
    /// More at once than the burst holds: there will never be so many.
    TooMany {
        /// The most that can be had.
        burst: u32,
    },
    /// The key is new, and as many keys as may be kept are all in use. (Only of keyed limiters.)
    Crowded {
        /// After this time there is room for a key, unless others are busy until then.
        retry_after: Duration,
    },
}

impl From<AcquireError> for AcquireTimeoutError {
    fn from(error: AcquireError) -> Self {
        match error {
            AcquireError::TooMany { burst } => Self::TooMany { burst },
            AcquireError::Crowded { retry_after } => Self::Crowded { retry_after },
        }
    }
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooSoon { retry_after } => write!(f, "too soon: free in {retry_after:?}"),
            Self::TooMany { burst } => too_many(f, *burst),
            Self::Crowded { retry_after } => crowded(f, *retry_after),
        }
    }
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { burst } => too_many(f, *burst),
            Self::Crowded { retry_after } => crowded(f, *retry_after),
        }
    }
}

impl fmt::Display for AcquireTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elapsed => f.write_str("the time was up before the rate allowed it"),
            Self::TooMany { burst } => too_many(f, *burst),
            Self::Crowded { retry_after } => crowded(f, *retry_after),
        }
    }
}

fn too_many(f: &mut fmt::Formatter<'_>, burst: u32) -> fmt::Result {
    write!(f, "more permits than the burst of {burst} holds")
}

fn crowded(f: &mut fmt::Formatter<'_>, retry_after: Duration) -> fmt::Result {
    write!(f, "all keys are in use: room in {retry_after:?}")
}

impl Error for TryAcquireError {}

impl Error for AcquireError {}

impl Error for AcquireTimeoutError {}
