//! Streams of what readers give: lines, frames, bytes.
//!
//! # Errors
//!
//! All give `io::Result`, or what a decoder makes of it. An error of the reader is the last item. So is a line that is too
//! long, since where the next one begins is not known before all of it was read. A line that is not UTF-8 is an item in its
//! place, and the lines behind it follow.

mod bytes;
#[cfg(feature = "tokio-util")]
mod frames;
mod lines;

pub use bytes::{ReadBytes, bytes};
#[cfg(feature = "tokio-util")]
pub use frames::{Frames, frames};
pub use lines::{ByteLines, LineError, LineErrorKind, Lines, byte_lines, lines, lines_of_file};
