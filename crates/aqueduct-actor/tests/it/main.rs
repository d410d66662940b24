//! Actors as their users have them.

#![cfg(not(aqueduct_loom))]

mod ask_all;
mod auto_traits;
mod basics;
mod circles;
mod drops;
mod ends;
#[cfg(feature = "test-util")]
mod kit;
#[cfg(feature = "macros")]
mod macro_handlers;
#[cfg(feature = "macros")]
mod macro_hygiene;
#[cfg(feature = "macros")]
mod misuse;
mod narrowed;
mod own;
mod policies;
mod pool;
mod registry;
mod regressions;
mod requests;
mod restarts;
mod seam;
mod support;
mod ties;
mod topic;
mod traced;
mod wakers;
