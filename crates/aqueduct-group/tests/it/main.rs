//! Groups from outside.
#![cfg(not(aqueduct_loom))]

mod basics;
mod lend;
mod local;
mod matrix;
mod regressions;
mod spawnable;
mod support;
