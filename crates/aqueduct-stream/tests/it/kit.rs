//! What the tests of operators are made of.
//!
//! - [`marble`]: timelines as text. `ab-(cd)-|` is: at tick 0 an `a`, at tick 1 a `b`, nothing at 2, at tick 3 a `c` and
//!   a `d` in one chunk, nothing at 4, and the end at 5. A tick is 10 ms of a paused clock.
//! - [`holds`]: polls an operator as often as it takes, drops it after each number of polls, and counts what is inside: that
//!   is its memory, and what is lost when it is dropped.
//! - `io`: readers, writers of bytes, and sinks that follow a timeline.
//! - `paced`: a writer of batches whose sink takes as many ticks for each as it is told, in step with the paused clock.

pub(crate) mod holds;
#[cfg(feature = "io")]
pub(crate) mod io;
pub(crate) mod marble;
pub(crate) mod paced;

pub(crate) use holds::{Tracked, holds, holds_of, holds2, stream_of};
pub(crate) use marble::{Input, Mark, TICK, marbles, marbles2, paused, play, timeline};
