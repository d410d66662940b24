//! The sending half.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use aqueduct_core::coop;
use aqueduct_core::sync::{Arc, Ordering};
use aqueduct_core::wait_queue::{Place, Wait};

use super::line::Key;
use super::shared::Shared;
use crate::blocking::block_on;
use crate::error::{SendError, TrySendError};
use crate::stats::Stats;

/// Hands messages to receivers, one by one. Clone it for more senders; when the last is dropped, the receivers see the
/// end.
pub struct RendezvousSender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> RendezvousSender<T> {
    /// The first sender, which is made with a count of one.
    pub(super) fn first(shared: Arc<Shared<T>>) -> Self {
        Self { shared }
    }

    /// Sends a message, waiting until a receiver has taken it.
    ///
    /// Messages are taken in the order in which their senders began to wait.
    ///
    /// # Errors
    ///
    /// The message, if the channel was closed or all receivers are gone.
    ///
    /// # Cancel safety
    ///
    /// *Strict* for the channel, *yields its place*: a receiver has taken the message, or it goes with the dropped
    /// future and nobody knows of it. To keep the message, wait on `&mut` of the pinned future, or use
    /// [`try_send`](Self::try_send).
    pub fn send(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> {
        self.offer(value)
    }

    pub(super) fn offer(&self, value: T) -> SendFuture<'_, T> {
        SendFuture {
            shared: &self.shared,
            value: Some(value),
            place: None,
        }
    }

    /// Hands a message to a receiver that is waiting now and for which there is no other message yet.
    ///
    /// `Ok` says that there was one, and that it was woken for the message; it takes the message when it is polled.
    /// If it goes away before, the message goes to the next receiver that waits, or stays for one that comes. So it is
    /// lost only if all receivers are dropped, as a message inside any channel is. This is the one case where the
    /// channel holds a message whose sender has gone on; there can be no more of them than receivers that waited.
    ///
    /// # Errors
    ///
    /// The message: `Full` if no receiver waits, or there are other messages for all that do; `Closed` if the channel
    /// was closed or all receivers are gone.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.shared.try_send(value)
    }

    /// Sends a message from a thread that may sleep, until a receiver has taken it.
    ///
    /// # Errors
    ///
    /// The message, if the channel was closed or all receivers are gone.
    ///
    /// # Panics
    ///
    /// On a thread that is driving async tasks.
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        block_on(self.send(value))
    }

    /// Waits until the channel is closed or all receivers are gone.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it changes nothing.
    pub async fn closed(&self) {
        let mut wait = pin!(Wait::new(&self.shared.watchers));
        poll_fn(|cx| {
            let coop = ready!(coop::poll_proceed(cx));
            let closed = || self.shared.is_closed();
            ready!(
                wait.as_mut()
                    .poll_wait(cx, Place::Back, 0, || (), |()| closed(), || {})
            );
            coop.made_progress();
            Poll::Ready(())
        })
        .await;
    }

    /// Forbids further sends, by any sender. Those that wait get their messages back; what
    /// [`try_send`](Self::try_send) has handed over can still be received.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Whether the channel was closed or all receivers are gone.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// Whether two senders send into the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        self.shared.receiver_count.load(Ordering::Relaxed)
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.shared.sender_count.load(Ordering::Relaxed)
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.shared.weak_count.load(Ordering::Relaxed)
    }

    /// A handle that does not keep the channel open.
    #[must_use = "a weak sender does nothing unless it is upgraded"]
    pub fn downgrade(&self) -> WeakRendezvousSender<T> {
        WeakRendezvousSender::new(self.shared.clone())
    }

    /// The channel's figures. `len` counts what [`try_send`](Self::try_send) has handed over and nobody has taken yet.
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }
}

impl<T> Clone for RendezvousSender<T> {
    fn clone(&self) -> Self {
        self.shared.sender_count.fetch_add(1, Ordering::Relaxed);
        Self::first(self.shared.clone())
    }
}

impl<T> Drop for RendezvousSender<T> {
    fn drop(&mut self) {
        // AcqRel pairs with itself: the last sender's close comes after all that the others have sent.
        if self.shared.sender_count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.close();
        }
    }
}

impl<T> fmt::Debug for RendezvousSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RendezvousSender")
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// A sender that does not keep the channel open. Made by [`RendezvousSender::downgrade`].
pub struct WeakRendezvousSender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> WeakRendezvousSender<T> {
    fn new(shared: Arc<Shared<T>>) -> Self {
        shared.weak_count.fetch_add(1, Ordering::Relaxed);
        Self { shared }
    }

    /// A sender, unless all senders are gone.
    pub fn upgrade(&self) -> Option<RendezvousSender<T>> {
        super::one_more(&self.shared.sender_count)
            .then(|| RendezvousSender::first(self.shared.clone()))
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.shared.sender_count.load(Ordering::Relaxed)
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.shared.weak_count.load(Ordering::Relaxed)
    }
}

impl<T> Clone for WeakRendezvousSender<T> {
    fn clone(&self) -> Self {
        Self::new(self.shared.clone())
    }
}

impl<T> Drop for WeakRendezvousSender<T> {
    fn drop(&mut self) {
        self.shared.weak_count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<T> fmt::Debug for WeakRendezvousSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakRendezvousSender")
            .finish_non_exhaustive()
    }
}

/// Offers one message until it is taken.
#[must_use = "futures do nothing unless polled"]
pub(super) struct SendFuture<'a, T> {
    shared: &'a Shared<T>,
    value: Option<T>,
    place: Option<Key>,
}

// The message is not pinned: it is moved into the line and out again.
impl<T> Unpin for SendFuture<'_, T> {}

impl<T> SendFuture<'_, T> {
    /// Leaves the line. The message, if it was not taken.
    pub(super) fn take_value(&mut self) -> Option<T> {
        match self.place.take() {
            Some(key) => self.shared.withdraw_offer(key),
            None => self.value.take(),
        }
    }
}

impl<T> Future for SendFuture<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let coop = ready!(coop::poll_proceed(cx));
        let this = &mut *self;
        let sent = ready!(
            this.shared
                .poll_send(&mut this.place, &mut this.value, cx.waker())
        );
        coop.made_progress();
        Poll::Ready(sent)
    }
}

impl<T> Drop for SendFuture<'_, T> {
    fn drop(&mut self) {
        drop(self.take_value());
    }
}

impl<T> fmt::Debug for SendFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendFuture").finish_non_exhaustive()
    }
}
