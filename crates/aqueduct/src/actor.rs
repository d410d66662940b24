//! The crate `aqueduct-actor`, whose documentation begins with what an actor is for.
//!
//! It is a module, and not that crate by another name, so that `#[messages]` writes paths that lead here.

pub use aqueduct_actor::*;

pub use aqueduct_actor::messages_of_umbrella as messages;
