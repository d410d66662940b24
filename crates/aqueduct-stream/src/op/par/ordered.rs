//! [`Flow::par_map`].

use std::fmt;
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use aqueduct_channel::{oneshot, spmc, spsc};

use super::worker::{self, Outcome};
use crate::crew::{Crew, Stage, shut_down};
use crate::feed::pull_chunk;
use crate::flow::Flow;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// The source of [`Flow::par_map`].
#[derive(Debug)]
pub struct ParMap<U> {
    stage: Stage<Running<U>>,
}

type Answer<U> = oneshot::Receiver<Outcome<U>>;

struct Running<U> {
    /// What is waited for, out of the queue.
    next: Option<Answer<U>>,
    order: spsc::Receiver<Answer<U>>,
    crew: Crew,
    /// There is nothing left in the queue.
    drained: bool,
}

struct Job<T, U> {
    item: T,
    reply: oneshot::Sender<Outcome<U>>,
}

// Items are never pinned.
impl<U> Unpin for ParMap<U> {}

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

impl<U> Source for ParMap<U> {
    type Item = U;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<U> + ?Sized,
    {
        let running = self.stage.running();
        for _ in 0..outlet.room().min(CHUNK) {
            match ready!(running.poll_next(cx)) {
                Some(made) => {
                    if outlet.push(made).is_break() {
                        break;
                    }
                }
                None => return Poll::Ready(Pull::End),
            }
        }
        Poll::Ready(Pull::More)
    }
}

impl<U> Running<U> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<U>> {
        if self.next.is_none() && !self.drained {
            self.next = ready!(self.order.poll_recv(cx));
            self.drained = self.next.is_none();
        }
        let Some(answer) = &mut self.next else {
            return self.crew.poll_ended(cx).map(|()| None);
        };
        let outcome = ready!(Pin::new(answer).poll(cx));
        self.next = None;
        match outcome {
            Ok(Ok(made)) => Poll::Ready(Some(made)),
            Ok(Err(payload)) => resume_unwind(payload),
            // R1.
            Err(_) => shut_down(),
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
    // One is out of the queue, with the consumer.
    let (order_tx, order_rx) = spsc::channel(2 * tasks - 1);
    let (jobs_tx, jobs_rx) = spmc::channel(tasks);
    for _ in 0..tasks {
        crew.spawn("worker", work(jobs_rx.clone(), f.clone()));
    }
    crew.spawn("feeder", feed(source, order_tx, jobs_tx));
    Running {
        next: None,
        order: order_rx,
        crew,
        drained: false,
    }
}

async fn feed<S, U>(
    source: Flow<S>,
    mut order: spsc::Sender<Answer<U>>,
    mut jobs: spmc::Sender<Job<S::Item, U>>,
) where
    S: Source,
{
    let mut source = pin!(source);
    let mut chunk = Vec::new();
    loop {
        // The permit is given back: this is the only sender, so the room stays.
        if order.reserve().await.is_err() {
            return;
        }
        let room = order.capacity().min(CHUNK);
        let pull = pull_chunk(source.as_mut(), &mut chunk, room).await;
        for item in chunk.drain(..) {
            let (reply, answer) = oneshot::channel();
            if order.try_send(answer).is_err() || jobs.send(Job { item, reply }).await.is_err() {
                return;
            }
        }
        if pull == Pull::End {
            return;
        }
    }
}

async fn work<T, U, F, Fut>(jobs: spmc::Receiver<Job<T, U>>, mut f: F)
where
    F: FnMut(T) -> Fut,
    Fut: Future<Output = U>,
{
    while let Some(Job { item, reply }) = jobs.recv().await {
        // Nobody takes the answer where the stream has been dropped; then this is about to be aborted.
        let _ = reply.send(worker::run(&mut f, item).await);
    }
}

impl<U> fmt::Debug for Running<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("crew", &self.crew)
            .field("inside", &self.order.len())
            .finish()
    }
}
