//! Groups from outside.
#![cfg(not(aqueduct_loom))]

mod basics;
mod corners;
mod drops;
mod ending;
mod lend;
mod limits;
mod local;
mod matrix;
mod regressions;
mod sendable;
#[cfg(all(unix, feature = "signal"))]
mod signals;
mod spawnable;
mod support;
mod tasks;
