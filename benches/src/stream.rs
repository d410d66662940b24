//! What the groups of streams ask of an entrant.

use crate::harness::runtime::Task;

/// So many items are in a batch, where there are batches.
pub(crate) const BATCH: usize = 64;

/// A batch waits no longer than so many milliseconds, which none has to here.
pub(crate) const WAIT_MILLIS: u64 = 10;

/// What came out of a stream: how many pieces, and the sum of all items in them.
pub(crate) type Tally = (usize, usize);

/// Runs a stream of the numbers below one to its end.
pub(crate) type Pipeline = fn(usize) -> Task<Tally>;

/// Counts a batch.
#[inline]
pub(crate) fn add((batches, sum): Tally, batch: Vec<usize>) -> Tally {
    (
        batches + 1,
        batch.into_iter().fold(sum, usize::wrapping_add),
    )
}
