//! The operators, a file each. Those that neither wait nor hold items are a [`Stage`] each; the rest are sources of
//! their own.

mod chain;
mod checkpoint;
mod par;
mod spawned;
mod stages;
mod through;

pub use chain::Chain;
pub use checkpoint::Checkpoint;
pub use par::{ParMap, ParMapUnordered};
pub use spawned::Spawned;
pub use stages::{
    Dedup, Enumerate, Filter, FilterMap, Inspect, Map, MapWhile, Scan, Skip, SkipWhile, Take,
    TakeWhile,
};
pub use through::{Stage, Through};
