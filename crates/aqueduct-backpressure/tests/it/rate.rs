//! Rate limits.

mod keyed;
mod runtimes;
mod traits;
mod waiting;
