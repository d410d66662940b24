//! Crates of actors, one file each.
//!
//! Each is used as its documentation does: a bounded mailbox where it has one, a reply by its own kind of ask. Tracing is
//! left out where it can be, and ractor's spans for each message. ractor, actix by `do_send` and coerce have no bound, so
//! a teller of theirs never waits. actix runs on one thread.

pub(crate) mod actix;
pub(crate) mod by_hand;
pub(crate) mod coerce;
pub(crate) mod kameo;
pub(crate) mod ractor;
pub(crate) mod xtra;
