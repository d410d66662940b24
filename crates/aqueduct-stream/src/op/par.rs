//! Items handled by several tasks at a time.
//!
//! ```text
//!                    ┌─ jobs ──▶ worker 1 ── results ─┐
//!    source ▶ feeder ┼─ jobs ──▶ worker 2 ── results ─┼──▶ consumer
//!                    └─ jobs ──▶ worker n ── results ─┘
//! ```
//!
//! The workers live as long as the stream, so an item costs two messages and not a task. The feeder and the workers go on
//! while the consumer is busy, until the queues are full.
//!
//! | | jobs | results |
//! |---|---|---|
//! | ordered | a queue a worker, dealt in turn | a queue a worker, taken in turn |
//! | unordered | one queue, whoever is free takes the next | one queue |
//! | by key | a queue a worker, to which a key belongs | one queue |
//!
//! # Invariants
//!
//! R1. A worker that has taken a job answers it: with what the closure made, or with its panic. One that does not was
//!     aborted, which only the drop of the stream or the end of the runtime does.
//!
//! R2. A queue of results is closed only when its workers have ended, and they end when there are no more jobs. So the
//!     end of the results, with all tasks ended well (W1), is the end of the stream. Where there are several queues, the
//!     jobs were dealt in turn: the first queue to be found closed when its turn comes is the end of all.
//!
//! # Why ordered jobs are dealt in turn
//!
//! Where whoever is free takes the next, results come in any order, and something has to put them in line: a number for
//! each and a place to set results aside, or a oneshot for each in a queue. Workers of a shared queue meet there for every
//! item, and so do they for the results. Dealt in turn, each queue has one sender and one receiver, and the order is that of
//! the queues. What it costs is that an item may wait behind a slow one of its worker while another is free; but it comes
//! after that one anyway, and what it waits for is in front of the consumer, too.
//!
//! Measured with 64 tasks, of which each item yields once: 310 ns an item in turn, 770 with a shared queue and oneshots
//! (two workers; 220 and 360 on one thread). With work of exponential duration, the workers are busy 54 % of the time in
//! turn, 47 % with a shared queue of as many items ahead as there are tasks, and 27 % in futures' `buffered`, which keeps
//! no result ready behind the first. (8 tasks: 68, 72 and 47 %.)

mod by_key;
mod deal;
mod ordered;
mod unordered;
mod worker;

pub use ordered::ParMap;
pub use unordered::ParMapUnordered;

use crate::flow::Flow;
use crate::source::Source;

/// # On several tasks at a time
///
/// The tasks belong to the stream: they begin when it is first pulled, end with it, and are aborted when it is dropped. They
/// are members of no other group, but a group in whose task or body they were spawned waits for them.
///
/// A closure is cloned for each task; so it may keep something for itself, such as a connection. An error that it returns
/// is an item as any other: [`try_collect`](Self::try_collect) and its like stop at the first, and what they drop aborts
/// the rest.
///
/// ```
/// # #[tokio::main]
/// # async fn main() {
/// let squares: Vec<u32> = aqueduct_stream::iter(0..100)
///     .par_map(8, async |n| n * n)
///     .collect()
///     .await;
/// assert_eq!(squares[99], 99 * 99);
/// # }
/// ```
impl<S: Source> Flow<S> {
    /// Gives what the futures that `f` makes of the items return, in the order of the items. Up to `tasks` of them run at a
    /// time, each on a task.
    ///
    /// The tasks get the items in turn. Where the first takes long, the others go on until each has two results ready.
    ///
    /// Holds up to `5 * tasks` items, those that are being handled included.
    ///
    /// # Panics
    ///
    /// With 0 tasks. Pulling it panics outside of a Tokio runtime, when `f` or a future of it does (in the place of the item, so
    /// that what came before has been given), when the source does, and if the runtime is shut down before the stream has ended.
    #[track_caller]
    pub fn par_map<U, F, Fut>(self, tasks: usize, f: F) -> Flow<ParMap<U>>
    where
        S: Send + 'static,
        S::Item: Send + 'static,
        U: Send + 'static,
        F: FnMut(S::Item) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = U> + Send + 'static,
    {
        assert_tasks(tasks);
        Flow::new(ParMap::new(self, tasks, f))
    }

    /// Gives what the futures that `f` makes of the items return, as they end. Up to `tasks` of them run at a time, each on a
    /// task.
    ///
    /// Holds up to `3 * tasks` items, those that are being handled included; and what is left of a chunk of results, where
    /// something below ends in the middle of it, as [`take_while`](Self::take_while) may.
    ///
    /// # Panics
    ///
    /// As [`par_map`](Self::par_map); a panic goes on when it is known.
    #[track_caller]
    pub fn par_map_unordered<U, F, Fut>(self, tasks: usize, f: F) -> Flow<ParMapUnordered<U>>
    where
        S: Send + 'static,
        S::Item: Send + 'static,
        U: Send + 'static,
        F: FnMut(S::Item) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = U> + Send + 'static,
    {
        assert_tasks(tasks);
        Flow::new(ParMapUnordered::shared(self, tasks, f))
    }

    /// Gives what the futures that `f` makes of the items return, as they end; items of the same key are handled one after
    /// the other, in their order. Up to `tasks` run at a time, each on a task.
    ///
    /// A key belongs to a task for as long as the stream lives. Where one has more than it can handle, the others are held
    /// up when its queue is full: with few keys take few tasks.
    ///
    /// Holds up to `5 * tasks` items, those that are being handled included.
    ///
    /// # Panics
    ///
    /// As [`par_map_unordered`](Self::par_map_unordered), and when `key` does.
    #[track_caller]
    pub fn par_map_by_key<K, U, Q, F, Fut>(
        self,
        tasks: usize,
        key: Q,
        f: F,
    ) -> Flow<ParMapUnordered<U>>
    where
        S: Send + 'static,
        S::Item: Send + 'static,
        K: std::hash::Hash + 'static,
        U: Send + 'static,
        Q: FnMut(&S::Item) -> K + Send + 'static,
        F: FnMut(S::Item) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = U> + Send + 'static,
    {
        assert_tasks(tasks);
        Flow::new(ParMapUnordered::by_key(self, tasks, key, f))
    }
}

#[track_caller]
fn assert_tasks(tasks: usize) {
    assert!(tasks > 0, "a parallel stage has 1 task at least");
}
