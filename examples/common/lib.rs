//! What the programs share: tables, numbers and times as people read them; listening, file descriptors, and connections that
//! belong to a group.
#![forbid(unsafe_code)]

#[cfg(feature = "all")]
pub mod connections;
pub mod descriptors;
pub mod duration;
pub mod format;
pub mod listen;
pub mod table;

/// The programs of the guides, compiled and run: a guide is no crate's doc.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../README.md")]
    mod readme {}
    #[doc = include_str!("../../docs/getting-started.md")]
    mod getting_started {}
    #[doc = include_str!("../../docs/migrating.md")]
    mod migrating {}
    #[doc = include_str!("../../docs/performance.md")]
    mod performance {}
    #[doc = include_str!("../../docs/testing.md")]
    mod testing {}
}

/// What a program that was interrupted says to its caller: 128, and the number of SIGINT.
pub const INTERRUPTED: u8 = 130;
