//! Boundaries between tasks, and parallel stages.

use aqueduct_channel::{Overflow, mpmc};

use crate::kit::marbles;

#[test]
fn spawned() {
    marbles(
        |s| s.spawned(2),
        &[
            ("|", "|"),
            ("a-b|", "a-b|"),
            ("(abc)--(de|)", "(abc)--(de|)"),
            ("-a-", "-a"),
        ],
    );
}

#[test]
fn spawned_over() {
    // Nobody pulls while all five come in one chunk.
    marbles(
        |s| s.spawned_over(mpmc::Builder::new(2).overflow(Overflow::DropOldest)),
        &[("a-(bcde)-|", "a-(de)-|")],
    );
    marbles(
        |s| s.spawned_over(mpmc::Builder::new(2).overflow(Overflow::DropNewest)),
        &[("a-(bcde)-|", "a-(bc)-|")],
    );
    for overflow in [Overflow::Wait, Overflow::Reject] {
        marbles(
            |s| s.spawned_over(mpmc::Builder::new(2).overflow(overflow)),
            &[("a-(bcde)-|", "a-(bcde)-|")],
        );
    }
}
