//! Streams of items with a lifetime in their type can be spawned.
//!
//! Whether a future is `Send` is decided with its lifetimes forgotten. A type that names the item of a source as the source's,
//! `S::Item`, is then one for all lifetimes at once, which the closure of a `map` above does not handle, and rustc says that
//! an `implementation of FnOnce is not general enough` (rust#110338). So what holds items has their type as a parameter of its
//! own. None of this runs: it compiles.

use std::convert::Infallible;
use std::error::Error;
use std::future::ready;
use std::time::Duration;

use aqueduct_channel::spsc;
use aqueduct_stream::iter;
use aqueduct_stream::write::{BatchSink, BatchWriter, WriteOptions};

type Item = Result<&'static str, Box<dyn Error + Send + Sync>>;

const TICK: Duration = Duration::from_secs(1);

fn spawnable<F: Future + Send + 'static>(_: F) {}

/// A closure, and behind it what is to be tried.
macro_rules! spawned {
    ($($flow:ident => $future:expr;)+) => { $(
        spawnable(async {
            let $flow = iter(Vec::<Item>::new()).errors_to(|_| ());
            $future.await
        });
    )+ };
}

#[test]
fn operators_that_hold_items() {
    spawned! {
        s => s.batch(2, TICK).for_each(drop);
        s => s.batch(2, TICK).with_weight(2, |_| 1).for_each(drop);
        s => s.chunks(2).collect::<Vec<_>>();
        s => s.window(TICK, 2).for_each(drop);
        s => s.session(TICK, 2).for_each(drop);
        s => s.debounce(TICK).for_each(drop);
        s => s.sample(TICK).for_each(drop);
        s => s.delay(TICK, 2).for_each(drop);
        s => s.sliding(2, 1).for_each(drop);
        s => s.sliding_by_time(TICK, TICK, 2).for_each(drop);
        s => s.prefetch(2).for_each(drop);
        s => s.zip(iter([1])).for_each(drop);
        s => iter([1]).zip(s).for_each(drop);
        s => s.combine_latest(iter([1])).for_each(drop);
        s => iter([1]).combine_latest(s).for_each(drop);
        s => s.with_latest_from(iter([1])).for_each(drop);
        s => iter([1]).with_latest_from(s).for_each(drop);
        s => s.conflate(|s| s, |a, _| a).for_each(drop);
        s => s.dedup().for_each(drop);
        s => s.throttle(TICK).timeout(TICK).for_each(drop);
        s => s.merge(iter(["a"])).chain(iter(["b"])).for_each(drop);
        s => s.take_until(ready(())).for_each(drop);
        s => s.then(async |s| s).for_each(drop);
        s => s.par_map(2, async |s| s).for_each(drop);
        s => s.spawned(2).for_each(drop);
    }
}

#[test]
fn ends() {
    spawned! {
        s => s.fold(0, |n, s| n + s.len());
        s => s.collect::<Vec<_>>();
        s => s.for_each_async(async |_| ());
    }
}

/// Of an end that is an async function the item must have no lifetime in its type. What comes before may.
#[test]
fn ends_that_are_async_functions() {
    spawned! {
        s => s.map(|s| s.len()).boxed().send_into(spsc::channel(2).0);
        s => s.map(|s| s.len()).write_batches(BatchWriter::new(Count, WriteOptions::new()));
        s => async move {
            let writer = BatchWriter::new(Count, WriteOptions::new());
            s.map(|s| s.len()).write_batches_by_ref(&writer).await
        };
        s => s.map(|s| s.len()).checkpoint(BatchWriter::new(Count, WriteOptions::new()), 2).for_each(drop);
    }
}

struct Count;

impl BatchSink<usize> for Count {
    type Error = Infallible;

    fn write_batch(&mut self, _: &[usize]) -> Result<(), Infallible> {
        Ok(())
    }
}
