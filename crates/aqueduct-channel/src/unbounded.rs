//! The channels without bound: a [`List`] with the waiting around it.
//!
//! Sending never waits, so there is one side to wait on. Publishing looks at the receivers' cell or queue after the
//! message is in the list; the handshake is the one of `aqueduct_core::barrier`.
//!
//! # Invariants
//!
//! I1. There is one [`SoleRx`] to a channel with one receiver; it alone takes from the list.

mod case;
mod shared;
mod sole;

pub(crate) use case::RecvLine;
pub(crate) use shared::{Line, SharedRx};
pub(crate) use sole::SoleRx;

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::pin;
use std::task::{Poll, ready};

use aqueduct_core::barrier::Pace;
use aqueduct_core::coop;
use aqueduct_core::pad::Padded;
use aqueduct_core::sync::{Arc, AtomicUsize, Lock, Ordering};
use aqueduct_core::wait_cell::WaitCell;
use aqueduct_core::wait_queue::{Place, Wait, WaitQueue};

use crate::contention::Contention;
use crate::error::SendError;
use crate::list::List;
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

/// Counts one more, unless there is none.
pub(crate) fn add_if_any(count: &AtomicUsize) -> bool {
    let mut now = count.load(Ordering::Relaxed);
    while now > 0 {
        match count.compare_exchange_weak(now, now + 1, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return true,
            Err(other) => now = other,
        }
    }
    false
}

#[cfg(all(test, aqueduct_loom))]
#[path = "unbounded/tests/loom.rs"]
mod loom;
