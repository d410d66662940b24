//! What the operators do, as timelines: input, output.

mod errors;
mod many;
mod shared;
mod stages;
mod tasks;
mod time;
