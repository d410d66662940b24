//! Sources and sinks that touch the world.

mod forward;
#[cfg(feature = "tokio-util")]
mod frames;
mod generate;
#[cfg(feature = "io")]
mod read;
mod send_into;
#[cfg(feature = "io")]
mod write_into;
