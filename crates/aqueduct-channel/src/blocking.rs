//! Runs an async operation on a thread that may sleep.

#[cfg(not(all(feature = "tokio", not(aqueduct_loom))))]
pub(crate) use aqueduct_core::park::block_on;
#[cfg(all(feature = "tokio", not(aqueduct_loom)))]
pub(crate) use aqueduct_core::rt::block_on;
