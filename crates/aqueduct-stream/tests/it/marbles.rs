//! What the operators do, as timelines: input, output.

mod errors;
mod many;
mod stages;
mod tasks;
mod time;
