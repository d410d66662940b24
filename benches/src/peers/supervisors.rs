//! What supervises many children: kameo's supervised actors, ractor's linked ones, restarted by a supervisor that is
//! written as its documentation says, and tasks in a `JoinSet`.
//!
//! coerce starts no failed child again; an actix supervisor has one actor, and xtra none.

pub(crate) mod by_hand;
pub(crate) mod kameo;
pub(crate) mod ractor;
