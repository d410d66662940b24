#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod boxed;
mod crew;
mod end;
mod feed;
mod flow;
mod from;
pub mod op;
mod outlet;
pub mod source;
mod timer;
pub mod write;

pub use boxed::{Boxed, BoxedLocal};
pub use end::{
    Accept, Collect, Count, Fold, ForEach, ForEachAsync, SendIntoError, TryCollect, TryFold,
    TryForEach, TryForEachAsync,
};
pub use flow::{Flow, Next, NextMany};
pub use from::{
    FromStream, Interval, Iter, Receive, Received, empty, from_stream, interval, interval_at, iter,
    once, receive, repeat, repeat_with,
};
pub use op::{merge_all, restart, retry};
pub use source::{CHUNK, Outlet, Pull, Source};
