//! The same program against `tokio::sync::mpsc` and `aqueduct_channel::mpsc`: what holds of one holds of the other.
//!
//! `cases.rs` is compiled twice (and that of `broadcast` too). A case that passes for Tokio and fails here is a difference: to be mended, or to be
//! put in the README's table.

mod broadcast;
mod ours;
mod theirs;
