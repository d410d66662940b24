//! The channels without bound: a [`List`] with the waiting around it.
//!
//! Sending never waits, so there is one side to wait on. Publishing looks at the receivers' cell or queue after the
//! message is in the list; the handshake is the one of `aqueduct_core::barrier`.
//!
//! # Invariants
//!
//! I1. There is one [`SoleRx`] to a channel with one receiver; it alone takes from the list.

mod case;

pub(crate) use case::RecvLine;

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use aqueduct_core::barrier::Pace;
use aqueduct_core::chase::Chase;
use aqueduct_core::coop;
use aqueduct_core::pad::Padded;
use aqueduct_core::sync::{Arc, AtomicUsize, Lock, Ordering};
use aqueduct_core::wait_cell::WaitCell;
use aqueduct_core::wait_queue::{Place, Queue, Wait, WaitQueue};

use crate::budget::Budget;
use crate::contention::Contention;
use crate::error::SendError;
use crate::list::List;
use crate::local::Local;
use crate::pop::Pop;
use crate::stats::Stats;

/// How receivers of an unbounded channel wait.
pub(crate) trait Waiting {
    fn new() -> Self;

    /// Tells one receiver that a message is there.
    fn notify(&self);

    /// Tells all receivers that the channel was closed.
    fn notify_all(&self);

    fn waiting(&self) -> usize;
}

/// A guess for [`Pace`]: an unbounded channel that is busy enough to matter holds many.
const GUESS: usize = 256;

impl Waiting for WaitCell {
    fn new() -> Self {
        Self::new(Pace::new(GUESS).payer())
    }

    #[inline(always)]
    fn notify(&self) {
        self.notify();
    }

    fn notify_all(&self) {
        self.notify();
    }

    fn waiting(&self) -> usize {
        self.is_waiting().into()
    }
}

impl Waiting for WaitQueue<()> {
    fn new() -> Self {
        Self::new(GUESS)
    }

    #[inline(always)]
    fn notify(&self) {
        if self.is_waited_on() {
            wake_one(self);
        }
    }

    fn notify_all(&self) {
        self.serve_all();
    }

    fn waiting(&self) -> usize {
        self.len()
    }
}

fn wake_one(queue: &WaitQueue<()>) {
    let mut left = 1;
    queue.serve(|()| std::mem::take(&mut left) == 1);
}

/// What both sides share.
pub(crate) struct Chan<T, W> {
    list: List<T>,
    receivers: Padded<W>,
    senders: AtomicUsize,
    weak_senders: AtomicUsize,
    receiver_count: AtomicUsize,
    len_max: AtomicUsize,
    /// Those who wait for the channel to close. Made when somebody first does.
    watchers: Lock<Option<Arc<WaitQueue<()>>>>,
}

// A panic of the user's happens outside of any change of a channel's state.
impl<T, W> UnwindSafe for Chan<T, W> {}
impl<T, W> RefUnwindSafe for Chan<T, W> {}

impl<T, W: Waiting> Chan<T, W> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            list: List::new(),
            receivers: Padded(W::new()),
            senders: AtomicUsize::new(1),
            weak_senders: AtomicUsize::new(0),
            receiver_count: AtomicUsize::new(1),
            len_max: AtomicUsize::new(0),
            watchers: Lock::new(None),
        })
    }

    #[inline]
    pub(crate) fn send(&self, value: T, contention: &Contention) -> Result<(), SendError<T>> {
        self.list
            .push(value, |at| contention.stand_back(at))
            .map_err(SendError)?;
        self.receivers.notify();
        Ok(())
    }

    /// Sends all of a vector, or leaves in it what was not sent.
    pub(crate) fn send_many(&self, values: &mut Vec<T>) -> Result<usize, SendError<()>> {
        let count = values.len();
        let sent = self.list.push_many(values);
        let notified = (count - values.len()).min(self.receiver_count.load(Ordering::Relaxed));
        for _ in 0..notified {
            self.receivers.notify();
        }
        match sent {
            Ok(()) => Ok(count),
            Err(_) => Err(SendError(())),
        }
    }

    pub(crate) fn close(&self) {
        if !self.list.close() {
            return;
        }
        self.receivers.notify_all();
        let watchers = self.watchers.lock().take();
        if let Some(watchers) = watchers {
            watchers.serve_all();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.list.is_closed()
    }

    pub(crate) async fn closed(&self) {
        let watchers = {
            let mut watchers = self.watchers.lock();
            // Asked under the lock: `close` closes the list before it takes the queue out.
            if self.is_closed() {
                return;
            }
            watchers
                .get_or_insert_with(|| Arc::new(WaitQueue::new(0)))
                .clone()
        };
        let mut wait = pin!(Wait::new(watchers));
        std::future::poll_fn(|cx| {
            let coop = ready!(coop::poll_proceed(cx));
            ready!(wait.as_mut().poll_wait(
                cx,
                Place::Back,
                0,
                || (),
                |()| self.is_closed(),
                || {}
            ));
            coop.made_progress();
            Poll::Ready(())
        })
        .await;
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn shrink(&self) {
        self.list.shrink();
    }

    pub(crate) fn stats(&self) -> Stats {
        let len = self.list.len();
        self.note_len(len);
        Stats {
            sent: self.list.sent(),
            received: self.list.received(),
            dropped: 0,
            len,
            len_max: self.len_max.load(Ordering::Relaxed),
            senders_waiting: 0,
            receivers_waiting: self.receivers.waiting(),
        }
    }

    fn note_len(&self, len: usize) {
        if len > self.len_max.load(Ordering::Relaxed) {
            self.len_max.store(len, Ordering::Relaxed);
        }
    }

    pub(crate) fn sender_count(&self) -> usize {
        self.senders.load(Ordering::Relaxed)
    }

    pub(crate) fn weak_senders(&self) -> &AtomicUsize {
        &self.weak_senders
    }

    pub(crate) fn receiver_count(&self) -> usize {
        self.receiver_count.load(Ordering::Relaxed)
    }

    pub(crate) fn add_sender(&self) {
        self.senders.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a sender, unless all are gone.
    pub(crate) fn add_sender_if_any(&self) -> bool {
        add_if_any(&self.senders)
    }

    pub(crate) fn remove_sender(&self) {
        // AcqRel pairs with itself: the last sender's close comes after all that the others have sent.
        if self.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.close();
        }
    }
}

fn add_if_any(count: &AtomicUsize) -> bool {
    let mut now = count.load(Ordering::Relaxed);
    while now > 0 {
        match count.compare_exchange_weak(now, now + 1, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return true,
            Err(other) => now = other,
        }
    }
    false
}

/// The receiver's end where there is one receiver.
pub(crate) struct SoleRx<T> {
    pub(crate) chan: Arc<Chan<T, WaitCell>>,
    budget: Budget,
    slept_at: u64,
    pace: Pace,
    chase: Chase,
}

impl<T> SoleRx<T> {
    pub(crate) fn new(chan: Arc<Chan<T, WaitCell>>) -> Self {
        Self {
            chan,
            budget: Budget::default(),
            slept_at: 0,
            pace: Pace::new(GUESS),
            chase: Chase::new(),
        }
    }

    #[inline(always)]
    fn pop(&mut self) -> Pop<T> {
        // SAFETY: I1: this is the one receiver, borrowed for exclusive use.
        unsafe { self.chan.list.sole() }.pop()
    }

    /// Takes the next message; waits out one in the making.
    pub(crate) fn try_pop(&mut self) -> Pop<T> {
        let mut snooze = crate::ring::Snooze::new();
        loop {
            match self.pop() {
                Pop::Lagging => snooze.snooze(),
                popped => return popped,
            }
        }
    }

    /// [`pop_many`](Self::pop_many) for who cannot sleep: waits out a message in the making.
    pub(crate) fn try_pop_many(&mut self, out: &mut Vec<T>, limit: usize) -> Pop<usize> {
        let mut snooze = crate::ring::Snooze::new();
        loop {
            match self.pop_many(out, limit) {
                Pop::Lagging => snooze.snooze(),
                popped => return popped,
            }
        }
    }

    /// Moves up to `limit` messages to the end of `out`. Returns how many, or why there is none.
    pub(crate) fn pop_many(&mut self, out: &mut Vec<T>, limit: usize) -> Pop<usize> {
        // SAFETY: I1: this is the one receiver, borrowed for exclusive use.
        match unsafe { self.chan.list.sole() }.pop_many(out, limit) {
            0 => self.pop().map(|value| {
                out.push(value);
                1
            }),
            n => Pop::Value(n),
        }
    }

    #[inline(always)]
    pub(crate) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        ready!(self.budget.poll(cx));
        let next = match self.pop() {
            Pop::Value(value) => Some(value),
            _ => ready!(self.poll_take(cx, |rx| rx.pop().settled())),
        };
        self.budget.spend();
        Poll::Ready(next)
    }

    /// Waits until `take` takes something, and spends of the budget.
    pub(crate) fn poll_with<R>(
        &mut self,
        cx: &mut Context<'_>,
        take: impl FnMut(&mut Self) -> Option<R>,
    ) -> Poll<R> {
        ready!(self.budget.poll(cx));
        let taken = ready!(self.poll_take(cx, take));
        self.budget.spend();
        Poll::Ready(taken)
    }

    #[inline(never)]
    fn poll_take<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut Self) -> Option<R>,
    ) -> Poll<R> {
        match take(self) {
            Some(taken) => Poll::Ready(taken),
            None => self.poll_wait(cx, take),
        }
    }

    fn poll_wait<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut Self) -> Option<R>,
    ) -> Poll<R> {
        let mut chase = self.chase;
        let found = chase.pause_and(|| take(self));
        self.chase = chase;
        if let Some(found) = found {
            return Poll::Ready(found);
        }
        let received = self.chan.list.received();
        let messages = received - self.slept_at;
        self.slept_at = received;
        let mut pace = self.pace;
        // SAFETY: I1: `take` does not replace `self.chan`.
        let cell = unsafe { &(*Arc::as_ptr(&self.chan)).receivers };
        // SAFETY: I1: the one receiver is borrowed for exclusive use, so that nobody else waits in its cell.
        let poll = unsafe { cell.poll_wait_unchecked(cx, &mut pace, messages, || take(self)) };
        self.pace = pace;
        poll
    }
}

impl<T> Drop for SoleRx<T> {
    fn drop(&mut self) {
        /// Goes on with the rest if a message's destructor panics.
        struct Drain<'a, T>(&'a mut SoleRx<T>);

        impl<T> Drop for Drain<'_, T> {
            fn drop(&mut self) {
                while let Pop::Value(value) = self.0.try_pop() {
                    drop(value);
                }
            }
        }

        self.chan.close();
        let drain = Drain(self);
        while let Pop::Value(value) = drain.0.try_pop() {
            drop(value);
        }
        drop(drain);
        // SAFETY: I1: the one receiver is going, so nobody waits in its cell any more.
        unsafe { self.chan.receivers.retire() };
    }
}

/// A receiver where there may be several.
pub(crate) struct SharedRx<T> {
    pub(crate) chan: Arc<Chan<T, WaitQueue<()>>>,
    local: Local,
    /// The place in line of a receiver that is polled as a stream. Made when it first has to wait.
    place: Option<Pin<Box<Wait<Line<T>>>>>,
}

/// A handle to the receivers' wait queue of a channel.
pub(crate) struct Line<T>(Arc<Chan<T, WaitQueue<()>>>);

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

    /// Takes the next message; waits out one in the making.
    pub(crate) fn try_pop(&self) -> Pop<T> {
        let mut snooze = crate::ring::Snooze::new();
        loop {
            match self.chan.list.pop() {
                Pop::Lagging => snooze.snooze(),
                popped => return popped,
            }
        }
    }

    pub(crate) fn pop_many(&self, out: &mut Vec<T>, limit: usize) -> usize {
        self.chan.list.pop_many(out, limit)
    }

    pub(crate) async fn recv(&self) -> Option<T> {
        let look = || self.chan.list.pop().settled();
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
        let found = if waiting {
            None
        } else {
            self.chan.list.pop().settled()
        };
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
/// getting in line it looks once more, which closes the gap to a sender that looked before.
fn poll_line<T, Q: Queue<Request = ()>>(
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
                // Of several wake-ups some may have gone to one receiver, which found the head lagging in between.
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
