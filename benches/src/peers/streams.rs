//! Streams of futures-util and of tokio-stream.

use std::future::ready;
use std::time::Duration;

use ::futures_util::{StreamExt, stream};

use crate::harness::runtime::{Task, task};
use crate::stream::{BATCH, Tally, WAIT_MILLIS, add};

pub(crate) const TOKIO: &str = "tokio-stream";

/// By count alone.
pub(crate) fn futures_chunks(items: usize) -> Task<Tally> {
    let chunks = stream::iter(0..items).chunks(BATCH);
    task(chunks.fold((0, 0), |tally, batch| ready(add(tally, batch))))
}

/// By count and time.
pub(crate) fn tokio_chunks_timeout(items: usize) -> Task<Tally> {
    let wait = Duration::from_millis(WAIT_MILLIS);
    let batches =
        ::tokio_stream::StreamExt::chunks_timeout(::tokio_stream::iter(0..items), BATCH, wait);
    task(::tokio_stream::StreamExt::fold(batches, (0, 0), add))
}
