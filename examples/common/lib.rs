//! What the programs share: tables, numbers and times as people read them, and the wish of the user that a program end.
#![forbid(unsafe_code)]

pub mod duration;
pub mod format;
pub mod signals;
pub mod table;

/// What a program that was interrupted says to its caller: 128, and the number of SIGINT.
pub const INTERRUPTED: u8 = 130;
