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

#[test]
fn parallel_stages_hold_what_they_say() {
    holds(5, |s| s.par_map(1, async |item| item));
    holds(10, |s| s.par_map(2, async |item| item));
    holds(3, |s| s.par_map_unordered(1, async |item| item));
    holds(9, |s| s.par_map_unordered(3, async |item| item));
    // All of one key: the feeder has the rest of its chunk in hand.
    holds(5, |s| s.par_map_by_key(1, |_| (), async |item| item));
}

#[test]
fn what_is_being_handled_is_dropped_with_the_stream() {
    // Nothing ever comes out; the kit sees to it that nothing lives on.
    holds(3, |s| {
        s.par_map(1, async |item| {
            std::future::pending::<()>().await;
            item
        })
    });
}

#[test]
fn conflate_holds_a_summary() {
    // The items of a chunk, of 5, are added one after the other.
    holds(1, |s| s.conflate(|item| item, |_, item| item));
    holds(20, |s| {
        s.conflate(
            |item| vec![item],
            |mut items, item| {
                items.push(item);
                items
            },
        )
    });
}

#[test]
fn prefetch_holds_what_it_was_not_asked_for() {
    holds(0, |s| s.prefetch(1));
    holds(2, |s| s.prefetch(3));
    // A chunk of this source is 5.
    holds(4, |s| s.prefetch(100));
}
