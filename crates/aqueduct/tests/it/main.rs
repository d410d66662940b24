//! What this crate adds to those that it re-exports: that it suffices.

#[cfg(feature = "actor")]
mod actors;
