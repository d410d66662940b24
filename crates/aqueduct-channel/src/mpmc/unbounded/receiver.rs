//! The receiving half of an unbounded channel.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::sync::Arc;
use aqueduct_core::wait_queue::WaitQueue;
use futures_core::Stream;

use crate::blocking::block_on;
use crate::error::TryRecvError;
use crate::stats::Stats;
use crate::unbounded::{Chan, RecvLine, SharedRx};

/// Receives from a channel without bound. Clone it for more receivers; when the last is dropped, the channel is closed and what is
/// inside dropped.
pub struct UnboundedReceiver<T> {
    rx: SharedRx<T>,
}

impl<T> UnboundedReceiver<T> {
    pub(super) fn new(rx: SharedRx<T>) -> Self {
        Self { rx }
    }

    fn chan(&self) -> &Arc<Chan<T, WaitQueue<()>>> {
        &self.rx.chan
    }

    /// A place in line for a case of a `Select`.
    pub(crate) fn line(&self) -> RecvLine<T> {
        RecvLine::new(self.chan())
    }

    /// Receives the next message, waiting for one. `None` means that nothing is inside and nothing will come: all
    /// senders are gone, or the channel [closed](Self::close).
    ///
    /// # Cancel safety
    ///
    /// *Strict*: a message is taken out only by the poll that returns it.
    #[inline]
    pub fn recv(&self) -> impl Future<Output = Option<T>> {
        self.rx.recv()
    }

    /// Receives the next message, or registers the task to be woken when there is one.
    #[inline]
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.rx.poll_recv(cx)
    }

    /// Receives up to `limit` messages to the end of `buffer`, waiting for the first. Returns how many; 0 means that
    /// nothing will come, or that `limit` is 0.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: messages are taken out only by the poll that returns.
    pub async fn recv_many(&self, buffer: &mut Vec<T>, limit: usize) -> usize {
        if limit == 0 {
            return 0;
        }
        match self.recv().await {
            Some(value) => self.receive_more(value, buffer, limit),
            None => 0,
        }
    }

    /// [`recv_many`](Self::recv_many) as a poll.
    pub fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Poll<usize> {
        if limit == 0 {
            return Poll::Ready(0);
        }
        Poll::Ready(match ready!(self.poll_recv(cx)) {
            Some(value) => self.receive_more(value, buffer, limit),
            None => 0,
        })
    }

    fn receive_more(&self, first: T, buffer: &mut Vec<T>, limit: usize) -> usize {
        buffer.push(first);
        1 + self.rx.pop_many(buffer, limit - 1)
    }

    /// Receives a message that is inside now. If one is just being written, waits the few instructions until it is.
    ///
    /// # Errors
    ///
    /// `Empty` if there is none, `Disconnected` if none will come either.
    #[inline]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.rx.try_pop().into()
    }

    /// Receives up to `limit` messages that are inside now, to the end of `buffer`. Returns how many.
    ///
    /// # Errors
    ///
    /// `Empty` if there are none, `Disconnected` if none will come either.
    pub fn try_recv_many(&self, buffer: &mut Vec<T>, limit: usize) -> Result<usize, TryRecvError> {
        if limit == 0 {
            return Ok(0);
        }
        let first = self.try_recv()?;
        Ok(self.receive_more(first, buffer, limit))
    }

    /// Receives the next message on a thread that may sleep.
    ///
    /// # Panics
    ///
    /// On a thread that is driving async tasks.
    #[track_caller]
    pub fn blocking_recv(&self) -> Option<T> {
        block_on(self.recv())
    }

    /// [`recv_many`](Self::recv_many) on a thread that may sleep.
    ///
    /// # Panics
    ///
    /// On a thread that is driving async tasks.
    #[track_caller]
    pub fn blocking_recv_many(&self, buffer: &mut Vec<T>, limit: usize) -> usize {
        block_on(self.recv_many(buffer, limit))
    }

    /// Forbids further sends. What is inside can still be received.
    pub fn close(&self) {
        self.chan().close();
    }

    /// Whether nothing more can be sent: the channel was closed, or all senders are gone.
    pub fn is_closed(&self) -> bool {
        self.chan().is_closed()
    }

    /// How many messages are inside.
    pub fn len(&self) -> usize {
        self.chan().len()
    }

    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many senders there are.
    pub fn sender_count(&self) -> usize {
        self.chan().sender_count()
    }

    /// How many receivers there are.
    pub fn strong_count(&self) -> usize {
        self.chan().receiver_count()
    }

    /// Whether two receivers receive from the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.chan(), other.chan())
    }

    /// A handle that does not keep the channel open.
    #[must_use = "a weak receiver does nothing unless it is upgraded"]
    pub fn downgrade(&self) -> WeakUnboundedReceiver<T> {
        WeakUnboundedReceiver {
            chan: self.chan().clone(),
        }
    }

    /// The channel's figures.
    pub fn stats(&self) -> Stats {
        self.chan().stats()
    }
}

impl<T> Stream for UnboundedReceiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_recv(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // Other receivers may take them all.
        (0, None)
    }
}

impl<T> Clone for UnboundedReceiver<T> {
    fn clone(&self) -> Self {
        Self {
            rx: self.rx.clone(),
        }
    }
}

impl<T> fmt::Debug for UnboundedReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedReceiver")
            .field("len", &self.len())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// A receiver that does not keep the channel open. Made by [`UnboundedReceiver::downgrade`].
pub struct WeakUnboundedReceiver<T> {
    chan: Arc<Chan<T, WaitQueue<()>>>,
}

impl<T> WeakUnboundedReceiver<T> {
    /// A receiver, unless all receivers are gone.
    pub fn upgrade(&self) -> Option<UnboundedReceiver<T>> {
        SharedRx::upgrade(&self.chan).map(UnboundedReceiver::new)
    }
}

impl<T> Clone for WeakUnboundedReceiver<T> {
    fn clone(&self) -> Self {
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T> fmt::Debug for WeakUnboundedReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakUnboundedReceiver")
            .finish_non_exhaustive()
    }
}
