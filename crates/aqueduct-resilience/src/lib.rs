#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backoff;

pub use backoff::{Backoff, Delays, Jitter};
