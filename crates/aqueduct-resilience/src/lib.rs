#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backoff;
mod budget;
mod retry;
mod retry_after;
#[cfg(feature = "tower")]
mod tower;

pub use backoff::{Backoff, Delays, Jitter};
pub use budget::{BudgetStats, RetryBudget};
pub use retry::{
    Decision, Failure, HintOverMax, Retry, RetryError, RetryErrorKind, RetryEvent, RetrySuccess,
};
pub use retry_after::parse_retry_after;
#[cfg(feature = "tower")]
pub use tower::{RetryFuture, RetryLayer, RetryService};
