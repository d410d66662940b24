//! What the channels promise, from outside.
#![cfg(not(aqueduct_loom))]

mod allocations;
mod auto_traits;
mod parity;
mod regressions;
mod soak;
