//! Why there are no credits.

use std::error::Error;
use std::fmt;

/// Why [`try_acquire`](super::Spender::try_acquire) gave none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryAcquireError {
    /// Not so many are there, or others wait for them.
    Empty,
    /// There will be no more: the grantor closed, or is gone.
    Closed,
}

/// Why [`acquire`](super::Spender::acquire) gave none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcquireError {
    /// There will be no more: the grantor closed, or is gone.
    Closed,
}

/// Why [`acquire_timeout`](super::Spender::acquire_timeout) gave none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcquireTimeoutError {
    /// The time was up before they were granted.
    Elapsed,
    /// There will be no more: the grantor closed, or is gone.
    Closed,
}

const CLOSED: &str = "no more credits will be granted";

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "not so many credits are there",
            Self::Closed => CLOSED,
        })
    }
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(CLOSED)
    }
}

impl fmt::Display for AcquireTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Elapsed => "the time was up before the credits were granted",
            Self::Closed => CLOSED,
        })
    }
}

impl Error for TryAcquireError {}

impl Error for AcquireError {}

impl Error for AcquireTimeoutError {}
