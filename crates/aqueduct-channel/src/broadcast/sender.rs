//! The sending half.

use std::fmt;

use aqueduct_core::sync::{Arc, Ordering};

use super::chan::{Chan, Claim};
use super::error::{SendError, TrySendError};
use super::receiver::Receiver;
use super::rx::Rx;
use super::send::SendWait;
use super::{Builder, chan};
use crate::blocking::block_on;
use crate::local::Local;
use crate::stats::Stats;

/// Sends to all receivers. Clone it for more senders; when the last is dropped, receivers get what is inside and then
/// [`Closed`](super::error::RecvError::Closed).
pub struct Sender<T> {
    chan: Arc<Chan<T>>,
    local: Local,
}

impl<T> Sender<T> {
    /// Creates a channel without a receiver, as [`channel`](super::channel) otherwise.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0 or more than `usize::MAX / 2`.
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        Builder::new(capacity).build_sender()
    }

    /// `chan` has counted it.
    pub(super) fn first(chan: Arc<chan::Chan<T>>) -> Self {
        Self {
            chan,
            local: Local::new(),
        }
    }

    /// Sends a message to all receivers, and says how many there are. Never waits.
    ///
    /// That it was sent does not mean that it will be received: a receiver may be dropped, or lose it.
    ///
    /// # Errors
    ///
    /// The message, if there are no receivers; more may subscribe later. And where there is no room and the channel was
    /// built with `Overflow::Wait` or `Reject`, which [`try_send`](Self::try_send) tells apart.
    #[inline]
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        let sent = self.chan.push(value, Claim::New);
        sent.map_err(|error| SendError(error.into_inner()))
    }

    /// Sends a message to all receivers, and says how many there are, if there is room. With `Overflow::DropOldest`
    /// there always is.
    ///
    /// # Errors
    ///
    /// The message: `Full` if a receiver is a whole capacity behind, `Closed` if there is none.
    #[inline]
    pub fn try_send(&self, value: T) -> Result<usize, TrySendError<T>> {
        self.chan.push(value, Claim::New)
    }

    /// Sends a message to all receivers, and says how many there are. With `Overflow::Wait` it waits until the slowest has
    /// room for it; otherwise it is [`send`](Self::send).
    ///
    /// Who waits is served in order; a send that does not wait may take room that nobody in line has been given yet.
    ///
    /// # Cancel safety
    ///
    /// *Strict*, but for the message, which goes with the future: it was not sent, and room that it was given goes to
    /// the next in line.
    ///
    /// # Errors
    ///
    /// The message, if there are no receivers; and with `Overflow::Reject`, if one is a whole capacity behind.
    pub fn send_wait(&self, value: T) -> impl Future<Output = Result<usize, SendError<T>>> {
        SendWait::new(&self.chan, &self.local, value)
    }

    /// [`send_wait`](Self::send_wait) on a thread that may sleep.
    ///
    /// # Errors
    ///
    /// As `send_wait`.
    ///
    /// # Panics
    ///
    /// On a thread that is driving async tasks.
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<usize, SendError<T>> {
        block_on(self.send_wait(value))
    }

    /// A receiver of what is sent from now on.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::new(Rx::subscribe(&self.chan))
    }

    /// Waits until there are no receivers. More may subscribe later.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it changes nothing.
    pub async fn closed(&self) {
        self.chan.closed().await;
    }

    /// How many messages some receiver has yet to receive.
    pub fn len(&self) -> usize {
        self.chan.len()
    }

    /// Whether all receivers have received all messages.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        self.chan.receiver_count()
    }

    /// Whether two senders send into the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chan, &other.chan)
    }

    /// The channel's figures. `received` counts messages that all receivers have passed, and `dropped` adds up what each
    /// receiver has learned it lost.
    pub fn stats(&self) -> Stats {
        self.chan.stats()
    }

    /// How many segments are in use.
    #[cfg(all(test, not(aqueduct_loom)))]
    pub(super) fn chan_segments(&self) -> usize {
        self.chan.segments()
    }

    /// A handle that does not keep the channel open.
    #[must_use = "a weak sender does nothing unless it is upgraded"]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender::new(self.chan.clone())
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.chan.sender_count().load(Ordering::Relaxed)
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.chan.weak_count().load(Ordering::Relaxed)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.chan.sender_count().fetch_add(1, Ordering::Relaxed);
        Self::first(self.chan.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.chan.remove_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("len", &self.len())
            .field("receivers", &self.receiver_count())
            .finish_non_exhaustive()
    }
}

/// A sender that does not keep the channel open. Made by [`Sender::downgrade`].
pub struct WeakSender<T> {
    chan: Arc<Chan<T>>,
}

impl<T> WeakSender<T> {
    fn new(chan: Arc<Chan<T>>) -> Self {
        chan.weak_count().fetch_add(1, Ordering::Relaxed);
        Self { chan }
    }

    /// A sender, unless all senders are gone.
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        self.chan
            .add_sender_if_any()
            .then(|| Sender::first(self.chan.clone()))
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.chan.sender_count().load(Ordering::Relaxed)
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.chan.weak_count().load(Ordering::Relaxed)
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self::new(self.chan.clone())
    }
}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        self.chan.weak_count().fetch_sub(1, Ordering::Relaxed);
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish_non_exhaustive()
    }
}
