//! Groups from outside.
#![cfg(not(aqueduct_loom))]

mod basics;
mod drops;
mod ending;
mod limits;
mod matrix;
mod regressions;
mod support;
mod tasks;
