//! Entries to a part of the figures, on threads.

use std::path::PathBuf;

use aqueduct_cancel::CancelScope;
use aqueduct_channel::{mpmc, oneshot};
use aqueduct_group::{Discard, Spawner};

use crate::file_type::FileType;
use crate::read::{FileCounter, Uncounted};
use crate::tally::{Counts, Size};
use crate::walk::Found;

/// What was made of some entries.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) counts: Counts,
    /// A row for each file that is in the counts, if anybody wants to have them.
    pub(crate) rows: Vec<Row>,
}

/// A file that was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) path: PathBuf,
    pub(crate) file_type: FileType,
    pub(crate) size: Size,
}

/// Whether parts have rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    Wanted,
    Unwanted,
}

/// Threads that count, as the tasks of a group, and the queue of what they are to count.
///
/// They have a queue so that the next batch is there when one is done. A thread that was given a batch at a time was idle
/// until the task that had to do it got a core: on a busy machine for more than half of the time.
#[derive(Clone, Debug)]
pub(crate) struct Counters {
    jobs: mpmc::UnboundedSender<Job>,
}

/// Entries, and who waits for what is made of them.
type Job = (Vec<Found>, oneshot::Sender<Part>);

impl Counters {
    /// Spawns the threads, which end when nobody has these counters any more. Once the group is cancelled, what is not
    /// counted yet is left out.
    pub(crate) async fn employ(threads: &Spawner<Discard>, workers: usize, rows: Rows) -> Self {
        // What waits here is with a task that waits for it, which are no more than are wanted.
        let (jobs, queue) = mpmc::unbounded_channel();
        for number in 1..=workers {
            let (queue, scope) = (queue.clone(), threads.scope().clone());
            let worker = move || work(&queue, &mut FileCounter::new(scope.clone()), &scope, rows);
            let task = threads.task(format!("worker {number}"));
            // Where it is cancelled by now it is not spawned, and its end of the queue is dropped just so.
            let _ = task.spawn_blocking(worker).await;
        }
        Self { jobs }
    }

    /// Counts entries on one of the threads. In a group that was cancelled there may be none, and nothing is counted.
    pub(crate) async fn count(self, entries: Vec<Found>) -> Part {
        let (sender, part) = oneshot::channel();
        match self.jobs.send((entries, sender)) {
            Ok(()) => part.await.unwrap_or_default(),
            Err(_) => Part::default(),
        }
    }
}

fn work(
    queue: &mpmc::UnboundedReceiver<Job>,
    counter: &mut FileCounter,
    scope: &CancelScope,
    rows: Rows,
) {
    while let Some((entries, sender)) = queue.blocking_recv() {
        // Who does not want it any more was cut short.
        let _ = sender.send(count(entries, counter, scope, rows));
    }
}

/// Counts files, and what is no file.
fn count(entries: Vec<Found>, counter: &mut FileCounter, scope: &CancelScope, rows: Rows) -> Part {
    let mut part = Part::default();
    for entry in entries {
        if scope.is_cancelled() {
            break;
        }
        match entry {
            Found::File(path, _) => match counter.count(&path, &mut part.counts) {
                Ok((file_type, size)) if rows == Rows::Wanted => part.rows.push(Row {
                    path,
                    file_type,
                    size,
                }),
                Ok(_) => {}
                Err(Uncounted::Skipped(why)) => part.counts.skip(why),
                Err(Uncounted::Stopped) => break,
            },
            Found::Skipped(why) => part.counts.skip(why),
            Found::LeftOut => part.counts.left_out += 1,
        }
    }
    part
}

#[cfg(test)]
mod tests;
