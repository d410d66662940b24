//! The operators, a file each. Those that neither wait nor hold items are a [`Stage`] each; the rest are sources of
//! their own.

mod chain;
mod par;
mod spawned;
mod stages;
mod through;
mod time;

pub use chain::Chain;
pub use par::{ParMap, ParMapUnordered};
pub use spawned::Spawned;
pub use stages::{
    Dedup, Enumerate, Filter, FilterMap, Inspect, Map, MapWhile, Scan, Skip, SkipWhile, Take,
    TakeWhile,
};
pub use through::{Stage, Through};
pub use time::{
    Batch, ByCount, ByWeight, Delay, Elapsed, KeepAlive, Latest, SkipUntil, Sliding, SlidingByTime,
    TakeUntil, Throttle, ThrottleFirst, Timeout,
};
