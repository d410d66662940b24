#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backoff;
mod budget;
mod retry;
mod retry_after;

pub use backoff::{Backoff, Delays, Jitter};
pub use budget::{BudgetStats, RetryBudget};
pub use retry::{Decision, Failure, Retry, RetryError, RetryErrorKind, RetryEvent};
pub use retry_after::parse_retry_after;
