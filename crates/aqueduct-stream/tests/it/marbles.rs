//! What the operators do, as timelines: input, output.

mod errors;
mod generate;
#[cfg(feature = "io")]
mod io;
mod many;
mod shared;
mod stages;
mod tasks;
mod time;
mod write;
