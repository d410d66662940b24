//! What the crate promises, from outside.
#![cfg(not(aqueduct_loom))]

mod auto_traits;
mod credit;
#[cfg(feature = "tower")]
mod layers;
mod limit;
#[cfg(feature = "tower")]
mod limit_tower;
mod rate;
mod shed;
