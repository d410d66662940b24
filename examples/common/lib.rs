//! What the programs share: tables, and numbers and times as people read them.
#![forbid(unsafe_code)]

pub mod duration;
pub mod format;
pub mod table;

/// What a program that was interrupted says to its caller: 128, and the number of SIGINT.
pub const INTERRUPTED: u8 = 130;
