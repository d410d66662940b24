//! What the crate promises, from outside.
#![cfg(not(aqueduct_loom))]

mod credit;
#[cfg(feature = "tower")]
mod layers;
mod rate;
mod shed;
