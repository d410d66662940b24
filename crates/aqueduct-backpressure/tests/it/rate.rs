//! Rate limits.

mod runtimes;
mod traits;
mod waiting;
