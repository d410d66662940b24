//! What came meanwhile, in one.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use aqueduct_core::barrier::{Pace, Payer};
use aqueduct_core::sync::Lock;
use aqueduct_core::wait_cell::WaitCell;

use crate::crew::{Crew, Stage};
use crate::feed::pull_chunk;
use crate::flow::Flow;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// # For a consumer that is slower
impl<S: Source> Flow<S> {
    /// Runs the stream up to here on a task of its own, which never waits: what comes while the consumer is busy is put
    /// together. The first item is made a summary by `seed`, to which `add` adds each that follows, until the consumer takes
    /// it.
    ///
    /// So the source is never held back, and no item is left out of account. To keep only the latest, let `add` return the
    /// item: `conflate(|item| item, |_, item| item)`.
    ///
    /// Holds a summary, and a chunk of items that are being added to it.
    ///
    /// # Panics
    ///
    /// As [`spawned`](Self::spawned); `seed` and `add` run on the task.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() {
    /// let mut sums = aqueduct_stream::iter(1..=100).conflate(|n| n, |sum, n| sum + n);
    /// let mut total = 0;
    /// while let Some(sum) = sums.next().await {
    ///     total += sum; // however often this is, and however slow
    /// }
    /// assert_eq!(total, 5050);
    /// # }
    /// ```
    pub fn conflate<A, I, F>(self, mut seed: I, mut add: F) -> Flow<Conflate<A>>
    where
        S: Send + 'static,
        S::Item: Send + 'static,
        A: Send + 'static,
        I: FnMut(S::Item) -> A + Send + 'static,
        F: FnMut(A, S::Item) -> A + Send + 'static,
    {
        let step = move |sum: Option<A>, item| match sum {
            None => seed(item),
            Some(sum) => add(sum, item),
        };
        let start = move || {
            let crew = Crew::new("conflate");
            let pace = Pace::new(1);
            let desk = Arc::new(Desk::new(pace.payer()));
            crew.spawn("conflate", gather(self, Clerk(Arc::clone(&desk)), step));
            Running {
                desk,
                pace,
                taken: 0,
                crew,
            }
        };
        Flow::new(Conflate {
            stage: Stage::idle(start),
        })
    }
}

/// The source of [`Flow::conflate`].
#[derive(Debug)]
pub struct Conflate<A> {
    stage: Stage<Running<A>>,
}

// Items are never pinned.
impl<A> Unpin for Conflate<A> {}

struct Running<A> {
    desk: Arc<Desk<A>>,
    pace: Pace,
    /// Summaries since the last wait.
    taken: u64,
    crew: Crew,
}

/// Where the summary lies that nobody came for yet. The task takes it away to add to it; who comes meanwhile waits.
struct Desk<A> {
    state: Lock<State<A>>,
    consumer: WaitCell,
}

struct State<A> {
    summary: Option<A>,
    /// The task is gone, or about to be.
    over: bool,
}

impl<A> Desk<A> {
    fn new(payer: Payer) -> Self {
        let state = State {
            summary: None,
            over: false,
        };
        Self {
            state: Lock::new(state),
            consumer: WaitCell::new(payer),
        }
    }

    /// The summary, or none if it was the last. Nothing if there is none now.
    fn look(&self) -> Option<Option<A>> {
        let mut state = self.state.lock();
        match state.summary.take() {
            Some(summary) => Some(Some(summary)),
            None => state.over.then_some(None),
        }
    }
}

/// The task's hold on the desk. Says that it is gone, however it goes.
struct Clerk<A>(Arc<Desk<A>>);

impl<A> Drop for Clerk<A> {
    fn drop(&mut self) {
        self.0.state.lock().over = true;
        self.0.consumer.notify();
    }
}

impl<A> Source for Conflate<A> {
    type Item = A;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<A> + ?Sized,
    {
        let running = self.stage.running();
        running.crew.check();
        let desk = &running.desk;
        let found = match desk.look() {
            Some(found) => found,
            None => {
                let taken = std::mem::take(&mut running.taken);
                let wait = desk
                    .consumer
                    .poll_wait(cx, &mut running.pace, taken, || desk.look());
                ready!(wait)
            }
        };
        match found {
            Some(summary) => {
                running.taken += 1;
                let _ = outlet.push(summary);
                Poll::Ready(Pull::More)
            }
            None => running.crew.poll_ended(cx).map(|()| Pull::End),
        }
    }
}

/// Takes the summary from the desk, adds what there is, and puts it there again.
async fn gather<S, A>(
    source: Flow<S>,
    clerk: Clerk<A>,
    mut step: impl FnMut(Option<A>, S::Item) -> A,
) where
    S: Source,
{
    let desk = &*clerk.0;
    let mut source = pin!(source);
    let mut chunk = Vec::new();
    loop {
        let pulled = pull_chunk(source.as_mut(), &mut chunk, CHUNK).await;
        if !chunk.is_empty() {
            let waiting = desk.state.lock().summary.take();
            let summary = chunk
                .drain(..)
                .fold(waiting, |sum, item| Some(step(sum, item)));
            desk.state.lock().summary = summary;
            desk.consumer.notify();
        }
        if !pulled.goes_on() {
            return;
        }
    }
}

impl<A> fmt::Debug for Running<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("crew", &self.crew).finish()
    }
}
