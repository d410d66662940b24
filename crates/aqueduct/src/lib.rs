#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "channel")]
pub use aqueduct_channel as channel;
#[cfg(feature = "group")]
pub use aqueduct_group as group;
