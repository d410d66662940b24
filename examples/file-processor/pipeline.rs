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

use std::collections::BTreeSet;
use std::mem;
use std::ops::ControlFlow;
use std::panic;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::input::Roots;
use crate::progress::Progress;
use crate::read::{FileCounter, Uncounted};
use crate::stop::Stop;
use crate::tally::Counts;
use crate::walk::{Found, walk};
use aqueduct_channel::{mpsc, spmc};

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

/// Counts everything below `roots`, until done or told to stop.
pub(crate) async fn run(
    roots: &Roots,
    workers: usize,
    stop: &Stop,
    progress: &Progress,
) -> Outcome {
    let start = Instant::now();
    let (path_sender, path_receiver) = spmc::channel(PATHS_WAITING);
    let (part_sender, part_receiver) = mpsc::channel(PARTS_WAITING);
    let found = Arc::new(AtomicU64::new(0));

    let mut threads = JoinSet::new();
    threads.spawn_blocking({
        let (roots, parts) = (roots.paths.clone(), part_sender.clone());
        let (found, stop) = (Arc::clone(&found), stop.clone());
        move || find(&roots, path_sender, &parts, &found, &stop)
    });
    for _ in 0..workers {
        let (paths, parts, stop) = (path_receiver.clone(), part_sender.clone(), stop.clone());
        threads.spawn_blocking(move || work(&paths, &parts, stop));
    }
    // The ends that threads hold are the only ones from here on: see the rules above.
    drop((path_receiver, part_sender));

    let counts = aggregate(part_receiver, &found, start, progress).await;
    while let Some(ended) = threads.join_next().await {
        // A thread ends early by panicking only, and the panic is then ours.
        ended.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()));
    }
    let found = found.load(Ordering::Relaxed);
    Outcome {
        interrupted: stop.is_set(),
        elapsed: start.elapsed(),
        counts,
        found,
    }
}

/// The walker: every path to some worker, every skipped entry straight to the aggregator.
fn find(
    roots: &BTreeSet<PathBuf>,
    mut paths: spmc::Sender<PathBuf>,
    parts: &mpsc::Sender<Counts>,
    found: &AtomicU64,
    stop: &Stop,
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
        if sent && !stop.is_set() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    // Fails only when the aggregator is gone, and then nobody wants the figures.
    let _ = parts.blocking_send(skipped);
}

/// A worker: paths in, parts out.
fn work(paths: &spmc::Receiver<PathBuf>, parts: &mpsc::Sender<Counts>, stop: Stop) {
    let mut counter = FileCounter::new(stop.clone());
    let mut part = Counts::default();
    while !stop.is_set() {
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
    found: &AtomicU64,
    start: Instant,
    progress: &Progress,
) -> Counts {
    let mut sum = Counts::default();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // Receiving is cancel-safe: when the tick wins, no part is lost.
        tokio::select! {
            part = parts.recv() => match part {
                Some(part) => sum.merge(part),
                None => break,
            },
            _ = tick.tick() => {
                let found = found.load(Ordering::Relaxed);
                progress.show(sum.entries(), found, sum.bytes(), start.elapsed());
            }
        }
    }
    progress.clear();
    sum
}

#[cfg(test)]
mod tests;
