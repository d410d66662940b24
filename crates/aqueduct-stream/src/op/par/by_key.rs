//! [`Flow::par_map_by_key`]: a queue for each worker.

use std::hash::{BuildHasher, Hash, RandomState};

use aqueduct_channel::{mpsc, spsc};

use super::deal::{self, WAITING};
use super::unordered::ParMapUnordered;
use super::worker::{self, Outcome};
use crate::flow::Flow;
use crate::source::Source;

impl<U: Send + 'static> ParMapUnordered<U> {
    pub(super) fn by_key<S, K, Q, F, Fut>(source: Flow<S>, tasks: usize, mut key: Q, f: F) -> Self
    where
        S: Source + Send + 'static,
        S::Item: Send + 'static,
        K: Hash + 'static,
        Q: FnMut(&S::Item) -> K + Send + 'static,
        F: FnMut(S::Item) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = U> + Send + 'static,
    {
        Self::new(tasks, move |crew, results| {
            let mut queues = Vec::with_capacity(tasks);
            for _ in 0..tasks {
                let (jobs_tx, jobs_rx) = spsc::channel(WAITING);
                crew.spawn("worker", work(jobs_rx, results.clone(), f.clone()));
                queues.push(jobs_tx);
            }
            // Keyed at random, so that nobody can choose keys which all fall to one worker.
            let hasher = RandomState::new();
            let choose = move |item: &S::Item, queues: usize| {
                (hasher.hash_one(key(item)) % queues as u64) as usize
            };
            crew.spawn("feeder", deal::by_choice(source, queues, choose));
        })
    }
}

async fn work<T, U, F, Fut>(
    mut jobs: spsc::Receiver<T>,
    results: mpsc::Sender<Outcome<U>>,
    mut f: F,
) where
    F: FnMut(T) -> Fut,
    Fut: Future<Output = U>,
{
    while let Some(item) = jobs.recv().await {
        let outcome = worker::run(&mut f, item).await;
        let has_panicked = outcome.is_err();
        if results.send(outcome).await.is_err() || has_panicked {
            return;
        }
    }
}
