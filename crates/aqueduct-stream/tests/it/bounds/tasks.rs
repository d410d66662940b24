//! Boundaries between tasks, and parallel stages.

use aqueduct_channel::mpmc;

use crate::kit::holds;

#[test]
fn a_boundary_holds_its_capacity() {
    holds(1, |s| s.spawned(1));
    holds(3, |s| s.spawned(3));
    // As much as there is.
    holds(20, |s| s.spawned(100));
}

#[test]
fn a_boundary_that_overflows_holds_a_chunk_more() {
    // A chunk of this source is 5.
    holds(2 + 5, |s| s.spawned_over(mpmc::Builder::new(2)));
}
