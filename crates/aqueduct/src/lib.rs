#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "cancel")]
pub use aqueduct_cancel as cancel;
#[cfg(feature = "channel")]
pub use aqueduct_channel as channel;
#[cfg(feature = "group")]
pub use aqueduct_group as group;
