//! The receiving half.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::sync::Ordering;
use futures_core::Stream;

use crate::blocking::block_on;
use crate::error::TryRecvError;
use crate::ring::{Many, RecvLine, Rx, SharedRing};
use crate::stats::Stats;

/// Receives from a channel. Clone it for more receivers; when the last is dropped, the channel is closed and what is
/// inside dropped.
pub struct Receiver<T> {
    rx: Rx<T>,
}

impl<T> Receiver<T> {
    pub(crate) fn new(rx: Rx<T>) -> Self {
        Self { rx }
    }

    fn ring(&self) -> &SharedRing<T, Many> {
        &self.rx.ring
    }

    /// A place in line for a case of a `Select`.
    pub(crate) fn line(&self) -> RecvLine<T> {
        RecvLine::new(self.ring())
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
    ///
    /// It has a place in line from a poll that is not ready to the next, and a message that comes is promised to it there:
    /// only [`poll_recv`](Self::poll_recv) of this receiver gets that one, or who comes after
    /// [`abort_recv`](Self::abort_recv).
    #[inline]
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.rx.poll_recv(cx)
    }

    /// Gives up the place in line that [`poll_recv`](Self::poll_recv) has taken. A message that it was promised there is
    /// for the next in line, or for [`try_recv`](Self::try_recv). Returns whether it was in line.
    pub fn abort_recv(&mut self) -> bool {
        self.rx.abort_recv()
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
        1 + self.ring().pop_many(buffer, limit - 1)
    }

    /// Receives a message that is inside now, and not promised to somebody in line. If one is just being written, waits the
    /// few instructions until it is.
    ///
    /// # Errors
    ///
    /// `Empty` if there is none, `Disconnected` if none will come either.
    #[inline]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.rx.try_recv().into()
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

    /// Forbids further sends. What is inside, and what permits that are out will send, can still be received.
    pub fn close(&self) {
        self.ring().close();
    }

    /// Whether nothing more can be sent but by permits: the channel was closed, or all senders are gone.
    pub fn is_closed(&self) -> bool {
        self.ring().is_closed()
    }

    /// How many messages could be sent or reserved now without waiting.
    pub fn capacity(&self) -> usize {
        self.ring().room()
    }

    /// How many messages the channel was made to hold.
    pub fn max_capacity(&self) -> usize {
        self.ring().capacity()
    }

    /// How many messages are inside.
    pub fn len(&self) -> usize {
        self.ring().len()
    }

    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many senders there are.
    pub fn sender_count(&self) -> usize {
        self.ring().sender_count().load(Ordering::Relaxed)
    }

    /// How many receivers there are.
    pub fn strong_count(&self) -> usize {
        self.ring().receiver_count().load(Ordering::Relaxed)
    }

    /// Whether two receivers receive from the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.ring().ptr_eq(other.ring())
    }

    /// A handle that does not keep the channel open.
    #[must_use = "a weak receiver does nothing unless it is upgraded"]
    pub fn downgrade(&self) -> WeakReceiver<T> {
        WeakReceiver {
            ring: self.ring().clone(),
        }
    }

    /// The channel's figures.
    pub fn stats(&self) -> Stats {
        self.ring().stats()
    }
}

impl<T> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_recv(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // Other receivers may take them all.
        (0, None)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self {
            rx: self.rx.clone(),
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("len", &self.len())
            .field("max_capacity", &self.max_capacity())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// A receiver that does not keep the channel open. Made by [`Receiver::downgrade`].
pub struct WeakReceiver<T> {
    ring: SharedRing<T, Many>,
}

impl<T> WeakReceiver<T> {
    /// A receiver, unless all receivers are gone.
    pub fn upgrade(&self) -> Option<Receiver<T>> {
        Rx::upgrade(&self.ring).map(Receiver::new)
    }
}

impl<T> Clone for WeakReceiver<T> {
    fn clone(&self) -> Self {
        Self {
            ring: self.ring.clone(),
        }
    }
}

impl<T> fmt::Debug for WeakReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakReceiver").finish_non_exhaustive()
    }
}
