#![doc = include_str!("../README.md")]

pub mod barrier;
pub mod chase;
pub mod coarse;
#[cfg(aqueduct_loom)]
pub mod model;
pub mod node;
pub mod pad;
pub mod park;
pub mod roster;
pub mod sync;
pub mod thin;
pub mod thread;
pub mod wait_cell;
pub mod wait_queue;
pub mod wake_batch;

#[cfg(all(feature = "tokio", not(aqueduct_loom)))]
pub mod rt;

#[cfg(not(all(feature = "tokio", not(aqueduct_loom))))]
pub mod coop;
#[cfg(all(feature = "tokio", not(aqueduct_loom)))]
pub use rt as coop;

#[cfg(all(test, not(aqueduct_loom)))]
mod testing;
