//! The same program against `tokio::sync::mpsc` and `aqueduct_channel::mpsc`: what holds of one holds of the other.
//!
//! `cases.rs` is compiled twice. A case that passes for Tokio and fails here is a difference: to be mended, or to be
//! put in the README's table.

mod ours;
mod theirs;
