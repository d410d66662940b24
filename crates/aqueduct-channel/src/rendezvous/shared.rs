//! A meeting with its lock, and the polls of both sides.

use std::task::{Poll, Waker};

use aqueduct_core::sync::{AtomicUsize, Lock, MutexGuard};
use aqueduct_core::wait_queue::WaitQueue;
use aqueduct_core::wake_batch::WakeBatch;

use super::line::Key;
use super::meeting::{Call, Found, Look, Meeting};
use crate::error::{SendError, TrySendError};
use crate::pop::Pop;
use crate::stats::Stats;

/// What all handles of a rendezvous share.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    meeting: Lock<Meeting<T>>,
    /// Those who wait for the channel to close.
    pub(super) watchers: WaitQueue<()>,
    pub(super) sender_count: AtomicUsize,
    pub(super) receiver_count: AtomicUsize,
    pub(super) weak_count: AtomicUsize,
}

impl<T> Shared<T> {
    /// With one sender and one receiver.
    pub(super) fn new() -> Self {
        Self {
            meeting: Lock::new(Meeting::new()),
            watchers: WaitQueue::new(0),
            sender_count: AtomicUsize::new(1),
            receiver_count: AtomicUsize::new(1),
            weak_count: AtomicUsize::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Meeting<T>> {
        self.meeting.lock()
    }

    /// Offers what is in `value`, and waits until it is taken. `place` is where it waits, from one poll to the next.
    ///
    /// # Panics
    ///
    /// If there is neither a place nor a value.
    pub(super) fn poll_send(
        &self,
        place: &mut Option<Key>,
        value: &mut Option<T>,
        waker: &Waker,
    ) -> Poll<Result<(), SendError<T>>> {
        let Some(key) = *place else {
            let value = value
                .take()
                .expect("a future that was ready is not polled again");
            let own = waker.clone();
            let offered = self.lock().offer(value, own);
            return match offered {
                Ok((key, call)) => {
                    *place = Some(key);
                    self.answer(call);
                    Poll::Pending
                }
                Err((value, _)) => Poll::Ready(Err(SendError(value))),
            };
        };
        let back = match self.look(waker, |meeting, fresh| {
            meeting.look_at_offer(key, waker, fresh)
        }) {
            Some(back) => back,
            None => return Poll::Pending,
        };
        *place = None;
        Poll::Ready(back.map_or(Ok(()), |value| Err(SendError(value))))
    }

    /// Leaves the line, with the value if it was not taken.
    pub(super) fn withdraw_offer(&self, key: Key) -> Option<T> {
        let (value, waker) = self.lock().withdraw_offer(key);
        drop(waker);
        value
    }

    pub(super) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let handed = {
            let mut meeting = self.lock();
            let closed = meeting.is_closed();
            meeting.hand(value).map_err(|value| match closed {
                true => TrySendError::Closed(value),
                false => TrySendError::Full(value),
            })
        };
        self.answer(handed?);
        Ok(())
    }

    /// Waits for an offer, and takes it. `place` is where it waits, from one poll to the next.
    pub(crate) fn poll_recv(&self, place: &mut Option<Key>, waker: &Waker) -> Poll<Option<T>> {
        let found = match *place {
            Some(key) => {
                let Some(found) = self.look(waker, |meeting, fresh| {
                    meeting.look_at_seat(key, waker, fresh)
                }) else {
                    return Poll::Pending;
                };
                *place = None;
                found
            }
            None => {
                let found = self.lock().take_free();
                match found.pop {
                    Pop::Empty => self.take_or_sit_down(place, waker),
                    _ => found,
                }
            }
        };
        match self.after(found).settled() {
            Some(next) => Poll::Ready(next),
            None => Poll::Pending,
        }
    }

    fn take_or_sit_down(&self, place: &mut Option<Key>, waker: &Waker) -> Found<T> {
        let mut own = Some(waker.clone());
        let mut meeting = self.lock();
        let found = meeting.take_free();
        if matches!(found.pop, Pop::Empty) {
            *place = own.take().map(|own| meeting.sit_down(own));
        }
        drop(meeting);
        drop(own);
        found
    }

    /// Leaves a seat; who is next in line is called instead.
    pub(crate) fn leave_seat(&self, key: Key) {
        let (call, waker) = self.lock().leave_seat(key);
        drop(waker);
        self.answer(call);
    }

    pub(crate) fn try_recv(&self) -> Pop<T> {
        let found = self.lock().take_free();
        self.after(found)
    }

    /// Looks at a place with `look`, which may ask for a clone of the waker, as that is not made under the lock.
    fn look<R>(
        &self,
        waker: &Waker,
        mut look: impl FnMut(&mut Meeting<T>, &mut Option<Waker>) -> Look<R>,
    ) -> Option<R> {
        let mut fresh = None;
        loop {
            let looked = look(&mut self.lock(), &mut fresh);
            match looked {
                Look::Done(done) => return Some(done),
                Look::Waits => return None,
                Look::NeedsWaker => fresh = Some(waker.clone()),
            }
        }
    }

    /// Does what is to be done after a look at the offers.
    fn after(&self, found: Found<T>) -> Pop<T> {
        if found.was_last {
            let mut batch = WakeBatch::new();
            while self.lock().end_seats(&mut batch) {
                batch.wake_all();
            }
        }
        self.answer(found.call);
        found.pop
    }

    fn answer(&self, call: Call) {
        if let Some(waker) = call {
            waker.wake();
        }
    }

    /// Forbids new offers, refuses those in line that have an owner, and tells everybody.
    pub(super) fn close(&self) {
        if !self.lock().close() {
            return;
        }
        let mut batch = WakeBatch::new();
        while self.lock().turn_away(&mut batch) {
            batch.wake_all();
        }
        batch.wake_all();
        self.watchers.serve_all();
    }

    /// Drops the values that were handed to receivers which are gone.
    pub(super) fn drain(&self) {
        /// Goes on with the rest if a value's destructor panics.
        struct Drain<'a, T>(&'a Shared<T>);

        impl<T> Drop for Drain<'_, T> {
            fn drop(&mut self) {
                while let Some(found) = self.0.take() {
                    drop(self.0.after(found));
                }
            }
        }

        drop(Drain(self));
    }

    fn take(&self) -> Option<Found<T>> {
        self.lock().take()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_closed()
    }

    pub(super) fn stats(&self) -> Stats {
        self.lock().stats()
    }
}
