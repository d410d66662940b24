//! `aqueduct_stream`.

use std::time::Duration;

use aqueduct_stream::iter;

use crate::harness::runtime::{Task, task};
use crate::stream::{
    self, BATCH, IN_FLIGHT, ROOM, Tally, WAIT_MILLIS, add, add_lines, add_one, is_kept, mapped,
    yields_once,
};

/// By count and time.
pub(crate) fn batches(items: usize) -> Task<Tally> {
    let wait = Duration::from_millis(WAIT_MILLIS);
    task(iter(0..items).batch(BATCH, wait).fold((0, 0), add))
}

/// By count alone.
pub(crate) fn chunks(items: usize) -> Task<Tally> {
    task(iter(0..items).chunks(BATCH).fold((0, 0), add))
}

/// By count, time and weight.
pub(crate) fn weighed(items: usize) -> Task<Tally> {
    let wait = Duration::from_millis(WAIT_MILLIS);
    let batches = iter(0..items).batch(BATCH, wait);
    task(batches.with_weight(8 * BATCH, |_| 8).fold((0, 0), add))
}

/// Map, filter, fold.
pub(crate) fn fused(items: usize) -> Task<Tally> {
    task(
        iter(0..items)
            .map(mapped)
            .filter(is_kept)
            .fold((0, 0), add_one),
    )
}

/// The same, each stage's type forgotten.
pub(crate) fn boxed(items: usize) -> Task<Tally> {
    let mapped = iter(0..items).boxed().map(mapped).boxed();
    task(mapped.filter(is_kept).boxed().fold((0, 0), add_one))
}

/// Futures on tasks, in order.
pub(crate) fn parallel(items: usize) -> Task<Tally> {
    task(
        iter(0..items)
            .par_map(IN_FLIGHT, yields_once)
            .fold((0, 0), add_one),
    )
}

/// Futures on tasks, as they end.
pub(crate) fn parallel_unordered(items: usize) -> Task<Tally> {
    task(
        iter(0..items)
            .par_map_unordered(IN_FLIGHT, yields_once)
            .fold((0, 0), add_one),
    )
}

/// Work on tasks.
pub(crate) fn computing(items: usize) -> Task<Tally> {
    let computed = iter(0..items).par_map(8, async |number| stream::compute(number));
    task(computed.fold((0, 0), add_one))
}

/// From task to task.
pub(crate) fn boundary(items: usize) -> Task<Tally> {
    task(iter(0..items).spawned(ROOM).fold((0, 0), add_one))
}

/// Lines into batches, to another task.
pub(crate) fn batches_across(items: usize) -> Task<Tally> {
    let wait = Duration::from_millis(WAIT_MILLIS);
    let lines = iter(0..items).map(stream::line).map(stream::mapped_line);
    let kept = lines.filter(|line| is_kept(&line[0]));
    task(
        kept.batch(BATCH, wait)
            .spawned(ROOM / BATCH)
            .fold((0, 0), add_lines),
    )
}

/// Lines to another task, into batches there.
pub(crate) fn lines_across(items: usize) -> Task<Tally> {
    let wait = Duration::from_millis(WAIT_MILLIS);
    let lines = iter(0..items).map(stream::line).map(stream::mapped_line);
    let kept = lines.filter(|line| is_kept(&line[0]));
    task(
        kept.spawned(ROOM)
            .batch(BATCH, wait)
            .fold((0, 0), add_lines),
    )
}
