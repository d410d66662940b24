//! How many items each operator has inside, which is its memory, and what is lost when it is dropped.

mod errors;
mod many;
mod stages;
mod tasks;
mod time;
