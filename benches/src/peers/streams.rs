//! Streams of futures-util and of tokio-stream.

use std::future::ready;
use std::time::Duration;

use ::futures_util::{StreamExt, stream};

use crate::harness::runtime::{Task, task};
use crate::stream::{
    BATCH, IN_FLIGHT, ROOM, Tally, WAIT_MILLIS, add, add_lines, add_one, compute as stream_compute,
    is_kept, line, mapped, mapped_line, yields_once,
};

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

/// Map, filter, fold.
pub(crate) fn futures_fused(items: usize) -> Task<Tally> {
    let kept = stream::iter(0..items)
        .map(mapped)
        .filter(|number| ready(is_kept(number)));
    task(kept.fold((0, 0), |tally, number| ready(add_one(tally, number))))
}

/// Map, filter, fold.
pub(crate) fn tokio_fused(items: usize) -> Task<Tally> {
    use ::tokio_stream::StreamExt;

    let mapped = StreamExt::map(::tokio_stream::iter(0..items), mapped);
    task(StreamExt::fold(
        StreamExt::filter(mapped, is_kept),
        (0, 0),
        add_one,
    ))
}

/// No stream: an iterator.
pub(crate) fn plain(items: usize) -> Task<Tally> {
    task(async move { (0..items).map(mapped).filter(is_kept).fold((0, 0), add_one) })
}

/// Futures on one task, in order.
pub(crate) fn buffered(items: usize) -> Task<Tally> {
    let made = stream::iter(0..items).map(yields_once).buffered(IN_FLIGHT);
    task(made.fold((0, 0), |tally, number| ready(add_one(tally, number))))
}

/// Futures on one task, as they end.
pub(crate) fn buffer_unordered(items: usize) -> Task<Tally> {
    let made = stream::iter(0..items)
        .map(yields_once)
        .buffer_unordered(IN_FLIGHT);
    task(made.fold((0, 0), |tally, number| ready(add_one(tally, number))))
}

/// A task for each, as they end.
pub(crate) fn spawned_unordered(items: usize) -> Task<Tally> {
    let made = stream::iter(0..items).map(|number| ::tokio::spawn(yields_once(number)));
    task(
        made.buffer_unordered(IN_FLIGHT)
            .fold((0, 0), |tally, number| {
                ready(add_one(tally, number.expect("no task panics")))
            }),
    )
}

/// A task for each, in order.
pub(crate) fn spawned_ordered(items: usize) -> Task<Tally> {
    let made = stream::iter(0..items).map(|number| ::tokio::spawn(yields_once(number)));
    task(made.buffered(IN_FLIGHT).fold((0, 0), |tally, number| {
        ready(add_one(tally, number.expect("no task panics")))
    }))
}

/// One after the other.
pub(crate) fn computing_in_turn(items: usize) -> Task<Tally> {
    task(async move { (0..items).map(stream_compute).fold((0, 0), add_one) })
}

/// A task for each, eight at a time.
pub(crate) fn computing_spawned(items: usize) -> Task<Tally> {
    let made =
        stream::iter(0..items).map(|number| ::tokio::spawn(async move { stream_compute(number) }));
    task(made.buffered(8).fold((0, 0), |tally, number| {
        ready(add_one(tally, number.expect("no task panics")))
    }))
}

/// A task that sends each into a channel.
pub(crate) fn tokio_mpsc(items: usize) -> Task<Tally> {
    task(async move {
        let (tx, mut rx) = ::tokio::sync::mpsc::channel(ROOM);
        let sends = ::tokio::spawn(async move {
            for number in 0..items {
                tx.send(number).await.expect("the receiver is there");
            }
        });
        let mut tally = (0, 0);
        while let Some(number) = rx.recv().await {
            tally = add_one(tally, number);
        }
        sends.await.expect("no task panics");
        tally
    })
}

/// A task that sends batches into a channel.
pub(crate) fn tokio_batches(items: usize) -> Task<Tally> {
    task(async move {
        let (tx, mut rx) = ::tokio::sync::mpsc::channel(ROOM / BATCH);
        let sends = ::tokio::spawn(async move {
            let lines = stream::iter(0..items).map(line).map(mapped_line);
            let kept = lines.filter(|line| ready(is_kept(&line[0])));
            let mut batches = kept.chunks(BATCH);
            while let Some(batch) = batches.next().await {
                tx.send(batch).await.expect("the receiver is there");
            }
        });
        let mut tally = (0, 0);
        while let Some(batch) = rx.recv().await {
            tally = add_lines(tally, batch);
        }
        sends.await.expect("no task panics");
        tally
    })
}
