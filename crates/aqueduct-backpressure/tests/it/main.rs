//! What the crate promises, from outside.
#![cfg(not(aqueduct_loom))]

mod rate;
