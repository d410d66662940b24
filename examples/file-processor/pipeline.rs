//! The whole count, as one stream.
//!
//! ```text
//!   walker ─▶ entries ─▶ batch ─▶ par_map_unordered ─▶ checkpoint: JSONL ─▶ checkpoint: SQLite ─▶ for_each: sum, progress
//!   (thread)             of 1 MB     │   ▲
//!                                    ▼   │ a part of the figures, and rows
//!                                 threads that read and count
//! ```
//!
//! All of it is bounded, so the walker cannot run ahead of the disk, nor the threads ahead of who writes rows: memory stays
//! at the entries and parts that may wait, one read buffer a thread, and the vocabulary found (each distinct identifier once
//! a file type).
//!
//! # How it ends
//!
//! | | |
//! |---|---|
//! | all is counted | the walker drops its end of the channel, and the stream ends, from there down |
//! | Ctrl-C | walker and threads stop, each where it is; the parts that are there are written, and added up |
//! | an output fails | its checkpoint is the end of the stream, and cancels the rest |
//! | an output hangs | when Ctrl-C was some time ago, no write that fails is tried again; the last one is waited for ([`output`](crate::output)) |
//! | a read hangs | on a network file system, for example, and nothing can stop a thread that does: some time after Ctrl-C there are no more parts, and the group goes on without it |
//!
//! The stream itself is never dropped before its end: what the outputs have, it has to give on.
//!
//! # Why the threads are not the stream's
//!
//! What a parallel stage runs are tasks, on the runtime's threads, where reading a file would hold up the others. So each of
//! them hands a batch to a thread of the group around, which waits for it. There are more tasks than
//! threads, so that the next batch is there when one is done. (Tokio's own `fs` goes to a thread for each read, which is too often.)

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aqueduct_cancel::CancelScope;
use aqueduct_channel::spsc;
use aqueduct_group::{Collect, Discard, GroupBuilder, Panics, Spawner, TaskEnd, group};
use aqueduct_stream::{Flow, Received, receive};
use tokio::time::sleep;

use crate::input::Roots;
use crate::output::Outputs;
use crate::part::Counters;
use crate::progress::Progress;
use crate::tally::Counts;
use crate::walk::{Found, walk};

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) counts: Counts,
    /// Files and skipped entries that the walk met; more than were counted only when it is partial.
    pub(crate) found: u64,
    pub(crate) elapsed: Duration,
    pub(crate) interrupted: bool,
    /// Why rows were not written.
    pub(crate) failures: Vec<String>,
}

impl Outcome {
    /// Whether something may not be counted.
    pub(crate) fn is_partial(&self) -> bool {
        self.interrupted || !self.failures.is_empty()
    }
}

/// Entries that may wait to be counted: enough to keep all busy while the walker lists a directory.
const ENTRIES_WAITING: usize = 1024;

/// A batch has files of so many bytes, if it is not one that is larger, and no more than so many entries. Each part
/// repeats the names of the last one, so small ones cost merging (one a file: a quarter less MB/s), and from a megabyte on
/// nothing more is gained, only the progress bar jumps.
const BATCH_BYTES: usize = 1024 * 1024;
const BATCH_LEN: usize = 256;

/// What has waited so long is counted, however little it is: the walker waits for a disk.
const BATCH_WAIT: Duration = Duration::from_millis(2);

/// Batches that may wait for a thread, and their parts to be added up. This task does a quarter of the work: on a busy
/// machine it may have to wait for a core while the threads have one, and they should not wait for it then.
const BATCHES_WAITING: usize = 16;

/// How long threads may take to notice Ctrl-C. They look between two chunks of a file.
const GRACE: Duration = Duration::from_secs(3);

/// A group of threads that scan the disk until done, or until `scope` is cancelled. What one panics with is
/// ours: it goes on here.
pub(crate) fn threads(name: &'static str, scope: &CancelScope) -> GroupBuilder {
    group()
        .with_name(name)
        .with_scope(scope)
        .with_grace(GRACE)
        .with_panics(Panics::Resume)
}

/// What blocks, on a thread of its own, so that Ctrl-C is heard meanwhile. One does not stop it; who is dropped by a second
/// does not wait for it.
pub(crate) async fn unstoppable<T: Send + 'static>(
    name: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let thread = threads(name, &CancelScope::new()).open(Collect::new());
    let _ = thread.unnamed().spawn_blocking(work).await;
    let end = thread.join().await.pop();
    end.and_then(TaskEnd::returned)
        .expect("nobody cancels it, and its panic goes on")
}

/// When the scope was cancelled so long ago.
pub(crate) async fn long_cancelled(scope: &CancelScope, time: Duration) {
    scope.cancelled().await;
    sleep(time).await;
}

/// Counts everything below `roots`, until done or told to stop.
pub(crate) async fn run(
    roots: &Roots,
    workers: usize,
    outputs: Outputs,
    scope: &CancelScope,
    progress: &Progress,
) -> Outcome {
    let start = Instant::now();
    let found = Arc::new(AtomicU64::new(0));
    let threads = threads("count", scope).open(Discard::new());
    let its_scope = threads.scope().clone();
    let counters = Counters::employ(&threads, workers, outputs.rows()).await;
    let parts = entries(&threads, roots, &found)
        .await
        .batch(BATCH_LEN, BATCH_WAIT)
        .with_weight(BATCH_BYTES, Found::weight)
        .par_map_unordered(workers + BATCHES_WAITING, move |entries| {
            counters.clone().count(entries)
        })
        .take_until(long_cancelled(&its_scope, GRACE));
    let mut counts = Counts::default();
    let summed = outputs.checkpoint(parts, &its_scope).for_each(|part| {
        counts.merge(part.counts);
        let found = found.load(Ordering::Relaxed);
        progress.show(counts.entries(), found, counts.bytes(), start.elapsed());
    });
    let failures = outputs.finish(summed, &its_scope).await;
    // Its threads' panics go on here, and whether it was cancelled the scope says.
    let _ = threads.join().await;
    progress.clear();
    Outcome {
        interrupted: scope.is_cancelled(),
        elapsed: start.elapsed(),
        counts,
        found: found.load(Ordering::Relaxed),
        failures,
    }
}

/// What the walk meets, on a thread of its own.
async fn entries(
    threads: &Spawner<Discard>,
    roots: &Roots,
    found: &Arc<AtomicU64>,
) -> Flow<Received<spsc::Receiver<Found>>> {
    let (mut sender, entries) = spsc::channel(ENTRIES_WAITING);
    let walker = {
        let (roots, found, scope) = (roots.clone(), Arc::clone(found), threads.scope().clone());
        move || {
            let _ = walk(&roots, |entry| {
                if !matches!(entry, Found::LeftOut) {
                    found.fetch_add(1, Ordering::Relaxed);
                }
                match sender.blocking_send(entry) {
                    Ok(()) if !scope.is_cancelled() => ControlFlow::Continue(()),
                    _ => ControlFlow::Break(()),
                }
            });
        }
    };
    // Where it is cancelled by now it is not spawned, and its end is dropped just so.
    let _ = threads.task("walker").spawn_blocking(walker).await;
    receive(entries)
}

#[cfg(test)]
mod tests;
