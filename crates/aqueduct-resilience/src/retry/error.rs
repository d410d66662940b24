//! How a call ends that has not succeeded.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use aqueduct_cancel::Cancelled;

/// A call has not succeeded, nor will it be tried again.
///
/// Its [`source`](Error::source) is the last error. (Of a call that was [cancelled](RetryErrorKind::Cancelled) it is the
/// [`Cancelled`], so that a task group sees that its task was cut short and has not failed.)
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::error::Error;
/// use std::io;
/// use aqueduct_resilience::{Backoff, Retry, RetryErrorKind};
///
/// let gone = || io::Error::from(io::ErrorKind::ConnectionReset);
/// let error = Retry::new(Backoff::default())
///     .run(async || Err::<(), _>(gone()))
///     .await
///     .unwrap_err();
/// assert_eq!(error.kind(), RetryErrorKind::Exhausted);
/// assert_eq!(error.tries(), 3);
/// assert_eq!(error.source().unwrap().to_string(), gone().to_string());
/// # }
/// ```
#[derive(Debug)]
pub struct RetryError<E> {
    pub(crate) kind: RetryErrorKind,
    pub(crate) tries: u32,
    pub(crate) elapsed: Duration,
    pub(crate) last: Option<Failure<E>>,
    /// There is one if and only if the kind says so.
    pub(crate) cancelled: Option<Cancelled>,
}

/// Why there will be no more tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryErrorKind {
    /// There were as many tries as there may be.
    Exhausted,
    /// The classifier said [`Stop`](crate::Decision::Stop).
    NotRetryable,
    /// The [`RetryBudget`](crate::RetryBudget) had no retry left.
    BudgetEmpty,
    /// The service asked to be left alone for longer than
    /// [may be](crate::Retry::with_hint_max), and such a hint is [not shortened](crate::HintOverMax::GiveUp).
    HintTooLong,
    /// The total time limit has passed, or would have by the end of the pause.
    TotalElapsed,
    /// The scope was cancelled.
    Cancelled,
}

/// How a try failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure<E> {
    /// It gave an error.
    Error(E),
    /// It took longer than this, the time limit of a try, and was dropped.
    TimedOut(Duration),
}

impl<E> RetryError<E> {
    /// There was nobody to make a try.
    #[cfg(feature = "tower")]
    pub(crate) fn not_ready(error: E) -> Self {
        Self {
            kind: RetryErrorKind::NotRetryable,
            tries: 0,
            elapsed: Duration::ZERO,
            last: Some(Failure::Error(error)),
            cancelled: None,
        }
    }

    /// Why it ended.
    #[must_use]
    pub fn kind(&self) -> RetryErrorKind {
        self.kind
    }

    /// How many tries were begun. Zero if the scope had been cancelled before.
    #[must_use]
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// How long all took, pauses included.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How the last try failed that did fail. One that was cut off, by cancellation or at the total limit, did not.
    #[must_use]
    pub fn last(&self) -> Option<&Failure<E>> {
        self.last.as_ref()
    }

    /// The error of the [`last`](Self::last) failure, unless that is a time limit.
    #[must_use]
    pub fn last_error(&self) -> Option<&E> {
        self.last.as_ref().and_then(Failure::error)
    }

    /// As [`last`](Self::last), by value.
    #[must_use]
    pub fn into_last(self) -> Option<Failure<E>> {
        self.last
    }

    /// As [`last_error`](Self::last_error), by value.
    #[must_use]
    pub fn into_last_error(self) -> Option<E> {
        self.last.and_then(Failure::into_error)
    }

    /// By what it was cancelled, if it was.
    #[must_use]
    pub fn cancelled(&self) -> Option<&Cancelled> {
        self.cancelled.as_ref()
    }
}

impl<E> Failure<E> {
    /// The error, unless it was a time limit.
    #[must_use]
    pub fn error(&self) -> Option<&E> {
        match self {
            Failure::Error(error) => Some(error),
            Failure::TimedOut(_) => None,
        }
    }

    /// As [`error`](Self::error), by value.
    #[must_use]
    pub fn into_error(self) -> Option<E> {
        match self {
            Failure::Error(error) => Some(error),
            Failure::TimedOut(_) => None,
        }
    }
}

impl fmt::Display for RetryErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exhausted => "no tries are left",
            Self::NotRetryable => "the error is not one to retry",
            Self::BudgetEmpty => "the retry budget is empty",
            Self::HintTooLong => "the service asks to wait for too long",
            Self::TotalElapsed => "there is no time left",
            Self::Cancelled => "cancelled",
        })
    }
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Error(error) => error.fmt(f),
            Failure::TimedOut(limit) => write!(f, "timed out after {limit:?}"),
        }
    }
}

/// Says nothing of the last error, which is the source.
impl<E> fmt::Display for RetryError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tries,
            elapsed,
            kind,
            ..
        } = self;
        let word = if *tries == 1 { "try" } else { "tries" };
        write!(f, "gave up after {tries} {word} in {elapsed:.1?}: {kind}")?;
        if let Some(Failure::TimedOut(limit)) = self.last {
            write!(f, "; the last to fail timed out after {limit:?}")?;
        }
        Ok(())
    }
}

impl<E: Error + 'static> Error for RetryError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match (&self.cancelled, &self.last) {
            (Some(cancelled), _) => Some(cancelled),
            (None, Some(Failure::Error(error))) => Some(error),
            (None, _) => None,
        }
    }
}

impl<E: Error + 'static> Error for Failure<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error().and_then(Error::source)
    }
}
