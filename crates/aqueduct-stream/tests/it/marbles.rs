//! What the operators do, as timelines: input, output.

mod stages;
mod tasks;
mod time;
