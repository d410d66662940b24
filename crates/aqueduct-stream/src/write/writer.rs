//! The handle of a writer.

use std::fmt;
use std::io;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, Thread};
use std::time::Duration;

use aqueduct_channel::error::{SendError, TrySendError};
use aqueduct_channel::{mpsc, oneshot};
use aqueduct_core::rt::{deadline_in, until};

use super::engine::{Engine, Outcome, Shared};
use super::{Ack, AckError, BatchSink, Intake, Message, ShutdownError, WriteOptions, WriteStats};

/// Writes items in batches, on a thread of its own. Share it by reference or `Arc`: all methods take `&self`.
///
/// [`write`](Self::write) queues an item, and is done when there is room for it. Whether it was written, say
/// [`write_acked`](Self::write_acked) and [`flush`](Self::flush), and [`shutdown`](Self::shutdown) at the end. A stream is
/// written by [`Flow::write_batches`](crate::Flow::write_batches), and goes on after it was written by
/// [`Flow::checkpoint`](crate::Flow::checkpoint).
///
/// A batch that fails is tried again, by the [options](WriteOptions). If it fails for good the writer stops, everything that
/// waits is told, and `shutdown` hands back all that was queued and not written.
///
/// # Dropping it
///
/// A writer that is dropped without `shutdown` takes nothing more, and its thread writes what was queued. Nobody waits for
/// that: if the process ends first, or if it fails, what was not acknowledged is lost.
///
/// ```
/// use aqueduct_stream::write::{BatchSink, BatchWriter, WriteOptions};
/// use std::{convert::Infallible, time::Duration};
///
/// struct Print;
///
/// impl BatchSink<u32> for Print {
///     type Error = Infallible;
///
///     fn write_batch(&mut self, batch: &[u32]) -> Result<(), Infallible> {
///         println!("{batch:?}");
///         Ok(())
///     }
/// }
///
/// # #[tokio::main]
/// # async fn main() {
/// let writer = BatchWriter::new(Print, WriteOptions::new());
/// for number in 0..10 {
///     writer.write(number).await.unwrap();
/// }
/// let stats = writer.shutdown(Duration::from_secs(5)).await.unwrap();
/// assert_eq!(stats.items, 10);
/// # }
/// ```
pub struct BatchWriter<T, E> {
    queue: mpsc::Sender<Message<T>>,
    intake: Arc<Intake<T>>,
    thread: Thread,
    shared: Arc<Shared>,
    options: WriteOptions,
    outcome: Mutex<Option<oneshot::Receiver<Outcome<T, E>>>>,
}

impl<T: Send + 'static, E: Send + 'static> BatchWriter<T, E> {
    /// Starts a thread that writes into `sink`.
    ///
    /// # Panics
    ///
    /// If the system starts no thread.
    pub fn new<S>(sink: S, options: WriteOptions) -> Self
    where
        S: BatchSink<T, Error = E>,
    {
        let (writer, _) = Self::start(options, move || Ok::<_, E>(sink));
        writer.expect("the system starts a thread")
    }

    /// Starts a thread that opens a sink and writes into it, and waits until it is open.
    ///
    /// # Errors
    ///
    /// That of `open`. An error of the system that starts no thread is made into one.
    ///
    /// # Panics
    ///
    /// If `open` panics.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it ends the thread, once the sink is open.
    pub async fn open_with<S, F>(open: F, options: WriteOptions) -> Result<Self, E>
    where
        S: BatchSink<T, Error = E>,
        F: FnOnce() -> Result<S, E> + Send + 'static,
        E: From<io::Error>,
    {
        let (writer, opened) = Self::start(options, open);
        let writer = writer?;
        match opened.await {
            Ok(Ok(())) => Ok(writer),
            Ok(Err(error)) => Err(error),
            // It goes on here, where there is somebody to see it.
            Err(_) => match writer.take_outcome() {
                Some(outcome) => match outcome.await {
                    Ok(Outcome::Panicked(panic)) => resume_unwind(panic),
                    _ => unreachable!("a thread that has opened nothing ends by a panic"),
                },
                None => unreachable!("nobody else has the writer yet"),
            },
        }
    }

    fn start<S, F>(
        options: WriteOptions,
        open: F,
    ) -> (io::Result<Self>, oneshot::Receiver<Result<(), E>>)
    where
        S: BatchSink<T, Error = E>,
        F: FnOnce() -> Result<S, E> + Send + 'static,
    {
        let (sender, queue) = mpsc::channel(options.queue_len_max);
        let (opened_sender, opened) = oneshot::channel();
        let (end, outcome) = oneshot::channel();
        let shared = Arc::new(Shared::default());
        let intake = Arc::new(Intake::new(queue));
        let (its_shared, its_intake) = (Arc::clone(&shared), Arc::clone(&intake));
        let run = move || {
            let sink = match super::engine::caught(open) {
                Ok(Ok(sink)) => sink,
                Ok(Err(error)) => return drop(opened_sender.send(Err(error))),
                Err(panic) => return drop(end.send(Outcome::Panicked(panic))),
            };
            drop(opened_sender.send(Ok(())));
            let ended = Engine::new(sink, its_intake, its_shared, options).run();
            drop(end.send(ended));
        };
        let thread = thread::Builder::new().name("aqueduct-writer".to_owned());
        let writer = thread.spawn(run).map(|thread| Self {
            queue: sender,
            intake,
            thread: thread.thread().clone(),
            shared,
            options,
            outcome: Mutex::new(Some(outcome)),
        });
        (writer, opened)
    }

    /// Queues an item, waiting for room.
    ///
    /// # Errors
    ///
    /// The item, if the writer was shut down or has failed.
    ///
    /// # Cancel safety
    ///
    /// *Strict* for the writer, *yields its place*: the item is queued, or it goes with the future.
    pub async fn write(&self, item: T) -> Result<(), SendError<T>> {
        match self.send(Message::Item(item)).await {
            Ok(()) => Ok(()),
            Err(SendError(message)) => Err(SendError(only(message))),
        }
    }

    /// Waits for room, and sends.
    async fn send(&self, message: Message<T>) -> Result<(), SendError<Message<T>>> {
        let Ok(permit) = self.queue.reserve().await else {
            return Err(SendError(message));
        };
        let Some(_inside) = self.intake.enter() else {
            return Err(SendError(message));
        };
        permit.send(message);
        Ok(())
    }

    /// Queues an item, if there is room now.
    ///
    /// # Errors
    ///
    /// The item: `Full`, or `Closed` if the writer was shut down or has failed.
    pub fn try_write(&self, item: T) -> Result<(), TrySendError<T>> {
        let Some(_inside) = self.intake.enter() else {
            return Err(TrySendError::Closed(item));
        };
        let sent = self.queue.try_send(Message::Item(item));
        sent.map_err(|error| match error {
            TrySendError::Full(message) => TrySendError::Full(only(message)),
            TrySendError::Closed(message) => TrySendError::Closed(only(message)),
        })
    }

    /// Queues items that go into one batch together. They take the place of one in the queue.
    ///
    /// # Errors
    ///
    /// The items, if the writer was shut down or has failed.
    ///
    /// # Cancel safety
    ///
    /// *Strict* for the writer, *yields its place*: the items are queued, or they go with the future.
    pub async fn write_many(&self, items: Vec<T>) -> Result<(), SendError<Vec<T>>> {
        match self.send(Message::Run(items, Ack::Nobody)).await {
            Ok(()) => Ok(()),
            Err(SendError(message)) => Err(SendError(all(message))),
        }
    }

    /// Writes an item, and waits until it is as durable as is promised. Its batch does not linger; of several tasks that do
    /// this, all those that wait share one.
    ///
    /// # Errors
    ///
    /// If it was not written; see there who has it.
    ///
    /// # Cancel safety
    ///
    /// *Yields its place* while there is no room. From then on the item is queued, and is written also if nobody waits.
    pub async fn write_acked(&self, item: T) -> Result<(), AckError<T>> {
        match self.ack(vec![item]).await {
            Ok(()) => Ok(()),
            Err(AckError::Failed) => Err(AckError::Failed),
            Err(AckError::Closed(items)) => Err(match items.into_iter().next() {
                Some(item) => AckError::Closed(item),
                None => AckError::Failed,
            }),
        }
    }

    /// [`write_acked`](Self::write_acked) for items that go into one batch together.
    ///
    /// # Errors
    ///
    /// If they were not written; see there who has them. None of them was, then.
    ///
    /// # Cancel safety
    ///
    /// *Yields its place* while there is no room. From then on the items are queued, and are written also if nobody waits.
    pub async fn write_many_acked(&self, items: Vec<T>) -> Result<(), AckError<Vec<T>>> {
        self.ack(items).await
    }

    /// Waits until all that was queued before is as durable as is promised.
    ///
    /// # Errors
    ///
    /// If some of it was not written, or if the writer was shut down.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it changes nothing, but that the batch does not linger if it was waited for.
    pub async fn flush(&self) -> Result<(), AckError<()>> {
        let done = self.ack(Vec::new()).await;
        done.map_err(|error| match error {
            AckError::Closed(_) => AckError::Closed(()),
            AckError::Failed => AckError::Failed,
        })
    }

    async fn ack(&self, items: Vec<T>) -> Result<(), AckError<Vec<T>>> {
        let (sender, receiver) = oneshot::channel();
        let run = Message::Run(items, Ack::Told(sender));
        if let Err(SendError(message)) = self.send(run).await {
            return Err(AckError::Closed(all(message)));
        }
        receiver.await.map_err(|_| AckError::Failed)
    }

    /// Takes nothing more, and waits until all that was queued is written, for so long at most. Returns what was written in
    /// all.
    ///
    /// From its first poll on nothing is taken: who waits for room is told that the writer is closed, and keeps its items. Only
    /// a stream that is pulling its source at that moment, on another thread, still hands over what the pull brings, and is waited
    /// for.
    ///
    /// After the grace a batch that fails is not tried again, and the thread writes on without being waited for.
    ///
    /// # Errors
    ///
    /// If a batch failed for good: it, and all that was queued after it. If the grace was over first; then it may be called
    /// again.
    ///
    /// # Panics
    ///
    /// With the panic of the sink, if that is how the thread has ended; what was not acknowledged is lost then. And outside
    /// of a Tokio runtime that drives timers, where it has to wait for a grace.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped once it was polled, nothing more is taken, and the thread writes what was queued. It may be called
    /// again.
    pub async fn shutdown(&self, grace: Duration) -> Result<WriteStats, ShutdownError<T, E>> {
        let deadline = deadline_in(grace);
        let Some(outcome) = self.take_outcome() else {
            return Err(ShutdownError::AlreadyShutDown);
        };
        let mut kept = Kept {
            outcome: Some(outcome),
            place: &self.outcome,
        };
        self.close();
        let ended = until(deadline, async {
            match &mut kept.outcome {
                Some(outcome) => outcome.await,
                None => unreachable!("taken out below"),
            }
        });
        let Some(outcome) = ended.await else {
            self.shared.hurry();
            return Err(ShutdownError::Elapsed);
        };
        kept.outcome = None;
        match outcome {
            Ok(Outcome::Done) => Ok(self.shared.stats()),
            Ok(Outcome::Failed(error)) => Err(ShutdownError::Failed(error)),
            Ok(Outcome::Panicked(panic)) => resume_unwind(panic),
            Err(_) => unreachable!("the thread says how it ended"),
        }
    }

    /// Takes nothing more. The thread writes what was queued, and ends.
    pub(crate) fn close(&self) {
        self.intake.close();
        self.thread.unpark();
    }

    fn take_outcome(&self) -> Option<oneshot::Receiver<Outcome<T, E>>> {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        outcome.take()
    }

    /// Whether it takes nothing more: it was shut down, or it has failed.
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// What was written until now.
    pub fn stats(&self) -> WriteStats {
        self.shared.stats()
    }

    /// How it makes batches.
    pub fn options(&self) -> &WriteOptions {
        &self.options
    }

    /// Waits until the thread of a writer that has failed, or is closed, has ended. Nothing, if that was told before.
    ///
    /// Leaves no outcome for `shutdown`, nor for who asks again.
    pub(crate) fn poll_outcome(&self, cx: &mut Context<'_>) -> Poll<Option<Outcome<T, E>>> {
        let Some(outcome) = self.take_outcome() else {
            return Poll::Ready(None);
        };
        let mut kept = Kept {
            outcome: Some(outcome),
            place: &self.outcome,
        };
        let polled = kept
            .outcome
            .as_mut()
            .map(|outcome| Pin::new(outcome).poll(cx));
        let Some(Poll::Ready(outcome)) = polled else {
            return Poll::Pending;
        };
        kept.outcome = None;
        Poll::Ready(outcome.ok())
    }

    pub(crate) fn intake(&self) -> &Intake<T> {
        &self.intake
    }

    /// To be sent into inside of the [`intake`](Self::intake).
    pub(crate) fn queue(&self) -> &mpsc::Sender<Message<T>> {
        &self.queue
    }
}

impl<T, E> fmt::Debug for BatchWriter<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchWriter")
            .field("stats", &self.shared.stats())
            .field("queue", &self.queue)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Puts an outcome that was not had back into its place.
struct Kept<'a, T, E> {
    outcome: Option<oneshot::Receiver<Outcome<T, E>>>,
    place: &'a Mutex<Option<oneshot::Receiver<Outcome<T, E>>>>,
}

impl<T, E> Drop for Kept<'_, T, E> {
    fn drop(&mut self) {
        if let Some(outcome) = self.outcome.take() {
            let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
            *place = Some(outcome);
        }
    }
}

/// The item of a message that came back.
fn only<T>(message: Message<T>) -> T {
    match message {
        Message::Item(item) => item,
        Message::Run(..) => unreachable!("what comes back is what was sent"),
    }
}

/// The items of a message that came back.
pub(super) fn all<T>(message: Message<T>) -> Vec<T> {
    match message {
        Message::Item(item) => vec![item],
        Message::Run(items, _) => items,
    }
}
