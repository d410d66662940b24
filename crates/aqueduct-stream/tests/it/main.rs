//! Tests against the public API.

mod auto_traits;
mod bounds;
mod builders;
mod coverage;
mod interop;
mod io;
mod kit;
mod marbles;
mod model;
mod sendable;
mod shared;
mod tasks;
mod write;
