//! Walker, workers and aggregator, joined by two channels.
//!
//! Shutdown needs no message of its own; it follows from who drops what:
//!
//! 1. The walker ends and drops the only path sender: each worker drains what is left, then sees the
//!    end, sends its last part, and drops its part sender.
//! 2. With the last part sender gone, the aggregator sees the end in turn. It is last by
//!    construction, so every part that was sent is in the sum.
//! 3. On Ctrl-C the workers leave first. With the last path receiver gone, the walker's next send
//!    fails, even one that waits for room, so a full channel holds nobody up.
//!
//! Walker and workers are the tasks of a group, and the aggregator is its body: all end with it. A read
//! may hang, on a network file system for example, and nothing can stop a thread that does. After the
//! grace the group goes on without it, and the figures until then are told.

use std::collections::BTreeSet;
use std::mem;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aqueduct_cancel::CancelScope;
use aqueduct_channel::{mpsc, spmc};
use aqueduct_group::{Discard, GroupBuilder, Panics, Spawner, group};
use tokio::time::MissedTickBehavior;

use crate::input::Roots;
use crate::progress::Progress;
use crate::read::{FileCounter, Uncounted};
use crate::tally::Counts;
use crate::walk::{Found, walk};

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) counts: Counts,
    /// Files and skipped entries that the walk met; more than were counted only when interrupted.
    pub(crate) found: u64,
    pub(crate) elapsed: Duration,
    pub(crate) interrupted: bool,
}

/// Paths that may wait for a worker: enough to keep all busy while the walker lists a directory.
const PATHS_WAITING: usize = 1024;

/// Parts that may wait for the aggregator.
const PARTS_WAITING: usize = 16;

/// A worker sends its part when it holds the figures of this many bytes or files. Each part repeats
/// the names of the last one, so small parts cost merging (one a file: a quarter less MB/s), and from
/// a megabyte on nothing more is gained, only the progress bar jumps.
const PART_BYTES: u64 = 1024 * 1024;
const PART_FILES: u64 = 256;

/// How often the progress bar moves at least.
const TICK: Duration = Duration::from_millis(100);

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

/// Counts everything below `roots`, until done or told to stop.
pub(crate) async fn run(
    roots: &Roots,
    workers: usize,
    scope: &CancelScope,
    progress: &Progress,
) -> Outcome {
    let start = Instant::now();
    let found = Arc::new(AtomicU64::new(0));
    // Not the body's: what was counted stays when a read that hangs has the body cut short.
    let mut counts = Counts::default();
    let count = async |threads: Spawner<Discard>| {
        let parts = employ(&threads, roots, workers, &found).await;
        aggregate(parts, &mut counts, &found, start, progress).await;
    };
    // Its threads' panics have gone on by now, and whether it was cancelled the scope says.
    let _ = threads("count", scope).run(Discard::new(), count).await;
    progress.clear();
    Outcome {
        interrupted: scope.is_cancelled(),
        elapsed: start.elapsed(),
        counts,
        found: found.load(Ordering::Relaxed),
    }
}

/// Starts walker and workers; gives what they send. The ends that they hold are the only ones: see the rules above.
async fn employ(
    threads: &Spawner<Discard>,
    roots: &Roots,
    workers: usize,
    found: &Arc<AtomicU64>,
) -> mpsc::Receiver<Counts> {
    let (path_sender, path_receiver) = spmc::channel(PATHS_WAITING);
    let (part_sender, part_receiver) = mpsc::channel(PARTS_WAITING);
    let scope = threads.scope();
    let walker = {
        let (roots, parts) = (roots.paths.clone(), part_sender.clone());
        let (found, scope) = (Arc::clone(found), scope.clone());
        move || find(&roots, path_sender, &parts, &found, &scope)
    };
    // Who is cancelled by now is not spawned, and drops its ends just so.
    let _ = threads.task("walker").spawn_blocking(walker).await;
    for number in 1..=workers {
        let (paths, parts) = (path_receiver.clone(), part_sender.clone());
        let scope = scope.clone();
        let worker = move || work(&paths, &parts, &scope);
        let task = threads.task(format!("worker {number}"));
        let _ = task.spawn_blocking(worker).await;
    }
    part_receiver
}

/// The walker: every path to some worker, every skipped entry straight to the aggregator.
fn find(
    roots: &BTreeSet<PathBuf>,
    mut paths: spmc::Sender<PathBuf>,
    parts: &mpsc::Sender<Counts>,
    found: &AtomicU64,
    scope: &CancelScope,
) {
    let mut skipped = Counts::default();
    let _ = walk(roots, |entry| {
        let sent = match entry {
            Found::File(path) => {
                found.fetch_add(1, Ordering::Relaxed);
                paths.blocking_send(path).is_ok()
            }
            Found::Skipped(why) => {
                found.fetch_add(1, Ordering::Relaxed);
                skipped.skip(why);
                true
            }
            Found::LeftOut => {
                skipped.left_out += 1;
                true
            }
        };
        if sent && !scope.is_cancelled() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    // Fails only when the aggregator is gone, and then nobody wants the figures.
    let _ = parts.blocking_send(skipped);
}

/// A worker: paths in, parts out.
fn work(paths: &spmc::Receiver<PathBuf>, parts: &mpsc::Sender<Counts>, scope: &CancelScope) {
    let mut counter = FileCounter::new(scope.clone());
    let mut part = Counts::default();
    while !scope.is_cancelled() {
        let Some(path) = paths.blocking_recv() else {
            break;
        };
        match counter.count(&path, &mut part) {
            Ok(()) => {}
            Err(Uncounted::Skipped(why)) => part.skip(why),
            Err(Uncounted::Stopped) => break,
        }
        let full = part.bytes() >= PART_BYTES || part.entries() >= PART_FILES;
        if full && parts.blocking_send(mem::take(&mut part)).is_err() {
            return;
        }
    }
    let _ = parts.blocking_send(part);
}

/// Adds the parts up, and moves the progress bar between them.
async fn aggregate(
    mut parts: mpsc::Receiver<Counts>,
    sum: &mut Counts,
    found: &AtomicU64,
    start: Instant,
    progress: &Progress,
) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // Receiving is cancel-safe: when the tick wins, no part is lost.
        tokio::select! {
            part = parts.recv() => match part {
                Some(part) => sum.merge(part),
                None => return,
            },
            _ = tick.tick() => {
                let found = found.load(Ordering::Relaxed);
                progress.show(sum.entries(), found, sum.bytes(), start.elapsed());
            }
        }
    }
}

#[cfg(test)]
mod tests;
