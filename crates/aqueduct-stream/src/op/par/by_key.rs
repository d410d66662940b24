//! [`Flow::par_map_by_key`]: a queue for each worker.

use std::hash::{BuildHasher, Hash, RandomState};
use std::pin::pin;

use aqueduct_channel::{mpsc, spsc};

use super::unordered::ParMapUnordered;
use super::worker::{self, Outcome};
use crate::feed::pull_chunk;
use crate::flow::Flow;
use crate::source::{CHUNK, Pull, Source};

/// Jobs that wait for a worker beside the one that it handles.
const WAITING: usize = 2;

impl<U: Send + 'static> ParMapUnordered<U> {
    pub(super) fn by_key<S, K, Q, F, Fut>(source: Flow<S>, tasks: usize, key: Q, f: F) -> Self
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
            crew.spawn("feeder", feed(source, queues, key));
        })
    }
}

async fn feed<S, K, Q>(source: Flow<S>, mut queues: Vec<spsc::Sender<S::Item>>, mut key: Q)
where
    S: Source,
    K: Hash,
    Q: FnMut(&S::Item) -> K,
{
    // Keyed at random, so that nobody can choose keys which all fall to one worker.
    let hasher = RandomState::new();
    let mut source = pin!(source);
    let mut chunk = Vec::new();
    loop {
        let room = queues.len().min(CHUNK);
        let pull = pull_chunk(source.as_mut(), &mut chunk, room).await;
        for item in chunk.drain(..) {
            let hash = hasher.hash_one(key(&item));
            let worker = (hash % queues.len() as u64) as usize;
            if queues[worker].send(item).await.is_err() {
                return;
            }
        }
        if pull == Pull::End {
            return;
        }
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
        if results.send(worker::run(&mut f, item).await).await.is_err() {
            return;
        }
    }
}
