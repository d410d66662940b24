//! How many items each operator has inside, which is its memory, and what is lost when it is dropped.

mod ends;
mod errors;
#[cfg(feature = "io")]
mod io;
mod many;
mod stages;
mod tasks;
mod time;
