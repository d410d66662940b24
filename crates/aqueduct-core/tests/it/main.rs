//! What can be said of the crate from outside.

mod auto_traits;
