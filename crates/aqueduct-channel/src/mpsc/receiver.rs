//! The receiving half.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::coop;
use aqueduct_core::sync::Ordering;
use futures_core::Stream;

use crate::blocking::block_on;
use crate::error::TryRecvError;
use crate::ring::SingleRx;
use crate::stats::Stats;

/// The only receiver of a channel. Dropping it closes the channel and drops what is inside.
pub struct Receiver<T> {
    pub(super) rx: SingleRx<T>,
}

impl<T> Receiver<T> {
    pub(super) fn new(rx: SingleRx<T>) -> Self {
        Self { rx }
    }

    /// Receives the next message, waiting for one. `None` means that nothing is inside and nothing will come: all
    /// senders are gone, or the channel [closed](Self::close).
    ///
    /// # Cancel safety
    ///
    /// *Strict*: a message is taken out only by the poll that returns it.
    #[inline]
    pub fn recv(&mut self) -> impl Future<Output = Option<T>> {
        Recv { rx: &mut self.rx }
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
    pub async fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        std::future::poll_fn(|cx| self.poll_recv_many(cx, buffer, limit)).await
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
        let coop = ready!(coop::poll_proceed(cx));
        let mut take = |rx: &mut SingleRx<T>| {
            rx.pop_many(buffer, limit)
                .settled()
                .map(Option::unwrap_or_default)
        };
        let received = match take(&mut self.rx) {
            Some(received) => received,
            None => ready!(self.rx.poll_wait(cx, take)),
        };
        coop.made_progress();
        Poll::Ready(received)
    }

    /// Receives a message that is inside now. If one is just being written, waits the few instructions until it is.
    ///
    /// # Errors
    ///
    /// `Empty` if there is none, `Disconnected` if none will come either.
    #[inline]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        match self.rx.pop_ready() {
            Some(value) => Ok(value),
            None => self.rx.try_pop().into(),
        }
    }

    /// Receives up to `limit` messages that are inside now, to the end of `buffer`. Returns how many.
    ///
    /// # Errors
    ///
    /// `Empty` if there are none, `Disconnected` if none will come either.
    pub fn try_recv_many(
        &mut self,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Result<usize, TryRecvError> {
        if limit == 0 {
            return Ok(0);
        }
        self.rx.try_pop_many(buffer, limit).into()
    }

    /// Receives the next message on a thread that may sleep.
    ///
    /// # Panics
    ///
    /// On a thread that is driving async tasks.
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Option<T> {
        block_on(self.recv())
    }

    /// [`recv_many`](Self::recv_many) on a thread that may sleep.
    ///
    /// # Panics
    ///
    /// On a thread that is driving async tasks.
    #[track_caller]
    pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        block_on(self.recv_many(buffer, limit))
    }

    /// Forbids further sends. What is inside, and what permits that are out will send, can still be received.
    pub fn close(&mut self) {
        self.rx.ring.close();
    }

    /// Whether nothing more can be sent but by permits: the channel was closed, or all senders are gone.
    pub fn is_closed(&self) -> bool {
        self.rx.ring.is_closed()
    }

    /// How many messages could be sent or reserved now without waiting.
    pub fn capacity(&self) -> usize {
        self.rx.ring.room()
    }

    /// How many messages the channel was made to hold.
    pub fn max_capacity(&self) -> usize {
        self.rx.ring.capacity()
    }

    /// How many messages are inside.
    pub fn len(&self) -> usize {
        self.rx.ring.len()
    }

    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many senders there are.
    pub fn sender_strong_count(&self) -> usize {
        self.rx.ring.sender_count().load(Ordering::Relaxed)
    }

    /// How many weak senders there are.
    pub fn sender_weak_count(&self) -> usize {
        self.rx.ring.weak_count().load(Ordering::Relaxed) as usize
    }

    /// The channel's figures.
    pub fn stats(&self) -> Stats {
        self.rx.ring.stats()
    }
}

impl<T> SingleRx<T> {
    #[inline(always)]
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        ready!(self.budget.poll(cx));
        let next = match self.pop_ready() {
            Some(value) => Some(value),
            None => ready!(self.poll_recv_slow(cx)),
        };
        self.budget.spend();
        Poll::Ready(next)
    }

    #[inline(never)]
    fn poll_recv_slow(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        // The next slot was empty a moment ago. If messages are nowhere else, the next look is for when the cell is armed.
        if self.ring.policy().is_some()
            && let Some(next) = self.pop().settled()
        {
            return Poll::Ready(next);
        }
        self.poll_wait(cx, |rx| rx.pop().settled())
    }
}

struct Recv<'a, T> {
    rx: &'a mut SingleRx<T>,
}

impl<T> Future for Recv<'_, T> {
    type Output = Option<T>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.rx.poll_recv(cx)
    }
}

impl<T> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_recv(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), None)
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
