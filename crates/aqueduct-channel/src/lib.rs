#![doc = include_str!("../README.md")]

pub mod error;
pub mod spsc;

mod blocking;
#[allow(dead_code)] // until the unbounded kinds use it
mod list;
mod overflow;
mod slots;
mod stats;

pub use overflow::{MemorySpill, Overflow, Spill};
pub use stats::Stats;
