//! The receiving side's operations where there are several receivers, once for all kinds.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::sync::Ordering;
use aqueduct_core::wait_queue::Wait;

use super::recv::InLine;
use super::{Many, Pop, ReceiverLine, RecvFuture, Ring, SharedRing};
use crate::local::Local;

/// A place in line that keeps the ring alive.
type OwnPlace<T> = Wait<ReceiverLine<SharedRing<T, Many>>>;

/// A receiver, of which there may be several.
pub(crate) struct Rx<T> {
    pub(crate) ring: SharedRing<T, Many>,
    local: Local,
    /// The place in line of a receiver that is polled as a stream. Made when it first has to wait.
    place: Option<Pin<Box<OwnPlace<T>>>>,
}

impl<T> Rx<T> {
    /// The first receiver of a ring, which is made with a count of one.
    pub(crate) fn first(ring: SharedRing<T, Many>) -> Self {
        Self {
            ring,
            local: Local::new(),
            place: None,
        }
    }

    /// One receiver more, unless all are gone.
    pub(crate) fn upgrade(ring: &SharedRing<T, Many>) -> Option<Self> {
        let count = ring.receiver_count();
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
    pub(crate) fn recv(&self) -> RecvFuture<'_, T> {
        RecvFuture::new(&self.ring, &self.local)
    }

    #[inline]
    pub(crate) fn try_recv(&self) -> Pop<T> {
        match self.ring.pop_ready(|at| self.local.stand_back(at)) {
            Some(value) => Pop::Value(value),
            None => self.ring.try_pop(),
        }
    }

    /// Gives up the place in line; what was promised to it is anybody's. Says whether it was in line.
    pub(crate) fn abort_recv(&mut self) -> bool {
        let place = self.place.take();
        place.is_some_and(|place| place.is_waiting())
    }

    /// Polls from a place in line that stays between polls.
    #[inline]
    pub(crate) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        ready!(self.local.poll_budget(cx));
        let waiting = self.place.as_ref().is_some_and(|place| place.is_waiting());
        let ready = if waiting {
            None
        } else {
            self.ring.pop_ready(|at| self.local.stand_back(at))
        };
        let next = match ready {
            Some(value) => Some(value),
            None => ready!(self.poll_slow(cx, waiting)),
        };
        self.local.spend();
        Poll::Ready(next)
    }

    #[inline(never)]
    fn poll_slow(&mut self, cx: &mut Context<'_>, waiting: bool) -> Poll<Option<T>> {
        let look = || self.ring.pop().settled();
        let found = if waiting {
            None
        } else {
            look().or_else(|| self.local.pause_and(look))
        };
        match found {
            Some(next) => Poll::Ready(next),
            None => {
                let place = self
                    .place
                    .get_or_insert_with(|| Box::pin(Wait::new(ReceiverLine(self.ring.clone()))));
                place.as_mut().poll_line(&self.ring, cx)
            }
        }
    }
}

// A place in line is changed under its queue's lock, where no code of the user's runs.
impl<T> UnwindSafe for Rx<T> {}
impl<T> RefUnwindSafe for Rx<T> {}

impl<T> Clone for Rx<T> {
    fn clone(&self) -> Self {
        self.ring.receiver_count().fetch_add(1, Ordering::Relaxed);
        Self::first(self.ring.clone())
    }
}

impl<T> Drop for Rx<T> {
    fn drop(&mut self) {
        /// Goes on with the rest if a message's destructor panics.
        struct Drain<'a, T>(&'a Ring<T, Many>);

        impl<T> Drop for Drain<'_, T> {
            fn drop(&mut self) {
                while let Pop::Value(value) = self.0.try_pop() {
                    drop(value);
                }
            }
        }

        // A place in line that was served passes the message on, to receivers that are left.
        self.place = None;
        // AcqRel pairs with itself: the last receiver's draining comes after what the others have done.
        if self.ring.receiver_count().fetch_sub(1, Ordering::AcqRel) == 1 {
            self.ring.close();
            let drain = Drain(&self.ring);
            while let Pop::Value(value) = drain.0.try_pop() {
                drop(value);
            }
            drop(drain);
        }
    }
}
