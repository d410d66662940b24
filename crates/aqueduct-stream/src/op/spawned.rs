//! The boundary between two tasks.
//!
//! ```text
//!    task of the stage                          task of the consumer
//!    source ▶ operators ▶ chunk ──▶ channel ──▶ chunk ▶ operators ▶ terminal
//! ```
//!
//! The task waits for room in the channel first, and pulls no more than there is room for; so the boundary has inside
//! what its capacity says, and backpressure goes up as far as the source. A chunk crosses at the price of a message.
//!
//! With a channel of the user's that has an overflow policy, the task does not wait for room: it pulls a chunk, and the
//! channel says what becomes of it.

use std::fmt;
use std::iter;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use aqueduct_channel::error::TrySendError;
use aqueduct_channel::{Stats, mpmc, spsc};

use crate::crew::{Crew, Stage};
use crate::feed::pull_chunk;
use crate::flow::Flow;
use crate::from::{Received, receive};
use crate::source::{CHUNK, Outlet, Pull, Source};

/// # On a task of its own
impl<S: Source> Flow<S> {
    /// Runs the stream up to here on a task of its own, from the first pull on, which gets ahead by up to `capacity` items.
    ///
    /// The task belongs to this stream: it ends with it, and is aborted when it is dropped. It is a member of no other group,
    /// but a group in whose task or body it was spawned waits for it. A panic in it goes on in the task that pulls, after what
    /// came before it.
    ///
    /// Holds up to `capacity` items between the tasks.
    ///
    /// # Panics
    ///
    /// With a capacity of 0. Pulling it panics outside of a Tokio runtime, and if the runtime on which the task was spawned is
    /// shut down before the stream has ended.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() {
    /// let lengths: Vec<usize> = aqueduct_stream::iter(["a", "bc", "def"])
    ///     .map(str::to_owned)
    ///     .spawned(64) // what is above runs beside what is below
    ///     .map(|text| text.len())
    ///     .collect()
    ///     .await;
    /// assert_eq!(lengths, [1, 2, 3]);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawned(self, capacity: usize) -> Flow<Spawned<S::Item>>
    where
        S: Send + 'static,
        S::Item: Send + 'static,
    {
        assert!(
            capacity > 0,
            "a boundary between tasks has room for 1 item at least"
        );
        Flow::new(Spawned::new(move |crew| {
            let (tx, rx) = spsc::channel(capacity);
            crew.spawn("spawned", send_waiting(self, tx));
            Line::Waiting(receive(rx))
        }))
    }

    /// [`spawned`](Self::spawned) over a channel with options of its own: what happens when it is full, to whom what is
    /// dropped is handed, and where to spill.
    ///
    /// The task does not wait for room, but as the channel's [`Overflow`](aqueduct_channel::Overflow) says; where it says
    /// `Reject` it does wait, since nobody else could take the item back.
    ///
    /// Holds what the channel has room for, and a chunk beside it.
    ///
    /// # Panics
    ///
    /// As the builder's [`build`](mpmc::Builder::build), and [`spawned`](Self::spawned).
    ///
    /// ```
    /// use aqueduct_channel::{Overflow, mpmc};
    ///
    /// # #[tokio::main]
    /// # async fn main() {
    /// let newest = mpmc::Builder::new(16)
    ///     .overflow(Overflow::DropOldest)
    ///     .on_drop(|n| eprintln!("{n} came too late"));
    /// let last = aqueduct_stream::iter(0..1000).spawned_over(newest).fold(0, |_, n| n).await;
    /// assert_eq!(last, 999);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawned_over(self, channel: mpmc::Builder<S::Item>) -> Flow<Spawned<S::Item>>
    where
        S: Send + 'static,
        S::Item: Send + 'static,
    {
        let (tx, rx) = channel.build();
        Flow::new(Spawned::new(move |crew| {
            crew.spawn("spawned", send_overflowing(self, tx));
            Line::Overflowing(receive(rx))
        }))
    }
}

// Items are never pinned.
impl<T> Unpin for Spawned<T> {}

impl<T> Flow<Spawned<T>> {
    /// What went through the channel between the tasks; nothing before it is first pulled.
    pub fn boundary_stats(&self) -> Option<Stats> {
        match &self.source_ref().stage {
            Stage::Running(running) => Some(running.line.stats()),
            Stage::Idle(_) => None,
        }
    }
}

/// The source of [`Flow::spawned`] and [`Flow::spawned_over`].
#[derive(Debug)]
pub struct Spawned<T> {
    stage: Stage<Running<T>>,
}

struct Running<T> {
    line: Line<T>,
    crew: Crew,
    /// All that was sent has been received.
    drained: bool,
}

enum Line<T> {
    Waiting(Flow<Received<spsc::Receiver<T>>>),
    Overflowing(Flow<Received<mpmc::Receiver<T>>>),
}

impl<T> Line<T> {
    fn stats(&self) -> Stats {
        match self {
            Self::Waiting(flow) => flow.source_ref().receiver().stats(),
            Self::Overflowing(flow) => flow.source_ref().receiver().stats(),
        }
    }
}

impl<T> Spawned<T> {
    fn new(spawn: impl FnOnce(&Crew) -> Line<T> + Send + 'static) -> Self {
        let start = move || {
            let crew = Crew::new("stream");
            let line = spawn(&crew);
            Running {
                line,
                crew,
                drained: false,
            }
        };
        Self {
            stage: Stage::idle(start),
        }
    }
}

impl<T> Source for Spawned<T> {
    type Item = T;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<T> + ?Sized,
    {
        let running = self.stage.running();
        running.crew.check();
        if !running.drained {
            let pulled = match &mut running.line {
                Line::Waiting(flow) => Pin::new(flow).poll_pull(cx, outlet),
                Line::Overflowing(flow) => Pin::new(flow).poll_pull(cx, outlet),
            };
            match ready!(pulled) {
                Pull::More => return Poll::Ready(Pull::More),
                Pull::End => running.drained = true,
            }
        }
        // W1: the channel is closed also where the task is gone without having come to the end.
        running.crew.poll_ended(cx).map(|()| Pull::End)
    }
}

/// Pulls as much as there is room for, until the source ends or nobody receives.
async fn send_waiting<S: Source>(source: Flow<S>, mut tx: spsc::Sender<S::Item>) {
    let mut source = pin!(source);
    let mut chunk = Vec::new();
    loop {
        // The permit is given back: this is the only sender, so the room stays.
        if tx.reserve().await.is_err() {
            return;
        }
        let room = tx.capacity().min(CHUNK);
        let pulled = pull_chunk(source.as_mut(), &mut chunk, room).await;
        if tx.try_send_many(&mut chunk.drain(..)).is_err() || !pulled.goes_on() {
            return;
        }
    }
}

/// Pulls chunks, and has the channel say what happens to each item.
async fn send_overflowing<S: Source>(source: Flow<S>, tx: mpmc::Sender<S::Item>) {
    let mut source = pin!(source);
    let mut chunk = Vec::new();
    loop {
        let pulled = pull_chunk(source.as_mut(), &mut chunk, CHUNK).await;
        let mut items = chunk.drain(..);
        if tx.try_send_many(&mut items).is_err() {
            return;
        }
        // What is left over found no room.
        for item in items {
            let sent = match tx.try_send(item) {
                Ok(()) => true,
                Err(TrySendError::Full(item)) => tx.send_many(iter::once(item)).await.is_ok(),
                Err(TrySendError::Closed(_)) => false,
            };
            if !sent {
                return;
            }
        }
        if !pulled.goes_on() {
            return;
        }
    }
}

impl<T> fmt::Debug for Running<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("crew", &self.crew)
            .field("line", &self.line.stats())
            .finish()
    }
}
