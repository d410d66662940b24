//! [`Flow::par_map_unordered`] and [`Flow::par_map_by_key`], whose results come as they are there.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use aqueduct_channel::{mpsc, spmc};

use super::worker::{self, Outcome};
use crate::crew::{Crew, Stage};
use crate::feed::pull_chunk;
use crate::flow::Flow;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// The source of [`Flow::par_map_unordered`] and [`Flow::par_map_by_key`].
#[derive(Debug)]
pub struct ParMapUnordered<U> {
    stage: Stage<Running<U>>,
}

struct Running<U> {
    results: mpsc::Receiver<Outcome<U>>,
    crew: Crew,
    /// There is nothing left in the queue.
    drained: bool,
    /// What was received in one go, backwards. Empty between pulls, but after one that was broken off.
    chunk: Vec<Outcome<U>>,
}

// Items are never pinned.
impl<U> Unpin for ParMapUnordered<U> {}

impl<U: Send + 'static> ParMapUnordered<U> {
    /// A stage whose feeder and workers are spawned by `spawn`, with room for so many results.
    pub(super) fn new(
        capacity: usize,
        spawn: impl FnOnce(&Crew, mpsc::Sender<Outcome<U>>) + Send + 'static,
    ) -> Self {
        let start = move || {
            let crew = Crew::new("par_map");
            let (results_tx, results) = mpsc::channel(capacity);
            spawn(&crew, results_tx);
            Running {
                results,
                crew,
                drained: false,
                chunk: Vec::new(),
            }
        };
        Self {
            stage: Stage::idle(start),
        }
    }

    /// Workers with one queue of jobs, from which whoever is free takes the next.
    pub(super) fn shared<S, F, Fut>(source: Flow<S>, tasks: usize, f: F) -> Self
    where
        S: Source + Send + 'static,
        S::Item: Send + 'static,
        F: FnMut(S::Item) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = U> + Send + 'static,
    {
        Self::new(tasks, move |crew, results| {
            let (jobs_tx, jobs_rx) = spmc::channel(tasks);
            for _ in 0..tasks {
                crew.spawn("worker", work(jobs_rx.clone(), results.clone(), f.clone()));
            }
            crew.spawn("feeder", feed(source, jobs_tx));
        })
    }
}

impl<U> Source for ParMapUnordered<U> {
    type Item = U;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<U> + ?Sized,
    {
        let running = self.stage.running();
        running.crew.check();
        let limit = outlet.room().min(CHUNK);
        if running.chunk.is_empty() {
            ready!(running.poll_chunk(cx, limit));
        }
        for _ in 0..limit {
            let made = match running.chunk.pop() {
                Some(Ok(made)) => made,
                Some(Err(payload)) => running.crew.fail(payload),
                None => break,
            };
            if outlet.push(made).is_break() {
                break;
            }
        }
        if running.drained && running.chunk.is_empty() {
            return running.crew.poll_ended(cx).map(|()| Pull::End);
        }
        Poll::Ready(Pull::More)
    }
}

impl<U> Running<U> {
    fn poll_chunk(&mut self, cx: &mut Context<'_>, limit: usize) -> Poll<()> {
        if !self.drained {
            let received = ready!(self.results.poll_recv_many(cx, &mut self.chunk, limit));
            self.chunk.reverse();
            self.drained = received == 0;
        }
        Poll::Ready(())
    }
}

async fn feed<S: Source>(source: Flow<S>, mut jobs: spmc::Sender<S::Item>) {
    let mut source = pin!(source);
    let mut chunk = Vec::new();
    loop {
        // The permit is given back: this is the only sender, so the room stays.
        if jobs.reserve().await.is_err() {
            return;
        }
        let room = jobs.capacity().min(CHUNK);
        let pulled = pull_chunk(source.as_mut(), &mut chunk, room).await;
        if jobs.send_many(chunk.drain(..)).await.is_err() || !pulled.goes_on() {
            return;
        }
    }
}

async fn work<T, U, F, Fut>(jobs: spmc::Receiver<T>, results: mpsc::Sender<Outcome<U>>, mut f: F)
where
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

impl<U> fmt::Debug for Running<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("crew", &self.crew)
            .field("done", &self.results.len())
            .finish()
    }
}
