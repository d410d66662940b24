//! How a thread waits for one of our futures: the one place where the crate chooses.
//!
//! With Tokio, by Tokio's rules: on a thread that drives async tasks it panics. Without, by parking the thread.

#[cfg(not(all(feature = "tokio", not(aqueduct_loom))))]
pub(crate) use aqueduct_core::park::block_on;
#[cfg(all(feature = "tokio", not(aqueduct_loom)))]
pub(crate) use aqueduct_core::rt::block_on;
