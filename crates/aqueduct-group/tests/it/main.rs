//! Groups from outside.
#![cfg(not(aqueduct_loom))]

mod basics;
mod matrix;
mod regressions;
mod support;
