#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "actor")]
pub mod actor;
#[cfg(feature = "backpressure")]
pub use aqueduct_backpressure as backpressure;
#[cfg(feature = "cancel")]
pub use aqueduct_cancel as cancel;
#[cfg(feature = "channel")]
pub use aqueduct_channel as channel;
#[cfg(feature = "group")]
pub use aqueduct_group as group;
#[cfg(feature = "resilience")]
pub use aqueduct_resilience as resilience;
#[cfg(feature = "stream")]
pub use aqueduct_stream as stream;
#[cfg(feature = "supervision")]
pub use aqueduct_supervision as supervision;
