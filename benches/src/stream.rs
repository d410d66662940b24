//! What the groups of streams ask of an entrant.

use std::hint::black_box;

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

/// Counts an item.
#[inline]
pub(crate) fn add_one((items, sum): Tally, item: usize) -> Tally {
    (items + 1, sum.wrapping_add(item))
}

/// What a stream's map does.
#[inline]
pub(crate) fn mapped(number: usize) -> usize {
    number.wrapping_mul(5) ^ 0x55
}

/// What a stream's filter keeps: about two thirds.
#[inline]
pub(crate) fn is_kept(number: &usize) -> bool {
    !number.is_multiple_of(3)
}

/// So many futures are in flight, where some are.
pub(crate) const IN_FLIGHT: usize = 64;

/// So many items have room between two tasks.
pub(crate) const ROOM: usize = 1024;

/// An item of 64 bytes.
pub(crate) type Line = [usize; 8];

/// An item with a number in it.
#[inline]
pub(crate) fn line(number: usize) -> Line {
    [number, 1, 2, 3, 4, 5, 6, 7]
}

/// [`mapped`], for the number of an item.
#[inline]
pub(crate) fn mapped_line(mut line: Line) -> Line {
    line[0] = mapped(line[0]);
    line
}

/// Counts a batch of items, by their numbers.
#[inline]
pub(crate) fn add_lines(tally: Tally, batch: Vec<Line>) -> Tally {
    let numbers = batch.into_iter().map(|line| line[0]);
    numbers.fold(tally, add_one)
}

/// Yields once.
pub(crate) async fn yields_once(number: usize) -> usize {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
    number
}

/// Computes for about 35 µs.
pub(crate) fn compute(number: usize) -> usize {
    let mut mixed = number;
    for _ in 0..40_000 {
        mixed = black_box(mixed.wrapping_mul(5).wrapping_add(1));
    }
    // What was computed is not wanted, only the time it took.
    number + usize::from(mixed == usize::MAX && number == usize::MAX)
}

/// All items.
pub(crate) fn all(items: usize) -> Tally {
    (0..items).fold((0, 0), add_one)
}

/// The items that [`mapped`] and [`is_kept`] leave.
pub(crate) fn filtered(items: usize) -> Tally {
    (0..items).map(mapped).filter(is_kept).fold((0, 0), add_one)
}
