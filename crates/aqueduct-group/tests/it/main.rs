//! Groups from outside.
#![cfg(not(aqueduct_loom))]

mod basics;
mod corners;
mod lend;
mod local;
mod matrix;
mod regressions;
mod sendable;
#[cfg(all(unix, feature = "signal"))]
mod signals;
mod spawnable;
mod support;
