//! The sending side's operations, once for all kinds that stand on a ring.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, ready};

use aqueduct_core::coop;
use aqueduct_core::sync::Ordering;
use aqueduct_core::wait_queue::{Place, Wait};

use super::send::{Waited, poll_room};
use super::spill::Forced;
use super::{Consumers, Refusal, Ring, SendFuture, SenderLine, SharedRing};
use crate::cursor::Cursor;
use crate::error::{SendError, TrySendError};
use crate::local::Local;

/// A sender, of which there may be several.
pub(crate) struct Tx<T, C: Consumers> {
    pub(crate) ring: SharedRing<T, C>,
    local: Local,
}

impl<T, C: Consumers> Tx<T, C> {
    /// The first sender of a ring, which is made with a count of one.
    pub(crate) fn first(ring: SharedRing<T, C>) -> Self {
        Self {
            ring,
            local: Local::new(),
        }
    }

    /// One sender more, unless all are gone.
    pub(crate) fn upgrade(ring: &SharedRing<T, C>) -> Option<Self> {
        let count = ring.sender_count();
        let mut now = count.load(Ordering::Relaxed);
        while now > 0 {
            match count.compare_exchange_weak(now, now + 1, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(Self::first(ring.clone())),
                Err(other) => now = other,
            }
        }
        None
    }

    #[inline(always)]
    pub(crate) fn send(&self, value: T) -> SendFuture<'_, T, C> {
        SendFuture::new(&self.ring, &self.local, value)
    }

    #[inline]
    pub(crate) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        if let Some(position) = self.ring.claim(|at| self.local.stand_back(at)) {
            // SAFETY: I1: just claimed.
            unsafe { self.ring.write(position, value) };
            return Ok(());
        }
        self.try_send_slow(value)
    }

    #[inline(never)]
    fn try_send_slow(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut value = Some(value);
        match (self.ring.attempt(&mut value), value) {
            (None, Some(value)) => Err(TrySendError::Full(value)),
            (Some(Err(error)), _) => Err(error.into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn force_send(&self, value: T) -> Result<Option<T>, TrySendError<T>> {
        let mut first = None;
        let forced = self.ring.force(value, |oldest| match first {
            None => first = Some(oldest),
            Some(_) => self.ring.drop_value(oldest),
        });
        match forced {
            Ok(()) => Ok(first),
            Err(failed) => {
                // What had to go before the send failed cannot be put back in its place.
                first
                    .into_iter()
                    .for_each(|oldest| self.ring.drop_value(oldest));
                Err(match failed {
                    Forced::Closed(value) => TrySendError::Closed(value),
                    Forced::Promised(value) => TrySendError::Full(value),
                })
            }
        }
    }

    /// Waits for room for `n` messages, which is then promised to the caller.
    pub(crate) async fn reserve(&self, n: usize) -> Result<(), SendError<()>> {
        let ring = &*self.ring;
        let want = n as u64;
        if n > ring.capacity() || want > Cursor::OWED_MAX {
            return Err(SendError(()));
        }
        if n == 0 {
            return if ring.is_closed() {
                Err(SendError(()))
            } else {
                Ok(())
            };
        }
        // A place in line is made only where there is a line.
        let mut waited = poll_fn(|cx| {
            let coop = ready!(coop::poll_proceed(cx));
            coop.made_progress();
            Poll::Ready(match ring.reserve(want) {
                Ok(()) => Some(Waited::Promised),
                Err(Refusal::Closed) => Some(Waited::Closed),
                Err(Refusal::Full) => None,
            })
        })
        .await;
        if waited.is_none() {
            let mut wait = pin!(Wait::new(SenderLine(ring)));
            let room = poll_fn(|cx| poll_room(wait.as_mut(), ring, cx, want, false, || None));
            waited = Some(room.await);
        }
        match waited {
            Some(Waited::Promised) => Ok(()),
            _ => Err(SendError(())),
        }
    }

    pub(crate) fn try_reserve(&self, n: usize) -> Result<(), TrySendError<()>> {
        if n == 0 {
            return if self.ring.is_closed() {
                Err(TrySendError::Closed(()))
            } else {
                Ok(())
            };
        }
        match self.ring.reserve(n as u64) {
            Ok(()) => Ok(()),
            Err(Refusal::Full) => Err(TrySendError::Full(())),
            Err(Refusal::Closed) => Err(TrySendError::Closed(())),
        }
    }

    pub(crate) async fn send_many<I>(&self, values: I) -> Result<usize, SendError<()>>
    where
        I: IntoIterator<Item = T>,
    {
        let mut values = values.into_iter();
        let mut sent = 0;
        while values.size_hint().1 != Some(0) {
            self.reserve(1).await?;
            let batch = self.ring.send_batch(&mut values, 1);
            sent += batch.sent;
            if batch.ended {
                break;
            }
        }
        Ok(sent)
    }

    pub(crate) fn try_send_many(
        &self,
        values: &mut impl Iterator<Item = T>,
    ) -> Result<usize, SendError<()>> {
        let mut sent = 0;
        while values.size_hint().1 != Some(0) {
            match self.ring.reserve(1) {
                Ok(()) => {}
                Err(Refusal::Full) => break,
                Err(Refusal::Closed) if sent > 0 => break,
                Err(Refusal::Closed) => return Err(SendError(())),
            }
            let batch = self.ring.send_batch(values, 1);
            sent += batch.sent;
            if batch.ended {
                break;
            }
        }
        Ok(sent)
    }

    pub(crate) async fn closed(&self) {
        let Some(watchers) = self.ring.watchers() else {
            return;
        };
        let mut wait = pin!(Wait::new(watchers));
        poll_fn(|cx| {
            let coop = ready!(coop::poll_proceed(cx));
            let closed = || self.ring.is_closed();
            ready!(
                wait.as_mut()
                    .poll_wait(cx, Place::Back, 0, || (), |()| closed(), || {})
            );
            coop.made_progress();
            Poll::Ready(())
        })
        .await;
    }
}

impl<T, C: Consumers> Clone for Tx<T, C> {
    fn clone(&self) -> Self {
        self.ring.sender_count().fetch_add(1, Ordering::Relaxed);
        Self::first(self.ring.clone())
    }
}

impl<T, C: Consumers> Drop for Tx<T, C> {
    fn drop(&mut self) {
        // AcqRel pairs with itself: the last sender's close comes after all that the others have sent.
        if self.ring.sender_count().fetch_sub(1, Ordering::AcqRel) == 1 {
            self.ring.forget_promises();
            self.ring.close();
        }
    }
}

/// What came of one batch.
struct Batch {
    sent: usize,
    /// Whether the iterator has nothing more.
    ended: bool,
}

impl<T, C: Consumers> Ring<T, C> {
    /// Sends what an iterator gives, as far as there is room now: for `promised` messages, and what can be had beyond.
    ///
    /// The values are drawn only once their room is promised, and claimed in one piece, so that publishing them takes
    /// one claim and one look at the receivers.
    fn send_batch(&self, values: &mut impl Iterator<Item = T>, promised: u64) -> Batch {
        const BATCH: usize = if cfg!(aqueduct_loom) { 2 } else { 64 };

        /// Gives back what was not used, also if the iterator panics.
        struct Promise<'a, T, C: Consumers> {
            ring: &'a Ring<T, C>,
            n: u64,
        }

        impl<T, C: Consumers> Drop for Promise<'_, T, C> {
            fn drop(&mut self) {
                self.ring.unreserve(self.n);
            }
        }

        let hint = values.size_hint();
        let wanted = hint.1.unwrap_or(BATCH).clamp(1, BATCH) as u64;
        let mut promise = Promise {
            ring: self,
            n: promised,
        };
        let more = self.room().min((wanted - promised) as usize) as u64;
        if more > 0 && self.reserve(more).is_ok() {
            promise.n += more;
        }
        let drawn: Vec<T> = values.take(promise.n as usize).collect();
        let sent = drawn.len();
        let ended = (sent as u64) < promise.n;
        if sent > 0 {
            let first = self.claim_all_owed(sent as u64);
            promise.n -= sent as u64;
            for (index, value) in drawn.into_iter().enumerate() {
                // SAFETY: I1: claimed just now, each written once.
                unsafe { self.write_unseen(first + index as u64, value) };
            }
            C::notify(self);
        }
        Batch { sent, ended }
    }
}
