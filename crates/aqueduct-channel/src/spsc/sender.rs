//! The sending half.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::coop;

use super::ring::Tx;
use super::{OwnedPermit, Permit, PermitIterator, SendSink};
use crate::blocking::block_on;
use crate::error::{SendError, TrySendError};
use crate::stats::Stats;

/// The only sender of a channel. Dropping it lets the receiver drain what is inside, and then see the end.
pub struct Sender<T> {
    pub(super) tx: Tx<T>,
}

impl<T> Sender<T> {
    pub(super) fn new(tx: Tx<T>) -> Self {
        Self { tx }
    }

    /// Sends a message, waiting for room.
    ///
    /// # Errors
    ///
    /// The message, if the receiver was closed or dropped.
    ///
    /// # Cancel safety
    ///
    /// *Strict* for the channel: a dropped `send` has either sent its message or not touched the channel. The message
    /// goes with the future, though; [`reserve`](Self::reserve) waits without holding it.
    #[inline]
    pub fn send(&mut self, value: T) -> SendFuture<'_, T> {
        SendFuture {
            sender: self,
            value: Some(value),
        }
    }

    /// Sends what is in `value`, or registers the task to be woken when there is room.
    #[inline(always)]
    pub(super) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        value: &mut Option<T>,
    ) -> Poll<Result<(), SendError<T>>> {
        ready!(self.tx.budget.poll(cx));
        let sent = match value.take() {
            // SAFETY: I1 of the ring: there is room.
            Some(value) if self.tx.has_room() => unsafe { self.tx.push(value) },
            back => {
                *value = back;
                ready!(self.poll_send_slow(cx, value))
            }
        };
        self.tx.budget.spend();
        Poll::Ready(sent)
    }

    #[inline(never)]
    fn poll_send_slow(
        &mut self,
        cx: &mut Context<'_>,
        value: &mut Option<T>,
    ) -> Poll<Result<(), SendError<T>>> {
        if let Some(sent) = self.tx.attempt(value) {
            return Poll::Ready(sent);
        }
        match value.take() {
            Some(value) if self.tx.rejects() => Poll::Ready(Err(SendError(value))),
            back => {
                *value = back;
                self.tx.poll_wait(cx, |tx| tx.attempt(value))
            }
        }
    }

    /// Sends a message if there is room now.
    ///
    /// # Errors
    ///
    /// The message, if there is no room or the receiver was closed or dropped.
    #[inline]
    pub fn try_send(&mut self, value: T) -> Result<(), TrySendError<T>> {
        if self.tx.has_room() {
            // SAFETY: I1 of the ring: there is room.
            return unsafe { self.tx.push(value) }.map_err(TrySendError::from);
        }
        self.try_send_slow(value)
    }

    #[inline(never)]
    fn try_send_slow(&mut self, value: T) -> Result<(), TrySendError<T>> {
        let mut value = Some(value);
        match (self.tx.attempt(&mut value), value) {
            (None, Some(value)) => Err(TrySendError::Full(value)),
            (Some(Err(error)), _) => Err(error.into()),
            _ => Ok(()),
        }
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
    pub fn blocking_send(&mut self, value: T) -> Result<(), SendError<T>> {
        block_on(self.send(value))
    }

    /// Sends all that an iterator gives, as many at a time as there is room for; publishing a batch costs what
    /// publishing one message does. Returns how many were sent.
    ///
    /// The iterator is asked for a message only once there is room for it, so that none is lost: if it does not know how
    /// many it has, a full channel is waited on after its last.
    ///
    /// A full channel waits whatever its [`Overflow`](crate::Overflow) is.
    ///
    /// # Errors
    ///
    /// If the receiver was closed or dropped: what was taken from the iterator and not sent (usually nothing). The
    /// rest is still in the iterator.
    ///
    /// # Cancel safety
    ///
    /// *Strict* where the iterator is passed by `&mut`: a message is taken from it only when there is room for it. An
    /// iterator passed by value goes with the future, and with it what it had left.
    pub async fn send_many<I>(&mut self, values: I) -> Result<usize, SendError<Vec<T>>>
    where
        I: IntoIterator<Item = T>,
    {
        let mut values = values.into_iter();
        let mut sent = 0;
        loop {
            if poll_fn(|cx| self.poll_room(cx, 1)).await.is_err() {
                return Err(SendError(Vec::new()));
            }
            let room = self.tx.known_room();
            let (taken, back) = self.push_batch(&mut values);
            if !back.is_empty() {
                return Err(SendError(back));
            }
            sent += taken;
            if taken < room || values.size_hint().1 == Some(0) {
                return Ok(sent);
            }
        }
    }

    /// Sends as many messages from an iterator as there is room for now. Returns how many; what was not sent is
    /// still in the iterator.
    ///
    /// # Errors
    ///
    /// If the receiver was closed or dropped: what was taken from the iterator and not sent (usually nothing).
    pub fn try_send_many(
        &mut self,
        values: &mut impl Iterator<Item = T>,
    ) -> Result<usize, SendError<Vec<T>>> {
        self.tx.look();
        if self.tx.is_closed() {
            return Err(SendError(Vec::new()));
        }
        match self.push_batch(values) {
            (sent, back) if back.is_empty() => Ok(sent),
            (_, back) => Err(SendError(back)),
        }
    }

    /// Writes as many messages as there is known room for, and publishes them at once.
    fn push_batch(&mut self, values: &mut impl Iterator<Item = T>) -> (usize, Vec<T>) {
        /// Publishes what was written, also if the iterator panics.
        struct Batch<'a, T> {
            tx: &'a mut Tx<T>,
            written: usize,
            back: Vec<T>,
        }

        impl<T> Batch<'_, T> {
            fn publish(&mut self) {
                let written = std::mem::take(&mut self.written);
                for index in 0..self.tx.publish(written) {
                    // SAFETY: I2 of the ring: `publish` says that these are not received.
                    self.back.push(unsafe { self.tx.take_back(index) });
                }
            }
        }

        impl<T> Drop for Batch<'_, T> {
            fn drop(&mut self) {
                if self.written > 0 {
                    self.publish();
                }
            }
        }

        let room = self.tx.known_room();
        let mut batch = Batch {
            tx: &mut self.tx,
            written: 0,
            back: Vec::new(),
        };
        for value in values.take(room) {
            // SAFETY: I1 of the ring: fewer than `room` were written before.
            unsafe { batch.tx.write(batch.written, value) };
            batch.written += 1;
        }
        let sent = batch.written;
        batch.publish();
        (sent, std::mem::take(&mut batch.back))
    }

    /// Waits for room for `n` messages.
    pub(super) fn poll_room(
        &mut self,
        cx: &mut Context<'_>,
        n: usize,
    ) -> Poll<Result<(), SendError<()>>> {
        let coop = ready!(coop::poll_proceed(cx));
        let look = |tx: &mut Tx<T>| match () {
            () if tx.is_closed() => Some(Err(SendError(()))),
            () => tx.look_for(n).then_some(Ok(())),
        };
        let room = match look(&mut self.tx) {
            Some(room) => room,
            None => ready!(self.tx.poll_wait(cx, look)),
        };
        coop.made_progress();
        Poll::Ready(room)
    }

    /// Waits for room for one message, and promises it.
    ///
    /// # Errors
    ///
    /// If the receiver was closed or dropped.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it changes nothing.
    pub async fn reserve(&mut self) -> Result<Permit<'_, T>, SendError<()>> {
        self.wait_and_reserve(1).await?;
        Ok(Permit::new(self))
    }

    /// Waits for room for `n` messages, and promises it.
    ///
    /// # Errors
    ///
    /// If the receiver was closed or dropped, or `n` is more than the channel's whole capacity.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it changes nothing.
    pub async fn reserve_many(&mut self, n: usize) -> Result<PermitIterator<'_, T>, SendError<()>> {
        self.wait_and_reserve(n).await?;
        Ok(PermitIterator::new(self, n))
    }

    /// [`reserve`](Self::reserve), with a permit that owns the sender and gives it back when it is used.
    ///
    /// # Errors
    ///
    /// If the receiver was closed or dropped.
    ///
    /// # Cancel safety
    ///
    /// *Lossy*: the sender goes with the future. Use [`reserve`](Self::reserve) where it must stay.
    pub async fn reserve_owned(mut self) -> Result<OwnedPermit<T>, SendError<()>> {
        self.wait_and_reserve(1).await?;
        Ok(OwnedPermit::new(self))
    }

    async fn wait_and_reserve(&mut self, n: usize) -> Result<(), SendError<()>> {
        if n > self.max_capacity() {
            return Err(SendError(()));
        }
        poll_fn(|cx| self.poll_room(cx, n)).await?;
        if self.tx.reserve(n) {
            Ok(())
        } else {
            Err(SendError(()))
        }
    }

    /// Promises room for one message, if there is some now.
    ///
    /// # Errors
    ///
    /// If there is no room, or the receiver was closed or dropped.
    pub fn try_reserve(&mut self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.try_reserve_room(1)?;
        Ok(Permit::new(self))
    }

    /// Promises room for `n` messages, if there is that much now.
    ///
    /// # Errors
    ///
    /// If there is too little room, or the receiver was closed or dropped.
    pub fn try_reserve_many(
        &mut self,
        n: usize,
    ) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        self.try_reserve_room(n)?;
        Ok(PermitIterator::new(self, n))
    }

    /// [`try_reserve`](Self::try_reserve), with a permit that owns the sender and gives it back when it is used.
    ///
    /// # Errors
    ///
    /// The sender, if there is no room or the receiver was closed or dropped.
    pub fn try_reserve_owned(mut self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        match self.try_reserve_room(1) {
            Ok(()) => Ok(OwnedPermit::new(self)),
            Err(TrySendError::Full(())) => Err(TrySendError::Full(self)),
            Err(TrySendError::Closed(())) => Err(TrySendError::Closed(self)),
        }
    }

    fn try_reserve_room(&mut self, n: usize) -> Result<(), TrySendError<()>> {
        if self.tx.is_closed() {
            return Err(TrySendError::Closed(()));
        }
        if !self.tx.look_for(n) {
            return Err(TrySendError::Full(()));
        }
        if self.tx.reserve(n) {
            Ok(())
        } else {
            Err(TrySendError::Closed(()))
        }
    }

    /// Waits until the receiver is closed or dropped.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it changes nothing.
    pub async fn closed(&mut self) {
        poll_fn(|cx| {
            let coop = ready!(coop::poll_proceed(cx));
            if !self.tx.is_closed() {
                ready!(self.tx.poll_wait(cx, |tx| tx.is_closed().then_some(())));
            }
            coop.made_progress();
            Poll::Ready(())
        })
        .await;
    }

    /// Whether the receiver was closed or dropped.
    pub fn is_closed(&self) -> bool {
        self.tx.shared.is_receiver_closed()
    }

    /// How many messages could be sent now without waiting.
    pub fn capacity(&self) -> usize {
        self.tx.shared.room()
    }

    /// How many messages the channel was made to hold.
    pub fn max_capacity(&self) -> usize {
        self.tx.shared.capacity()
    }

    /// How many messages are inside.
    pub fn len(&self) -> usize {
        self.tx.shared.len()
    }

    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The channel's figures.
    pub fn stats(&self) -> Stats {
        self.tx.shared.stats()
    }

    /// Turns the sender into a [`Sink`](futures_sink::Sink).
    pub fn into_sink(self) -> SendSink<T> {
        SendSink::new(self)
    }
}

/// The future of [`Sender::send`].
///
/// # Cancel safety
///
/// *Strict* for the channel: either the message was sent, or the channel was not touched. The message goes with the
/// future; [`Sender::reserve`] waits without holding it.
#[must_use = "futures do nothing unless polled"]
pub struct SendFuture<'a, T> {
    sender: &'a mut Sender<T>,
    value: Option<T>,
}

// The message is not pinned: it is moved into the channel.
impl<T> Unpin for SendFuture<'_, T> {}

impl<T> Future for SendFuture<'_, T> {
    type Output = Result<(), SendError<T>>;

    /// # Panics
    ///
    /// If it is polled after it was ready.
    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.sender.poll_send(cx, &mut this.value)
    }
}

impl<T> fmt::Debug for SendFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendFuture").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("len", &self.len())
            .field("max_capacity", &self.max_capacity())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
