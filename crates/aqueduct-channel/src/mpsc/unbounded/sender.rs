//! The sending half of an unbounded channel.

use std::fmt;

use aqueduct_core::sync::{Arc, Ordering};
use aqueduct_core::wait_cell::WaitCell;

use crate::contention::Contention;
use crate::error::SendError;
use crate::stats::Stats;
use crate::unbounded::Chan;

/// Sends into a channel without bound. Clone it for more senders; when the last is dropped, the receiver drains what is inside
/// and sees the end.
///
/// Sending never waits, so nothing holds back a sender that is faster than its receiver: take a bounded
/// channel unless something else bounds what can be inside.
pub struct UnboundedSender<T> {
    chan: Arc<Chan<T, WaitCell>>,
    contention: Contention,
}

impl<T> UnboundedSender<T> {
    /// `chan` has counted it.
    pub(super) fn new(chan: Arc<Chan<T, WaitCell>>) -> Self {
        Self {
            chan,
            contention: Contention::new(),
        }
    }

    /// Sends a message. Never waits.
    ///
    /// # Errors
    ///
    /// The message, if the receiver was closed or dropped.
    #[inline]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.chan.send(value, &self.contention)
    }

    /// Sends all of a vector, at one claim a block, and leaves it empty. Returns how many were sent. Never waits.
    ///
    /// # Errors
    ///
    /// If the receiver was closed or dropped. What was not sent is left in the vector.
    pub fn send_many(&self, values: &mut Vec<T>) -> Result<usize, SendError<()>> {
        self.chan.send_many(values)
    }

    /// Waits until the receiver was closed or dropped.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it changes nothing.
    pub async fn closed(&self) {
        self.chan.closed().await;
    }

    /// Whether the receiver was closed or dropped.
    pub fn is_closed(&self) -> bool {
        self.chan.is_closed()
    }

    /// Whether two senders send into the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chan, &other.chan)
    }

    /// Gives back the memory that the channel keeps for its next messages.
    pub fn shrink(&self) {
        self.chan.shrink();
    }

    /// The channel's figures.
    pub fn stats(&self) -> Stats {
        self.chan.stats()
    }

    /// A handle that does not keep the channel open.
    #[must_use = "a weak sender does nothing unless it is upgraded"]
    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        WeakUnboundedSender::new(self.chan.clone())
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.chan.sender_count()
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.chan.weak_senders().load(Ordering::Relaxed)
    }
}

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        self.chan.add_sender();
        Self::new(self.chan.clone())
    }
}

impl<T> Drop for UnboundedSender<T> {
    fn drop(&mut self) {
        self.chan.remove_sender();
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedSender")
            .field("len", &self.chan.len())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// A sender that does not keep the channel open. Made by [`UnboundedSender::downgrade`].
pub struct WeakUnboundedSender<T> {
    chan: Arc<Chan<T, WaitCell>>,
}

impl<T> WeakUnboundedSender<T> {
    fn new(chan: Arc<Chan<T, WaitCell>>) -> Self {
        chan.weak_senders().fetch_add(1, Ordering::Relaxed);
        Self { chan }
    }

    /// A sender, unless all senders are gone.
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        self.chan
            .add_sender_if_any()
            .then(|| UnboundedSender::new(self.chan.clone()))
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.chan.sender_count()
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.chan.weak_senders().load(Ordering::Relaxed)
    }
}

impl<T> Clone for WeakUnboundedSender<T> {
    fn clone(&self) -> Self {
        Self::new(self.chan.clone())
    }
}

impl<T> Drop for WeakUnboundedSender<T> {
    fn drop(&mut self) {
        self.chan.weak_senders().fetch_sub(1, Ordering::Relaxed);
    }
}

impl<T> fmt::Debug for WeakUnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakUnboundedSender")
            .finish_non_exhaustive()
    }
}
