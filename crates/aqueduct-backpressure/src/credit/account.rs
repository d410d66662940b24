//! The books with a line of those who wait.
//!
//! A waiter is *given* its credits under the queue's lock, first come first served. Who puts credits there does so under
//! the lock of the books, then looks whether somebody waits, and serves; a waiter joins the line and then serves it
//! itself: the handshake of `aqueduct_core::wait_queue`.
//!
//! A1. Locks are taken in the order queue, books. No waker is called under either.
//! A2. `Empty` means also that others wait: who does not wait takes nothing before them.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll};

use aqueduct_core::sync::{Arc, Lock};
use aqueduct_core::wait_queue::{LazyWait, PassOn, Place, Wait, WaitQueue};

use super::pot::{Denied, Pot, Stats};

/// Nanoseconds since some moment.
pub(super) type Clock = Box<dyn Fn() -> u64 + Send + Sync + UnwindSafe + RefUnwindSafe>;

pub(super) struct Account {
    pot: Lock<Pot>,
    queue: Arc<WaitQueue<Ask>>,
    clock: Clock,
}

#[derive(Debug)]
pub(super) struct Ask {
    amount: u64,
    /// The term in which it was given, or that all is closed.
    verdict: Option<Result<u64, Closed>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closed;

/// What a waiter that goes away was given is returned by [`Account::leave`], which knows the books.
impl PassOn for Ask {
    fn pass_on(self, _: &WaitQueue<Self>) {}
}

pub(super) type Seat = LazyWait<Arc<WaitQueue<Ask>>>;

impl Account {
    pub(super) fn new(amount: u64, clock: Clock) -> Self {
        let mut pot = Pot::default();
        pot.grant(amount, || 0);
        Self {
            pot: Lock::new(pot),
            queue: Arc::new(WaitQueue::new(0)),
            clock,
        }
    }

    pub(super) fn grant(&self, amount: u64) {
        self.pot.lock().grant(amount, &self.clock);
        self.serve();
    }

    pub(super) fn lease(&self, amount: u64, nanos: u64) {
        let until = (self.clock)().saturating_add(nanos);
        self.pot.lock().lease(amount, until);
        self.serve();
    }

    pub(super) fn close(&self) {
        let first = self.pot.lock().close();
        if first {
            self.serve();
        }
    }

    /// Takes credits if they are there and nobody waits; the term is for giving them back.
    pub(super) fn take(&self, amount: u64) -> Result<u64, Denied> {
        // Relaxed is enough: who joins at the same time is neither before nor behind.
        let waited_for = !self.queue.is_empty();
        let mut pot = self.pot.lock();
        if waited_for {
            return Err(pot.denied());
        }
        pot.take(amount, &self.clock)
    }

    pub(super) fn spend(&self, amount: u64) {
        self.pot.lock().spend(amount);
    }

    pub(super) fn give_back(&self, amount: u64, term: u64) {
        let there = self.pot.lock().give_back(amount, term, &self.clock);
        if there {
            self.serve();
        }
    }

    pub(super) fn stats(&self) -> Stats {
        let stats = self.pot.lock().stats(&self.clock);
        Stats {
            waiting: self.queue.len(),
            ..stats
        }
    }

    /// Waits for credits in `seat`, which is this waiter's alone.
    pub(super) fn poll_take(
        &self,
        mut seat: Pin<&mut Seat>,
        cx: &mut Context<'_>,
        amount: u64,
    ) -> Poll<Result<u64, Closed>> {
        if !seat.is_made() || !self.seat(seat.as_mut()).is_waiting() {
            match self.take(amount) {
                Ok(term) => return Poll::Ready(Ok(term)),
                Err(Denied::Closed) => return Poll::Ready(Err(Closed)),
                Err(Denied::Empty) => {}
            }
        }
        let ask = || Ask {
            amount,
            verdict: None,
        };
        let polled =
            self.seat(seat)
                .poll_wait(cx, Place::Back, 0, ask, |ask| self.fulfil(ask), || {});
        polled.map(|ask| ask.verdict.expect("who is served has a verdict"))
    }

    /// The waiter goes away; what it was given, or kept others from, is for the next.
    pub(super) fn leave(&self, mut seat: Pin<&mut Seat>) {
        if !seat.is_made() {
            return;
        }
        let Some((ask, _)) = self.seat(seat.as_mut()).leave() else {
            return;
        };
        match ask.verdict {
            Some(Ok(term)) => self.give_back(ask.amount, term),
            // The next may want less than there is.
            None => self.serve(),
            Some(Err(Closed)) => {}
        }
    }

    fn serve(&self) {
        if self.queue.is_waited_on() {
            self.queue.serve(|ask| self.fulfil(ask));
        }
    }

    fn fulfil(&self, ask: &mut Ask) -> bool {
        ask.verdict = match self.pot.lock().take(ask.amount, &self.clock) {
            Ok(term) => Some(Ok(term)),
            Err(Denied::Closed) => Some(Err(Closed)),
            Err(Denied::Empty) => None,
        };
        ask.verdict.is_some()
    }

    fn seat<'a>(&self, seat: Pin<&'a mut Seat>) -> Pin<&'a mut Wait<Arc<WaitQueue<Ask>>>> {
        seat.get(|| self.queue.clone())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;

#[cfg(all(test, aqueduct_loom))]
#[path = "account/tests/loom.rs"]
mod loom;
