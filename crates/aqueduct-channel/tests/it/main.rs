//! What the channels promise, from outside.
#![cfg(not(aqueduct_loom))]

mod soak;
