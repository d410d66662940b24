#![doc = include_str!("../README.md")]

mod blocking;
pub mod oneshot;
