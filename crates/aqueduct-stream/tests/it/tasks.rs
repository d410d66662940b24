//! Streams that run on several tasks: no task outlives its stream, and no end is told that was none.

mod boundary;
mod parallel;
