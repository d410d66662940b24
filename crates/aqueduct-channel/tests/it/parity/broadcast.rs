//! The same program against `tokio::sync::broadcast` and `aqueduct_channel::broadcast`.

mod ours;
mod theirs;
