//! [`Flow::par_map`].

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_channel::spsc;

use super::deal::{self, WAITING};
use super::worker::{self, Outcome};
use crate::crew::{Crew, Stage};
use crate::flow::Flow;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// The source of [`Flow::par_map`].
#[derive(Debug)]
pub struct ParMap<U> {
    stage: Stage<Running<U>>,
}

// Items are never pinned.
impl<U> Unpin for ParMap<U> {}

struct Running<U> {
    results: Vec<spsc::Receiver<Outcome<U>>>,
    /// Whose result is the next.
    turn: usize,
    crew: Crew,
    /// There is nothing left in the queues.
    drained: bool,
}

/// Results that are ready in each worker's queue before it waits.
const READY: usize = 2;

impl<U> ParMap<U> {
    pub(super) fn new<S, F, Fut>(source: Flow<S>, tasks: usize, f: F) -> Self
    where
        S: Source + Send + 'static,
        S::Item: Send + 'static,
        U: Send + 'static,
        F: FnMut(S::Item) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = U> + Send + 'static,
    {
        Self {
            stage: Stage::idle(move || start(source, tasks, f)),
        }
    }
}

fn start<S, F, U, Fut>(source: Flow<S>, tasks: usize, f: F) -> Running<U>
where
    S: Source + Send + 'static,
    S::Item: Send + 'static,
    U: Send + 'static,
    F: FnMut(S::Item) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = U> + Send + 'static,
{
    let crew = Crew::new("par_map");
    let mut queues = Vec::with_capacity(tasks);
    let mut results = Vec::with_capacity(tasks);
    for _ in 0..tasks {
        let (jobs_tx, jobs_rx) = spsc::channel(WAITING);
        let (results_tx, results_rx) = spsc::channel(READY);
        crew.spawn("worker", work(jobs_rx, results_tx, f.clone()));
        queues.push(jobs_tx);
        results.push(results_rx);
    }
    crew.spawn("feeder", deal::in_turn(source, queues));
    Running {
        results,
        turn: 0,
        crew,
        drained: false,
    }
}

impl<U> Source for ParMap<U> {
    type Item = U;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<U> + ?Sized,
    {
        let running = self.stage.running();
        running.crew.check();
        for _ in 0..outlet.room().min(CHUNK) {
            let Some(made) = ready!(running.poll_next(cx)) else {
                return running.crew.poll_ended(cx).map(|()| Pull::End);
            };
            if outlet.push(made).is_break() {
                break;
            }
        }
        Poll::Ready(Pull::More)
    }
}

impl<U> Running<U> {
    /// The next result; none if all have been taken (R2).
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<U>> {
        if self.drained {
            return Poll::Ready(None);
        }
        match ready!(self.results[self.turn].poll_recv(cx)) {
            Some(Ok(made)) => {
                self.turn = (self.turn + 1) % self.results.len();
                Poll::Ready(Some(made))
            }
            Some(Err(payload)) => self.crew.fail(payload),
            None => {
                self.drained = true;
                Poll::Ready(None)
            }
        }
    }
}

async fn work<T, U, F, Fut>(
    mut jobs: spsc::Receiver<T>,
    mut results: spsc::Sender<Outcome<U>>,
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

impl<U> fmt::Debug for Running<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ready: usize = self.results.iter().map(spsc::Receiver::len).sum();
        f.debug_struct("Running")
            .field("crew", &self.crew)
            .field("ready", &ready)
            .finish()
    }
}
