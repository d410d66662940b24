//! Into channels, sinks, and writers of batches.

mod batches;
#[cfg(feature = "io")]
mod sinks;
