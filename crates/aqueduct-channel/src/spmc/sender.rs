//! The sending half.

use std::fmt;

use aqueduct_core::sync::Ordering;

use super::{OwnedPermit, Permit, PermitIterator, SendSink};
use crate::blocking::block_on;
use crate::error::{SendError, TrySendError};
use crate::ring::{Many, SharedRing, Tx};
use crate::stats::Stats;

/// The only sender of a channel. When it is dropped, the receivers drain what is inside and see the end.
pub struct Sender<T> {
    tx: Tx<T, Many>,
}

impl<T> Sender<T> {
    pub(super) fn new(tx: Tx<T, Many>) -> Self {
        Self { tx }
    }

    #[cfg(all(feature = "tokio", not(aqueduct_loom)))]
    pub(super) fn tx(&self) -> &Tx<T, Many> {
        &self.tx
    }

    pub(crate) fn ring(&self) -> &SharedRing<T, Many> {
        &self.tx.ring
    }

    /// Sends a message, waiting for room.
    ///
    /// # Errors
    ///
    /// The message, if the channel was closed or all receivers are gone.
    ///
    /// # Cancel safety
    ///
    /// *Strict* for the channel: a dropped `send` has either sent its message or not. The message goes with the future, though; [`reserve`](Self::reserve)
    /// waits without holding it.
    #[inline]
    pub fn send(&mut self, value: T) -> impl Future<Output = Result<(), SendError<T>>> {
        self.tx.send(value)
    }

    /// Sends a message if there is room now.
    ///
    /// # Errors
    ///
    /// The message, if there is no room or the channel was closed or all receivers are gone.
    #[inline]
    pub fn try_send(&mut self, value: T) -> Result<(), TrySendError<T>> {
        self.tx.try_send(value)
    }

    /// Sends a message now, taking the oldest one out if there is no room, and returns what it took out.
    ///
    /// Where other senders take the room that was made, more than one message may have to go; all but the first are
    /// counted as [dropped](Stats::dropped) and handed to `on_drop`.
    ///
    /// # Errors
    ///
    /// The message: `Closed` if the channel was closed or all receivers are gone, `Full` if all the room is promised to
    /// permits, which are never taken back.
    pub fn force_send(&mut self, value: T) -> Result<Option<T>, TrySendError<T>> {
        self.tx.force_send(value)
    }

    /// Sends a message from a thread that may sleep.
    ///
    /// # Errors
    ///
    /// The message, if the channel was closed or all receivers are gone.
    ///
    /// # Panics
    ///
    /// On a thread that is driving async tasks.
    #[track_caller]
    pub fn blocking_send(&mut self, value: T) -> Result<(), SendError<T>> {
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
    /// If the channel was closed or all receivers are gone. What was not sent is still in the iterator.
    ///
    /// # Cancel safety
    ///
    /// *Strict* where the iterator is passed by `&mut`: a message is taken from it only when there is room for it. An
    /// iterator passed by value goes with the future, and with it what it had left.
    pub async fn send_many<I>(&mut self, values: I) -> Result<usize, SendError<()>>
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
    /// If the channel was closed or all receivers are gone before anything was sent.
    pub fn try_send_many(
        &mut self,
        values: &mut impl Iterator<Item = T>,
    ) -> Result<usize, SendError<()>> {
        self.tx.try_send_many(values)
    }

    /// Waits for room for one message, and promises it.
    ///
    /// # Errors
    ///
    /// If the channel was closed or all receivers are gone.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it gives back what it was promised.
    pub async fn reserve(&mut self) -> Result<Permit<'_, T>, SendError<()>> {
        self.tx.reserve(1).await?;
        Ok(Permit::new(self.ring()))
    }

    /// Waits for room for `n` messages, and promises it. Room that becomes free is put by for it, one slot after the
    /// other, so that a large request is not passed over for ever.
    ///
    /// # Errors
    ///
    /// If the channel was closed or all receivers are gone, or `n` is more than the channel's whole capacity (or than 2,097,151).
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it gives back what it was promised.
    pub async fn reserve_many(&mut self, n: usize) -> Result<PermitIterator<'_, T>, SendError<()>> {
        self.tx.reserve(n).await?;
        Ok(PermitIterator::new(self.ring(), n))
    }

    /// [`reserve`](Self::reserve), with a permit that owns the sender and gives it back when it is used.
    ///
    /// # Errors
    ///
    /// If the channel was closed or all receivers are gone.
    ///
    /// # Cancel safety
    ///
    /// *Lossy*: the sender goes with the future. Use [`reserve`](Self::reserve) where it must stay.
    pub async fn reserve_owned(self) -> Result<OwnedPermit<T>, SendError<()>> {
        self.tx.reserve(1).await?;
        Ok(OwnedPermit::new(self))
    }

    /// Promises room for one message, if there is some now.
    ///
    /// # Errors
    ///
    /// If there is no room, or the channel was closed or all receivers are gone.
    pub fn try_reserve(&mut self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.tx.try_reserve(1)?;
        Ok(Permit::new(self.ring()))
    }

    /// Promises room for `n` messages, if there is that much now.
    ///
    /// # Errors
    ///
    /// If there is too little room, or the channel was closed or all receivers are gone.
    pub fn try_reserve_many(
        &mut self,
        n: usize,
    ) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        self.tx.try_reserve(n)?;
        Ok(PermitIterator::new(self.ring(), n))
    }

    /// [`try_reserve`](Self::try_reserve), with a permit that owns the sender and gives it back when it is used.
    ///
    /// # Errors
    ///
    /// The sender, if there is no room or the channel was closed or all receivers are gone.
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        match self.tx.try_reserve(1) {
            Ok(()) => Ok(OwnedPermit::new(self)),
            Err(TrySendError::Full(())) => Err(TrySendError::Full(self)),
            Err(TrySendError::Closed(())) => Err(TrySendError::Closed(self)),
        }
    }

    /// Waits until the channel is closed or all receivers are gone.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it changes nothing.
    pub async fn closed(&self) {
        self.tx.closed().await;
    }

    /// Forbids further sends. What is inside, and what permits that are out will send, can still be
    /// received.
    pub fn close(&self) {
        self.ring().close();
    }

    /// Whether the channel was closed or all receivers are gone.
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

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        self.ring().receiver_count().load(Ordering::Relaxed)
    }

    /// The channel's figures.
    pub fn stats(&self) -> Stats {
        self.ring().stats()
    }

    /// Turns the sender into a [`Sink`](futures_sink::Sink).
    pub fn into_sink(self) -> SendSink<T> {
        SendSink::new(self)
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
