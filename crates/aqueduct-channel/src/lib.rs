#![doc = include_str!("../README.md")]

pub mod error;
pub mod spsc;

mod blocking;
mod budget;
mod overflow;
mod slots;
mod stats;

pub use overflow::{MemorySpill, Overflow, Spill};
pub use stats::Stats;
