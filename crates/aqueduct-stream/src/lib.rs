// `#![doc = include_str!("../README.md")]`, but where doc tests run without `jsonl`, which a program of it needs.
#![cfg_attr(any(not(doctest), feature = "jsonl"), doc = include_str!("../README.md"))]
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
mod unit;
pub mod write;

pub use boxed::{Boxed, BoxedLocal};
#[cfg(feature = "io")]
pub use end::WriteInto;
pub use end::{
    Accept, Collect, Count, Fold, ForEach, ForEachAsync, Forward, SendIntoError, TryCollect,
    TryFold, TryForEach, TryForEachAsync,
};
pub use flow::{Flow, Next, NextMany};
#[cfg(feature = "io")]
pub use from::{
    ByteLines, LineError, LineErrorKind, Lines, ReadBytes, byte_lines, bytes, lines, lines_of_file,
};
#[cfg(feature = "tokio-util")]
pub use from::{Frames, frames};
pub use from::{
    FromStream, Generate, Interval, Iter, Receive, Received, TryGenerate, Yielder, empty, from_fn,
    from_stream, generate, interval, interval_at, iter, once, receive, repeat, repeat_with,
    try_generate, unfold,
};
pub use op::{merge_all, restart, retry};
pub use source::{CHUNK, Outlet, Pull, Source};
