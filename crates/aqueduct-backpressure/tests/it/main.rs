//! What the crate promises, from outside.
#![cfg(not(aqueduct_loom))]

mod credit;
mod rate;
//! Tests against the public API.

mod auto_traits;
mod limit;
#[cfg(feature = "tower")]
mod limit_tower;
