//! `aqueduct_stream`.

use std::time::Duration;

use aqueduct_stream::iter;

use crate::harness::runtime::{Task, task};
use crate::stream::{BATCH, Tally, WAIT_MILLIS, add};

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
