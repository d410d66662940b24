//! What the operators do, as timelines: input, output.

mod many;
mod stages;
mod tasks;
mod time;
