//! The counted references of the tree: the standard library's, under loom too.
//!
//! Loom's `Arc` has no `Weak`. So the models take the counts as given: that an upgrade either fails or keeps the node
//! alive. All else that a tree does is seen by them, since it goes through locks and atomics of
//! [`aqueduct_core::sync`]. What is ordered by a count alone (that a node's drop sees all that was done to it) they do
//! not see, and a model has to order by itself.

pub(crate) use std::sync::{Arc, Weak};
