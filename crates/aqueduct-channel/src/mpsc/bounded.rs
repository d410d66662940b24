//! The sending half.

use std::fmt;

use aqueduct_core::sync::Ordering;

use super::{OwnedPermit, Permit, PermitIterator, SendFuture, SendSink};
use crate::blocking::block_on;
use crate::error::{SendError, TrySendError};
use crate::ring::{SharedRing, Single, Tx};
use crate::stats::Stats;

/// Sends into a channel. Clone it for more senders; when the last is dropped, the receiver drains what is inside and
/// sees the end.
pub struct Sender<T> {
    tx: Tx<T, Single>,
}

impl<T> Sender<T> {
    pub(super) fn new(tx: Tx<T, Single>) -> Self {
        Self { tx }
    }

    #[cfg(all(feature = "tokio", not(aqueduct_loom)))]
    pub(super) fn tx(&self) -> &Tx<T, Single> {
        &self.tx
    }

    pub(crate) fn ring(&self) -> &SharedRing<T, Single> {
        &self.tx.ring
    }

    /// Sends a message, waiting for room.
    ///
    /// If others are in line it may let tasks run a few times before it joins them, where that has lately brought room: its
    /// first poll then wakes its own task.
    ///
    /// # Errors
    ///
    /// The message, if the receiver was closed or dropped.
    ///
    /// # Cancel safety
    ///
    /// *Strict* for the channel, *yields its place*: a dropped `send` has either sent its message or not, and the room
    /// it was given goes to the next in line. The message goes with the future, though; [`reserve`](Self::reserve)
    /// waits without holding it.
    #[inline]
    pub fn send(&self, value: T) -> SendFuture<'_, T> {
        SendFuture::new(self.tx.send(value))
    }

    /// Sends a message if there is room now.
    ///
    /// # Errors
    ///
    /// The message, if there is no room or the receiver was closed or dropped.
    #[inline]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.tx.try_send(value)
    }

    /// Sends a message from a thread that may sleep.
    ///
    /// # Errors
    ///
    /// The message, if the receiver was closed or dropped.
    ///
    /// # Panics
    ///
    /// On a thread that is driving async tasks.
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        block_on(self.send(value))
    }

    /// Sends all that an iterator gives, as many at a time as there is room for, up to 64. Returns how many.
    ///
    /// The iterator is asked for a message only once there is room for it, so that none is lost: if it does not know how
    /// many it has, a full channel is waited on after its last.
    ///
    /// A full channel waits, whatever its [`Overflow`](crate::Overflow) is.
    ///
    /// # Errors
    ///
    /// If the receiver was closed or dropped. What was not sent is still in the iterator.
    ///
    /// # Cancel safety
    ///
    /// *Strict* where the iterator is passed by `&mut`: a message is taken from it only when there is room for it. An
    /// iterator passed by value goes with the future, and with it what it had left.
    pub async fn send_many<I>(&self, values: I) -> Result<usize, SendError<()>>
    where
        I: IntoIterator<Item = T>,
    {
        self.tx.send_many(values).await
    }

    /// Sends as many messages from an iterator as there is room for now. Returns how many; what was not sent is
    /// still in the iterator.
    ///
    /// # Errors
    ///
    /// If the receiver was closed or dropped before anything was sent.
    pub fn try_send_many(
        &self,
        values: &mut impl Iterator<Item = T>,
    ) -> Result<usize, SendError<()>> {
        self.tx.try_send_many(values)
    }

    /// Waits for room for one message, and promises it.
    ///
    /// # Errors
    ///
    /// If the receiver was closed or dropped.
    ///
    /// # Cancel safety
    ///
    /// *Strict*, *yields its place*: dropping it gives what it was promised to the next in line.
    pub async fn reserve(&self) -> Result<Permit<'_, T>, SendError<()>> {
        self.tx.reserve(1).await?;
        Ok(Permit::new(self.ring()))
    }

    /// Waits for room for `n` messages, and promises it. Room that becomes free is put by for it, one slot after the
    /// other, so that a large request is not passed over for ever.
    ///
    /// # Errors
    ///
    /// If the receiver was closed or dropped, or `n` is more than the channel's whole capacity (or than 2,097,151).
    ///
    /// # Cancel safety
    ///
    /// *Strict*, *yields its place*: dropping it gives what it was promised to the next in line.
    pub async fn reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, SendError<()>> {
        self.tx.reserve(n).await?;
        Ok(PermitIterator::new(self.ring(), n))
    }

    /// [`reserve`](Self::reserve), with a permit that owns the sender and gives it back when it is used.
    ///
    /// # Errors
    ///
    /// If the receiver was closed or dropped.
    ///
    /// # Cancel safety
    ///
    /// *Strict*, *yields its place*; this sender goes with the future. Clone it, or use [`reserve`](Self::reserve),
    /// where it must stay.
    pub async fn reserve_owned(self) -> Result<OwnedPermit<T>, SendError<()>> {
        self.tx.reserve(1).await?;
        Ok(OwnedPermit::new(self))
    }

    /// Promises room for one message, if there is some now.
    ///
    /// # Errors
    ///
    /// If there is no room, or the receiver was closed or dropped.
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.tx.try_reserve(1)?;
        Ok(Permit::new(self.ring()))
    }

    /// Promises room for `n` messages, if there is that much now.
    ///
    /// # Errors
    ///
    /// If there is too little room, or the receiver was closed or dropped.
    pub fn try_reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        self.tx.try_reserve(n)?;
        Ok(PermitIterator::new(self.ring(), n))
    }

    /// [`try_reserve`](Self::try_reserve), with a permit that owns the sender and gives it back when it is used.
    ///
    /// # Errors
    ///
    /// The sender, if there is no room or the receiver was closed or dropped.
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        match self.tx.try_reserve(1) {
            Ok(()) => Ok(OwnedPermit::new(self)),
            Err(TrySendError::Full(())) => Err(TrySendError::Full(self)),
            Err(TrySendError::Closed(())) => Err(TrySendError::Closed(self)),
        }
    }

    /// Waits until the receiver is closed or dropped.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it changes nothing.
    pub async fn closed(&self) {
        self.tx.closed().await;
    }

    /// Whether the receiver was closed or dropped.
    pub fn is_closed(&self) -> bool {
        self.ring().is_closed()
    }

    /// Whether two senders send into the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.ring().ptr_eq(other.ring())
    }

    /// How many messages could be sent or reserved now without waiting.
    pub fn capacity(&self) -> usize {
        self.ring().room()
    }

    /// How many messages the channel was made to hold.
    pub fn max_capacity(&self) -> usize {
        self.ring().capacity()
    }

    /// The channel's figures.
    pub fn stats(&self) -> Stats {
        self.ring().stats()
    }

    /// A handle that does not keep the channel open.
    #[must_use = "a weak sender does nothing unless it is upgraded"]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender::new(self.ring().clone())
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.ring().sender_count().load(Ordering::Relaxed)
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.ring().weak_count().load(Ordering::Relaxed) as usize
    }

    /// Turns the sender into a [`Sink`](futures_sink::Sink).
    pub fn into_sink(self) -> SendSink<T> {
        SendSink::new(self)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self {
            tx: self.tx.clone(),
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("capacity", &self.capacity())
            .field("max_capacity", &self.max_capacity())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// A sender that does not keep the channel open. Made by [`Sender::downgrade`].
pub struct WeakSender<T> {
    ring: SharedRing<T, Single>,
}

impl<T> WeakSender<T> {
    fn new(ring: SharedRing<T, Single>) -> Self {
        ring.weak_count().fetch_add(1, Ordering::Relaxed);
        Self { ring }
    }

    /// A sender, unless all senders are gone.
    pub fn upgrade(&self) -> Option<Sender<T>> {
        Tx::upgrade(&self.ring).map(Sender::new)
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.ring.sender_count().load(Ordering::Relaxed)
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.ring.weak_count().load(Ordering::Relaxed) as usize
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self::new(self.ring.clone())
    }
}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        self.ring.weak_count().fetch_sub(1, Ordering::Relaxed);
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish_non_exhaustive()
    }
}
