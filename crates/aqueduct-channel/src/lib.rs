#![doc = include_str!("../README.md")]

pub mod broadcast;
pub mod error;
pub mod mpmc;
pub mod mpsc;
pub mod oneshot;
pub mod select;
pub mod spmc;
pub mod spsc;

mod blocking;
mod budget;
mod contention;
mod cursor;
mod list;
mod local;
#[cfg(all(test, aqueduct_loom))]
mod model;
mod overflow;
mod place;
mod pop;
mod rendezvous;
mod ring;
mod slots;
mod snooze;
mod stats;
#[cfg(all(feature = "tokio", not(aqueduct_loom)))]
mod timeout;
mod unbounded;

pub use overflow::{MemorySpill, Overflow, Spill};
pub use select::Select;
pub use stats::Stats;
