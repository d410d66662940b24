#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod codel;
pub mod credit;
pub mod limit;
pub mod rate;
#[cfg(not(aqueduct_loom))]
pub mod shed;
