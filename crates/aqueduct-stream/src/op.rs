//! The operators, a file each. Those that neither wait nor hold items are a [`Stage`] each; the rest are sources of
//! their own.

mod chain;
mod checkpoint;
mod children;
mod conflate;
mod cycle;
mod flat_map;
mod flat_map_iter;
mod flat_map_merge;
mod group_by;
mod hub;
mod interleave;
mod lane;
mod latest;
mod merge;
mod merge_all;
mod par;
mod partition;
mod prefetch;
mod recover_with;
mod retry;
mod share;
mod spawned;
mod stages;
mod switch_map;
mod then;
mod through;
mod time;
mod two;
mod zip;

pub use chain::Chain;
pub use checkpoint::{Checkpoint, CheckpointByRef};
pub use conflate::Conflate;
pub use cycle::Cycle;
pub use flat_map::FlatMap;
pub use flat_map_iter::FlatMapIter;
pub use flat_map_merge::FlatMapMerge;
pub use group_by::{Group, GroupBy};
pub use interleave::Interleave;
pub use latest::{CombineLatest, WithLatestFrom};
pub use merge::Merge;
pub use merge_all::{MergeAll, merge_all};
pub use par::{ParMap, ParMapUnordered};
pub use partition::Partition;
pub use prefetch::Prefetch;
pub use recover_with::RecoverWith;
pub use retry::{Restart, Retry, restart, retry};
pub use share::Share;
pub use spawned::Spawned;
pub use stages::{
    Dedup, Enumerate, ErrorsTo, Filter, FilterMap, Inspect, Map, MapErr, MapOk, MapWhile, Recover,
    Scan, Skip, SkipWhile, Take, TakeWhile, TakeWhileOk, TryFilter, TryMap,
};
pub use switch_map::SwitchMap;
pub use then::Then;
pub use through::{Stage, Through};
pub use time::{
    Batch, ByCount, ByWeight, Delay, Elapsed, KeepAlive, Latest, RateLimit, SkipUntil, Sliding,
    SlidingByTime, TakeUntil, Throttle, ThrottleFirst, Timeout,
};
pub use zip::Zip;
