//! A receiver's part of a broadcast. The invariants are those of [`chan`](super::chan).

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::chase::Chase;
use aqueduct_core::pad::Padded;
use aqueduct_core::sync::Arc;
use aqueduct_core::wait_queue::{Place as At, Queue, WaitQueue};

use super::chan::Chan;
use super::error::{RecvError, TryRecvError};
use super::progress::Progress;
use super::segment::Segment;
use crate::budget::Budget;
use crate::overflow::Overflow;
use crate::place::Place;

/// A receiver, from where it subscribed.
pub(super) struct Rx<T> {
    /// What comes next.
    next: u64,
    /// Where the tail was when it was last looked up.
    seen: u64,
    /// The segment with the next slot, if that was looked up.
    segment: Option<Arc<Segment<T>>>,
    /// The number of a segment's slots less one.
    mask: u64,
    /// Whether senders may wait for it.
    is_awaited: bool,
    /// Whether it may be in line.
    in_line: bool,
    budget: Budget,
    chase: Chase,
    progress: Arc<Padded<Progress>>,
    pub(super) chan: Arc<Chan<T>>,
    place: Place<Line<T>>,
}

// A place in line is changed under its queue's lock, where no code of the user's runs; and a panic of the user's leaves a
// receiver behind the message that it was about.
impl<T> UnwindSafe for Rx<T> {}
impl<T> RefUnwindSafe for Rx<T> {}

/// A handle to the receivers' wait queue of a channel.
pub(super) struct Line<T>(Arc<Chan<T>>);

// SAFETY: I7 of the chan: the queue is a field of the channel; an `Arc`'s target does not change, and stays while the
// `Arc` lives.
unsafe impl<T> Queue for Line<T> {
    /// The receiver's position.
    type Request = u64;

    fn wait_queue(&self) -> &WaitQueue<u64> {
        self.0.receivers()
    }

    fn left(&self, _: u64, _: bool) {
        // What it was woken for, all others were woken for too.
    }
}

/// Serves the senders in line when it goes, also if a clone panics.
struct Moved<'a, T>(&'a Chan<T>);

impl<T> Drop for Moved<'_, T> {
    fn drop(&mut self) {
        self.0.serve_senders();
    }
}

impl<T> Rx<T> {
    pub(super) fn subscribe(chan: &Arc<Chan<T>>) -> Self {
        let (progress, next) = chan.subscribe();
        Self {
            next,
            seen: next,
            segment: None,
            mask: chan.slots() as u64 - 1,
            is_awaited: chan.overflow() == Overflow::Wait,
            in_line: false,
            budget: Budget::default(),
            chase: Chase::new(),
            progress,
            chan: chan.clone(),
            place: Place::new(),
        }
    }

    /// How many messages were sent that it has not received, lost ones included.
    pub(super) fn len(&self) -> usize {
        // The floor may have been seen before the tail that it was raised for.
        self.chan.tail().position.saturating_sub(self.next) as usize
    }

    /// Takes the next message, if there is one.
    #[inline(always)]
    pub(super) fn try_take(&mut self) -> Result<T, TryRecvError>
    where
        T: Clone,
    {
        if self.next == self.seen {
            self.look()?;
        }
        if self.next < self.chan.floor() {
            return Err(self.skip_to(self.chan.floor()));
        }
        if self.segment.is_none() {
            self.find_segment()?;
        }
        Ok(self.take())
    }

    /// Takes the next message, if there is one and none was lost before it.
    pub(super) fn try_take_ready(&mut self) -> Option<T>
    where
        T: Clone,
    {
        if self.next == self.seen {
            self.look().ok()?;
        }
        if self.next < self.chan.floor() {
            return None;
        }
        if self.segment.is_none() {
            self.segment = self.chan.segment_at(self.next).ok();
        }
        self.segment.is_some().then(|| self.take())
    }

    /// Looks up the tail, and whether there is something before it.
    #[inline]
    fn look(&mut self) -> Result<(), TryRecvError> {
        let tail = self.chan.tail();
        // The floor, to which it went, may have been seen before the tail that it was raised for.
        self.seen = tail.position.max(self.next);
        match self.next < self.seen {
            true => Ok(()),
            false if tail.is_closed => Err(TryRecvError::Closed),
            false => Err(TryRecvError::Empty),
        }
    }

    #[inline(never)]
    fn find_segment(&mut self) -> Result<(), TryRecvError> {
        match self.chan.segment_at(self.next) {
            Ok(segment) => self.segment = Some(segment),
            Err(floor) => return Err(self.skip_to(floor)),
        }
        Ok(())
    }

    /// Passes what was lost.
    #[cold]
    fn skip_to(&mut self, floor: u64) -> TryRecvError {
        let lost = floor - self.next;
        self.segment = None;
        self.next = floor;
        // The floor may be ahead of the tail that was seen.
        self.seen = self.seen.max(floor);
        self.progress.publish(floor);
        self.chan.note_lag(lost);
        TryRecvError::Lagged(lost)
    }

    /// Takes the message at `next`, which is before `seen`, not before the floor, and in `segment`.
    #[inline(always)]
    fn take(&mut self) -> T
    where
        T: Clone,
    {
        let index = (self.next & self.mask) as usize;
        self.next += 1;
        // Before the clone, so that a panic there does not undo it.
        let _moved = if self.is_awaited {
            let is_awaited = self.progress.move_on(self.next);
            // Not `then_some`, which would make one and drop it.
            is_awaited.then(|| Moved(&*self.chan))
        } else {
            self.progress.publish(self.next);
            None
        };
        // The segment is let go with its last slot, to be used again.
        let done = if index as u64 == self.mask {
            self.segment.take()
        } else {
            None
        };
        let segment = done.as_deref().or(self.segment.as_deref());
        let segment = segment.expect("the segment was looked up");
        // SAFETY: I2 of the chan, I3 of the chan: it is before a tail that was seen, and this receiver, which was in the list
        // when it was sent, comes to it for the first time.
        unsafe { segment.read(index) }
    }

    #[inline(always)]
    pub(super) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, RecvError>>
    where
        T: Clone,
    {
        ready!(self.budget.poll(cx));
        let found = match self.try_take() {
            Err(TryRecvError::Empty) => ready!(self.poll_wait(cx)),
            found => {
                self.leave_line();
                settled(found)
            }
        };
        self.budget.spend();
        Poll::Ready(found)
    }

    /// Waits for a message, or the end.
    #[inline(never)]
    pub(super) fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, RecvError>>
    where
        T: Clone,
    {
        if !self.in_line {
            let mut chase = self.chase;
            let found = chase.pause_and(|| found(self.try_take()));
            self.chase = chase;
            if let Some(found) = found {
                return Poll::Ready(settled(found));
            }
        }
        loop {
            let (next, chan) = (self.next, &self.chan);
            let place = self.place.get(|| Line(chan.clone()));
            let woken = place.poll_wait(
                cx,
                At::Back,
                next,
                || next,
                |position| chan.has_news(*position),
                || {},
            );
            self.in_line = woken.is_pending();
            // Also if it was not woken: the look in there ends at the first in line that has nothing.
            if let Some(found) = found(self.try_take()) {
                self.leave_line();
                return Poll::Ready(settled(found));
            }
            ready!(woken);
        }
    }

    #[inline(always)]
    pub(super) fn leave_line(&mut self) {
        if self.in_line {
            self.in_line = false;
            self.place.give_up();
        }
    }

    /// Passes all that was sent while it was there, and drops what it is the last to pass.
    fn drain(&mut self, until: u64) {
        while self.next < until {
            if self.segment.is_none() {
                match self.chan.segment_at(self.next) {
                    Ok(segment) => self.segment = Some(segment),
                    Err(first) => {
                        self.next = first;
                        continue;
                    }
                }
            }
            let index = (self.next & self.mask) as usize;
            self.next += 1;
            let done = (index as u64 == self.mask).then(|| self.segment.take());
            let segment = done.as_ref().unwrap_or(&self.segment);
            if let Some(segment) = segment {
                // SAFETY: I2 of the chan, I3 of the chan: it is before a tail that was seen, under the lock, and this receiver,
                // which was in the list when it was sent, comes to it for the first time.
                unsafe { segment.pass(index) };
            }
        }
    }
}

/// What a look found, if it was something.
fn found<T>(taken: Result<T, TryRecvError>) -> Option<Result<T, TryRecvError>> {
    match taken {
        Err(TryRecvError::Empty) => None,
        found => Some(found),
    }
}

/// What a receiver that waits makes of what it found.
#[inline(always)]
fn settled<T>(found: Result<T, TryRecvError>) -> Result<T, RecvError> {
    found.map_err(|error| match error {
        TryRecvError::Lagged(lost) => RecvError::Lagged(lost),
        TryRecvError::Closed => RecvError::Closed,
        TryRecvError::Empty => unreachable!("a receiver that waits was told of nothing"),
    })
}

impl<T> Drop for Rx<T> {
    fn drop(&mut self) {
        /// Goes on with the rest if a message's destructor panics, and tells the others.
        struct Leave<'a, T> {
            rx: &'a mut Rx<T>,
            until: u64,
        }

        impl<T> Drop for Leave<'_, T> {
            fn drop(&mut self) {
                let chan = self.rx.chan.clone();
                let _told = Told(&chan);
                self.rx.drain(self.until);
            }
        }

        struct Told<'a, T>(&'a Chan<T>);

        impl<T> Drop for Told<'_, T> {
            fn drop(&mut self) {
                self.0.receiver_left();
            }
        }

        self.leave_line();
        let until = self.chan.unsubscribe(&self.progress);
        let leave = Leave { rx: self, until };
        if Segment::<T>::COUNTS {
            leave.rx.drain(until);
        } else {
            leave.rx.next = until;
        }
    }
}

/// Receives one message. Leaves the line when it is dropped.
#[must_use = "futures do nothing unless polled"]
pub(super) struct Recv<'a, T>(pub(super) &'a mut Rx<T>);

impl<T: Clone> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_recv(cx)
    }
}

impl<T> Drop for Recv<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.leave_line();
    }
}
