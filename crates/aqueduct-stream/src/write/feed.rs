//! Streams that end in a writer.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::{AckError, BatchWriter, FeedError, Message, ShutdownError, WriteError, WriteStats};
use crate::end::{Accept, Pumped};
use crate::flow::Flow;
use crate::source::Source;

/// # The end of a stream, in a writer of batches
impl<S: Source> Flow<S> {
    /// Writes all items, and shuts the writer down once they are as durable as is promised. Returns what it has written.
    ///
    /// It takes from the source what the writer's queue has room for. It hears of the writer's failure also while the source
    /// has nothing.
    ///
    /// # Errors
    ///
    /// [`FeedError::Failed`] if a batch failed for good, with it, and all that was queued after it. [`FeedError::Closed`] if
    /// the writer was shut down before: then it has taken nothing. Other items have not left the source.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: what has left the source is with the writer, whose thread writes it when this is dropped. To know that it
    /// has, use [`write_batches_by_ref`](Self::write_batches_by_ref) and then
    /// [`shutdown`](BatchWriter::shutdown), which has a limit of time as well.
    pub async fn write_batches<T, E>(
        self,
        writer: BatchWriter<T, E>,
    ) -> Result<WriteStats, WriteError<T, FeedError<E>>>
    where
        S: Source<Item = T>,
        T: Send + 'static,
        E: Send + 'static,
    {
        let fed = feed(self, &writer).await;
        match writer.shutdown(Duration::MAX).await {
            Ok(stats) if fed == Fed::All => Ok(stats),
            Err(ShutdownError::Failed(error)) => Err(error.into_fed()),
            // Nobody else has the writer now, so its gate was closed before. A day of reckoning never comes.
            Ok(_) | Err(ShutdownError::Elapsed | ShutdownError::AlreadyShutDown) => {
                Err(WriteError::closed())
            }
        }
    }

    /// Writes all items, waits until they are as durable as is promised, and leaves the writer open: for one that several
    /// streams write into, or that is shut down with a grace.
    ///
    /// # Errors
    ///
    /// If the writer has failed or was shut down. [`shutdown`](BatchWriter::shutdown) has what was not written; other items
    /// have not left the source.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: what has left the source is with the writer.
    pub async fn write_batches_by_ref<T, E>(
        self,
        writer: &BatchWriter<T, E>,
    ) -> Result<(), AckError<()>>
    where
        S: Source<Item = T>,
        T: Send + 'static,
        E: Send + 'static,
    {
        // A flush comes to the same closed gate.
        let _ = feed(self, writer).await;
        writer.flush().await
    }
}

/// How much of a stream a writer has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fed {
    All,
    /// It takes nothing more.
    Some,
}

/// Queues all items, as long as the writer takes them.
async fn feed<S, T, E>(flow: Flow<S>, writer: &BatchWriter<T, E>) -> Fed
where
    S: Source<Item = T>,
    T: Send + 'static,
    E: Send + 'static,
{
    let mut messages = pin!(flow.map(Message::Item));
    let mut queue = writer.queue().clone();
    // Listened to while the source has nothing, for nothing else would say it then.
    let mut closed = pin!(writer.queue().closed());
    loop {
        let mut pump = pin!(queue.pump(messages.as_mut()));
        let pumped = poll_fn(|cx| {
            let pumped = match writer.intake().enter() {
                Some(_inside) => pump.as_mut().poll(cx),
                None => Poll::Ready(Pumped::Closed(0, None)),
            };
            if pumped.is_ready() {
                return pumped;
            }
            closed.as_mut().poll(cx).map(|()| Pumped::Closed(0, None))
        });
        match pumped.await {
            Pumped::Sent(_) => {}
            Pumped::End(_) => return Fed::All,
            Pumped::Closed(..) => return Fed::Some,
        }
    }
}
