//! Where streams come from.

mod channel;
mod generate;
mod interval;
#[cfg(feature = "io")]
mod io;
mod iter;
mod stream;

pub use channel::{Receive, Received, receive};
pub use generate::{Generate, TryGenerate, Yielder, from_fn, generate, try_generate, unfold};
pub use interval::{Interval, interval, interval_at};
#[cfg(feature = "io")]
pub use io::{
    ByteLines, LineError, LineErrorKind, Lines, ReadBytes, byte_lines, bytes, lines, lines_of_file,
};
#[cfg(feature = "tokio-util")]
pub use io::{Frames, frames};
pub use iter::{Iter, empty, iter, once, repeat, repeat_with};
pub use stream::{FromStream, from_stream};
