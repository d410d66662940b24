//! Structured concurrency for Tokio.
#![forbid(unsafe_code)]

#[cfg(feature = "channel")]
pub use aqueduct_channel as channel;
