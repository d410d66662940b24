//! One of several receivers of an unbounded channel.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use aqueduct_core::sync::{Arc, Ordering};
use aqueduct_core::wait_queue::{Place, Queue, Wait, WaitQueue};

use super::{Chan, Waiting, add_if_any, wake_one};
use crate::local::Local;
use crate::pop::Pop;
use crate::snooze::Snooze;

/// A receiver where there may be several.
pub(crate) struct SharedRx<T> {
    pub(crate) chan: Arc<Chan<T, WaitQueue<()>>>,
    local: Local,
    /// The place in line of a receiver that is polled as a stream. Made when it first has to wait.
    place: Option<Pin<Box<Wait<Line<T>>>>>,
}

/// A handle to the receivers' wait queue of a channel.
pub(crate) struct Line<T>(pub(super) Arc<Chan<T, WaitQueue<()>>>);

// SAFETY: I1: the queue is a field of the channel, which an `Arc` keeps in its place.
unsafe impl<T> Queue for Line<T> {
    type Request = ();

    fn wait_queue(&self) -> &WaitQueue<()> {
        &self.0.receivers
    }

    fn left(&self, (): (), served: bool) {
        if served {
            wake_one(&self.0.receivers);
        }
    }
}

impl<T> SharedRx<T> {
    /// The first receiver of a channel, which is made with a count of one.
    pub(crate) fn first(chan: Arc<Chan<T, WaitQueue<()>>>) -> Self {
        Self {
            chan,
            local: Local::new(),
            place: None,
        }
    }

    /// One receiver more, unless all are gone.
    pub(crate) fn upgrade(chan: &Arc<Chan<T, WaitQueue<()>>>) -> Option<Self> {
        add_if_any(&chan.receiver_count).then(|| Self::first(chan.clone()))
    }

    /// Takes the next message.
    fn pop(&self) -> Pop<T> {
        self.chan.list.pop_after(|at| self.local.stand_back(at))
    }

    /// Takes the next message; waits out one in the making.
    pub(crate) fn try_pop(&self) -> Pop<T> {
        let mut snooze = Snooze::new();
        loop {
            match self.pop() {
                Pop::Lagging => snooze.snooze(),
                popped => return popped,
            }
        }
    }

    pub(crate) fn pop_many(&self, out: &mut Vec<T>, limit: usize) -> usize {
        self.chan.list.pop_many(out, limit)
    }

    pub(crate) async fn recv(&self) -> Option<T> {
        let look = || self.pop().settled();
        let quick = std::future::poll_fn(|cx| {
            ready!(self.local.poll_budget(cx));
            self.local.spend();
            Poll::Ready(look().or_else(|| self.local.pause_and(look)))
        });
        if let Some(next) = quick.await {
            return next;
        }
        let mut wait = pin!(Wait::new(&*self.chan.receivers));
        std::future::poll_fn(|cx| poll_line(wait.as_mut(), cx, &self.chan)).await
    }

    /// Polls from a place in line that stays between polls.
    pub(crate) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        ready!(self.local.poll_budget(cx));
        let waiting = self.place.as_ref().is_some_and(|place| place.is_waiting());
        let found = if waiting { None } else { self.pop().settled() };
        let next = match found {
            Some(next) => next,
            None => {
                let place = self
                    .place
                    .get_or_insert_with(|| Box::pin(Wait::new(Line(self.chan.clone()))));
                ready!(poll_line(place.as_mut(), cx, &self.chan))
            }
        };
        self.local.spend();
        Poll::Ready(next)
    }
}

/// Waits in line for a message.
///
/// A wake-up says that a message has come, not for whom: who finds it taken goes back to the head of the line. After
/// getting in line it looks once more, which closes the gap to a sender that looked before; and since those who joined
/// behind it rely on that look ("Joining a line" in `aqueduct_core::wait_queue`), it wakes the next if there may be more.
pub(super) fn poll_line<T, Q: Queue<Request = ()>>(
    mut wait: Pin<&mut Wait<Q>>,
    cx: &mut Context<'_>,
    chan: &Chan<T, WaitQueue<()>>,
) -> Poll<Option<T>> {
    let mut place = Place::Back;
    loop {
        let received = chan.list.received();
        let woken = wait
            .as_mut()
            .poll_wait(cx, place, received, || (), |()| false, || {});
        if let Some(next) = chan.list.pop().settled() {
            if woken.is_pending() && matches!(wait.as_mut().leave(), Some(((), true))) {
                // Woken in this very moment, with a message in hand already: the wake-up is for the next in line.
                wake_one(&chan.receivers);
            }
            if chan.is_closed() {
                // A sender that lagged behind the close wakes one; the others in line have to learn of the end too.
                chan.receivers.notify_all();
            } else if chan.list.len() > 0 {
                // Its senders may have looked before the first in line ran its barrier, which this may be; or of several
                // wake-ups some may have gone to one receiver, which found the head lagging in between.
                wake_one(&chan.receivers);
            }
            return Poll::Ready(next);
        }
        ready!(woken);
        place = Place::Front;
    }
}

// A place in line is changed under its queue's lock, where no code of the user's runs.
impl<T> UnwindSafe for SharedRx<T> {}
impl<T> RefUnwindSafe for SharedRx<T> {}

impl<T> Clone for SharedRx<T> {
    fn clone(&self) -> Self {
        self.chan.receiver_count.fetch_add(1, Ordering::Relaxed);
        Self::first(self.chan.clone())
    }
}

impl<T> Drop for SharedRx<T> {
    fn drop(&mut self) {
        /// Goes on with the rest if a message's destructor panics.
        struct Drain<'a, T>(&'a SharedRx<T>);

        impl<T> Drop for Drain<'_, T> {
            fn drop(&mut self) {
                while let Pop::Value(value) = self.0.try_pop() {
                    drop(value);
                }
            }
        }

        // A place in line that was woken passes it on, to receivers that are left.
        self.place = None;
        // AcqRel pairs with itself: the last receiver's draining comes after what the others have done.
        if self.chan.receiver_count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.chan.close();
            let drain = Drain(self);
            while let Pop::Value(value) = drain.0.try_pop() {
                drop(value);
            }
            drop(drain);
        }
    }
}
