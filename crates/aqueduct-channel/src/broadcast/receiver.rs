//! The receiving half.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::sync::{Arc, Ordering};
use futures_core::Stream;

use super::error::{BroadcastStreamRecvError, RecvError, TryRecvError};
use super::rx::{Recv, Rx};
use crate::blocking::block_on;
use crate::stats::Stats;

/// Receives what is sent after it subscribed. [`resubscribe`](Self::resubscribe) makes another one; dropping it leaves the
/// channel.
pub struct Receiver<T> {
    pub(super) rx: Rx<T>,
}

impl<T> Receiver<T> {
    pub(super) fn new(rx: Rx<T>) -> Self {
        Self { rx }
    }

    /// How many messages were sent that this receiver has not received, with those that it has lost and not learned of.
    pub fn len(&self) -> usize {
        self.rx.len()
    }

    /// Whether this receiver has received all that was sent.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether two receivers receive from the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rx.chan, &other.rx.chan)
    }

    /// Whether all senders are gone. There may still be messages.
    pub fn is_closed(&self) -> bool {
        self.sender_strong_count() == 0
    }

    /// How many senders there are.
    pub fn sender_strong_count(&self) -> usize {
        self.rx.chan.sender_count().load(Ordering::Relaxed)
    }

    /// How many weak senders there are.
    pub fn sender_weak_count(&self) -> usize {
        self.rx.chan.weak_count().load(Ordering::Relaxed)
    }

    /// The channel's figures: see [`Sender::stats`](super::Sender::stats).
    pub fn stats(&self) -> Stats {
        self.rx.chan.stats()
    }
}

impl<T: Clone> Receiver<T> {
    /// Another receiver, of what is sent from now on; also if this one has not received all that was sent before.
    pub fn resubscribe(&self) -> Self {
        Self::new(Rx::subscribe(&self.rx.chan))
    }

    /// Receives the next message, waiting for one.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: a message is received only by the poll that returns it.
    ///
    /// # Errors
    ///
    /// `Lagged` with the number of messages that this receiver lost, after which it goes on with the oldest that is
    /// there. `Closed` if there is nothing and all senders are gone.
    #[inline]
    pub fn recv(&mut self) -> impl Future<Output = Result<T, RecvError>> {
        Recv(&mut self.rx)
    }

    /// Receives the next message, or registers the task to be woken when there is one. The errors are those of
    /// [`recv`](Self::recv).
    #[inline]
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, RecvError>> {
        self.rx.poll_recv(cx)
    }

    /// Receives up to `limit` messages to the end of `buffer`, waiting for the first. Returns how many, which is 0 only if
    /// `limit` is.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: messages are received only by the poll that returns.
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Self::recv), of the first message. Later ones end the batch, and the next receive says them.
    pub async fn recv_many(
        &mut self,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Result<usize, RecvError> {
        if limit == 0 {
            return Ok(0);
        }
        let first = self.recv().await?;
        Ok(self.receive_more(first, buffer, limit))
    }

    /// [`recv_many`](Self::recv_many) as a poll.
    pub fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Poll<Result<usize, RecvError>> {
        if limit == 0 {
            return Poll::Ready(Ok(0));
        }
        let first = ready!(self.poll_recv(cx))?;
        Poll::Ready(Ok(self.receive_more(first, buffer, limit)))
    }

    fn receive_more(&mut self, first: T, buffer: &mut Vec<T>, limit: usize) -> usize {
        buffer.push(first);
        for received in 1..limit {
            match self.rx.try_take_ready() {
                Some(value) => buffer.push(value),
                None => return received,
            }
        }
        limit
    }

    /// Receives the next message, if there is one.
    ///
    /// # Errors
    ///
    /// `Empty` if there is nothing at present, `Closed` if nothing will come either, `Lagged` as
    /// [`recv`](Self::recv) says it.
    #[inline]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.rx.try_take()
    }

    /// Receives up to `limit` messages that are there, to the end of `buffer`. Returns how many.
    ///
    /// # Errors
    ///
    /// Those of [`try_recv`](Self::try_recv), of the first message. Later ones end the batch, and the next receive says
    /// them.
    pub fn try_recv_many(
        &mut self,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Result<usize, TryRecvError> {
        if limit == 0 {
            return Ok(0);
        }
        let first = self.try_recv()?;
        Ok(self.receive_more(first, buffer, limit))
    }

    /// Receives the next message on a thread that may sleep.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Panics
    ///
    /// On a thread that is driving async tasks.
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        block_on(self.recv())
    }

    /// [`recv_many`](Self::recv_many) on a thread that may sleep.
    ///
    /// # Errors
    ///
    /// As `recv_many`.
    ///
    /// # Panics
    ///
    /// On a thread that is driving async tasks.
    #[track_caller]
    pub fn blocking_recv_many(
        &mut self,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Result<usize, RecvError> {
        block_on(poll_fn(|cx| self.poll_recv_many(cx, buffer, limit)))
    }
}

/// Ends when all senders are gone. An item is a message, or how many were lost before the next one.
impl<T: Clone> Stream for Receiver<T> {
    type Item = Result<T, BroadcastStreamRecvError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(match ready!(self.poll_recv(cx)) {
            Ok(value) => Some(Ok(value)),
            Err(RecvError::Lagged(lost)) => Some(Err(BroadcastStreamRecvError::Lagged(lost))),
            Err(RecvError::Closed) => None,
        })
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("len", &self.len())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
