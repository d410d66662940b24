//! The receiving half.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::coop;
use futures_core::Stream;

use super::ring::{Lack, Rx};
use crate::blocking::block_on;
use crate::error::TryRecvError;
use crate::stats::Stats;

/// The only receiver of a channel. Dropping it closes the channel and drops what is inside.
pub struct Receiver<T> {
    pub(super) rx: Rx<T>,
}

impl<T> Receiver<T> {
    pub(super) fn new(rx: Rx<T>) -> Self {
        Self { rx }
    }

    /// Receives the next message, waiting for one. `None` means that nothing is inside and nothing will come: the
    /// sender is gone, or the channel [closed](Self::close).
    ///
    /// # Cancel safety
    ///
    /// *Strict*: a message is taken out only by the poll that returns it.
    #[inline]
    pub fn recv(&mut self) -> RecvFuture<'_, T> {
        RecvFuture { rx: &mut self.rx }
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
        poll_fn(|cx| self.poll_recv_many(cx, buffer, limit)).await
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
        let received = match self.rx.pop_many(buffer, limit) {
            Ok(received) => received,
            Err(Lack::Ended) => 0,
            Err(Lack::Empty) => {
                ready!(
                    self.rx
                        .poll_wait(cx, |rx| match rx.pop_many(buffer, limit) {
                            Ok(received) => Some(received),
                            Err(Lack::Ended) => Some(0),
                            Err(Lack::Empty) => None,
                        })
                )
            }
        };
        coop.made_progress();
        Poll::Ready(received)
    }

    /// Receives a message that is inside now.
    ///
    /// # Errors
    ///
    /// `Empty` if there is none, `Disconnected` if none will come either.
    #[inline]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.rx.pop().map_err(TryRecvError::from)
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
        self.rx.pop_many(buffer, limit).map_err(TryRecvError::from)
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
        self.rx.close();
    }

    /// Whether nothing more can be sent: the channel was closed, or the sender is gone.
    pub fn is_closed(&self) -> bool {
        self.rx.shared.is_closed()
    }

    /// How many messages could be sent now without waiting.
    pub fn capacity(&self) -> usize {
        self.rx.shared.room()
    }

    /// How many messages the channel was made to hold.
    pub fn max_capacity(&self) -> usize {
        self.rx.shared.capacity()
    }

    /// How many messages are inside.
    pub fn len(&self) -> usize {
        self.rx.shared.len()
    }

    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The channel's figures.
    pub fn stats(&self) -> Stats {
        self.rx.shared.stats()
    }
}

impl<T> Rx<T> {
    #[inline(always)]
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        ready!(self.budget.poll(cx));
        let next = match self.pop_seen() {
            Some(value) => Some(value),
            None => ready!(self.poll_recv_slow(cx)),
        };
        self.budget.spend();
        Poll::Ready(next)
    }

    #[inline(never)]
    fn poll_recv_slow(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let take = |rx: &mut Self| match rx.pop() {
            Ok(value) => Some(Some(value)),
            Err(Lack::Ended) => Some(None),
            Err(Lack::Empty) => None,
        };
        match take(self) {
            Some(next) => Poll::Ready(next),
            None => self.poll_wait(cx, take),
        }
    }
}

/// The future of [`Receiver::recv`].
///
/// # Cancel safety
///
/// *Strict*: a message is taken out only by the poll that returns it.
#[must_use = "futures do nothing unless polled"]
pub struct RecvFuture<'a, T> {
    rx: &'a mut Rx<T>,
}

impl<T> Future for RecvFuture<'_, T> {
    type Output = Option<T>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.rx.poll_recv(cx)
    }
}

impl<T> fmt::Debug for RecvFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvFuture").finish_non_exhaustive()
    }
}

impl From<Lack> for TryRecvError {
    fn from(lack: Lack) -> Self {
        match lack {
            Lack::Empty => Self::Empty,
            Lack::Ended => Self::Disconnected,
        }
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
