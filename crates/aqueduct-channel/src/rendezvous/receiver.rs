//! The receiving half.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::coop;
use aqueduct_core::sync::{Arc, Ordering};
use futures_core::Stream;

use super::case::SeatLine;
use super::line::Key;
use super::shared::Shared;
use crate::blocking::block_on;
use crate::error::TryRecvError;
use crate::stats::Stats;

/// Takes messages from senders that wait. Clone it for more receivers; when the last is dropped, the channel is closed.
pub struct RendezvousReceiver<T> {
    shared: Arc<Shared<T>>,
    /// The place in line of a receiver that is polled as a stream.
    place: Option<Key>,
}

impl<T> RendezvousReceiver<T> {
    /// The first receiver, which is made with a count of one.
    pub(super) fn first(shared: Arc<Shared<T>>) -> Self {
        Self {
            shared,
            place: None,
        }
    }

    /// A place in line for a case of a `Select`.
    pub(crate) fn line(&self) -> SeatLine<T> {
        SeatLine::new(&self.shared)
    }

    /// Receives a message, waiting for a sender. `None` means that nothing will come: all senders are gone, or the
    /// channel was [closed](Self::close).
    ///
    /// Receivers are served in the order in which they began to wait.
    ///
    /// # Cancel safety
    ///
    /// *Strict*, *yields its place*: a message is taken from its sender only by the poll that returns it, and if a
    /// sender had come for this receiver the next in line is called instead.
    pub fn recv(&self) -> impl Future<Output = Option<T>> {
        RecvFuture {
            shared: &self.shared,
            place: None,
        }
    }

    /// Receives a message, or registers the task to be woken when there is a sender.
    ///
    /// Its place in line stays between polls, and a sender that came for it waits for it: poll it again, or drop it.
    /// What is to be given up in between is better a [`recv`](Self::recv).
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let coop = ready!(coop::poll_proceed(cx));
        let next = ready!(self.shared.poll_recv(&mut self.place, cx.waker()));
        coop.made_progress();
        Poll::Ready(next)
    }

    /// Takes a message from a sender that is waiting now, and that no receiver in line was woken for.
    ///
    /// # Errors
    ///
    /// `Empty` if there is no such sender, `Disconnected` if none will come either.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.shared.try_recv().into()
    }

    /// Receives a message on a thread that may sleep.
    ///
    /// # Panics
    ///
    /// On a thread that is driving async tasks.
    #[track_caller]
    pub fn blocking_recv(&self) -> Option<T> {
        block_on(self.recv())
    }

    /// Forbids further sends. Senders that wait get their messages back; what
    /// [`try_send`](super::RendezvousSender::try_send) has handed over can still be received.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Whether the channel was closed or all senders are gone.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// How many senders there are.
    pub fn sender_count(&self) -> usize {
        self.shared.sender_count.load(Ordering::Relaxed)
    }

    /// How many receivers there are.
    pub fn strong_count(&self) -> usize {
        self.shared.receiver_count.load(Ordering::Relaxed)
    }

    /// Whether two receivers receive from the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// A handle that does not keep the channel open.
    #[must_use = "a weak receiver does nothing unless it is upgraded"]
    pub fn downgrade(&self) -> WeakRendezvousReceiver<T> {
        WeakRendezvousReceiver {
            shared: self.shared.clone(),
        }
    }

    /// The channel's figures. `len` counts what [`try_send`](super::RendezvousSender::try_send) has handed over and
    /// nobody has taken yet.
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }
}

impl<T> Stream for RendezvousReceiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_recv(cx)
    }
}

impl<T> Clone for RendezvousReceiver<T> {
    fn clone(&self) -> Self {
        self.shared.receiver_count.fetch_add(1, Ordering::Relaxed);
        Self::first(self.shared.clone())
    }
}

impl<T> Drop for RendezvousReceiver<T> {
    fn drop(&mut self) {
        if let Some(key) = self.place.take() {
            self.shared.leave_seat(key);
        }
        // AcqRel pairs with itself: the last receiver's draining comes after what the others have done.
        if self.shared.receiver_count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.close();
            self.shared.drain();
        }
    }
}

impl<T> fmt::Debug for RendezvousReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RendezvousReceiver")
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// A receiver that does not keep the channel open. Made by [`RendezvousReceiver::downgrade`].
pub struct WeakRendezvousReceiver<T> {
    shared: Arc<Shared<T>>,
}

impl<T> WeakRendezvousReceiver<T> {
    /// A receiver, unless all receivers are gone.
    pub fn upgrade(&self) -> Option<RendezvousReceiver<T>> {
        super::one_more(&self.shared.receiver_count)
            .then(|| RendezvousReceiver::first(self.shared.clone()))
    }
}

impl<T> Clone for WeakRendezvousReceiver<T> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<T> fmt::Debug for WeakRendezvousReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakRendezvousReceiver")
            .finish_non_exhaustive()
    }
}

/// Takes one message.
#[must_use = "futures do nothing unless polled"]
struct RecvFuture<'a, T> {
    shared: &'a Shared<T>,
    place: Option<Key>,
}

impl<T> Future for RecvFuture<'_, T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let coop = ready!(coop::poll_proceed(cx));
        let this = &mut *self;
        let next = ready!(this.shared.poll_recv(&mut this.place, cx.waker()));
        coop.made_progress();
        Poll::Ready(next)
    }
}

impl<T> Drop for RecvFuture<'_, T> {
    fn drop(&mut self) {
        if let Some(key) = self.place.take() {
            self.shared.leave_seat(key);
        }
    }
}
