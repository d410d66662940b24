//! The cell of an ask: what the asker, the [`Reply`](crate::Reply) in the message and the message's envelope share.
//!
//! ```text
//!                    ┌── answer ───▶ ANSWERED ─┐
//!   WAITING ─────────┼── reply dropped ─▶ LOST ┼──▶ taken by the asker: OVER
//!      │             └── unsent ───▶ UNSENT ───┘
//!      └── the asker is gone ──────────────────────▶ OVER
//! ```
//!
//! # Invariants
//!
//! K1. It leaves WAITING once, by whoever is first, under the lock. So there is exactly one outcome.
//! K2. A message that comes back is put in while it is WAITING, and is handed on otherwise: it is the asker's or the
//!     caller's, never both and never nobody's.
//! K3. Wakers, answers and messages are dropped or called after the lock.
//!
//! # Why the message that comes back is boxed
//!
//! The cell knows the answer's type, since the reply does. Were it to know the message's too, the reply would have to be
//! `dyn`, and messages be twice as large for it. Messages come back rarely, and then an allocation more is nothing.

use std::any::Any;
use std::task::{Context, Poll, Waker};

use aqueduct_core::sync::{AtomicBool, Lock, Ordering};

/// A message that was not taken.
pub(crate) type Returned = Box<dyn Any + Send>;

/// How an ask ended. `U` says why a message was not taken.
#[derive(Debug)]
pub(crate) enum Outcome<T, U> {
    Answered(T),
    /// The reply was dropped.
    Lost,
    Unsent(Returned, U),
}

pub(crate) struct Cell<T, U> {
    state: Lock<State<T, U>>,
    /// Whether the reply was used. Only the reply looks at it: where it is dropped after that, it need not lock.
    is_used: AtomicBool,
}

enum State<T, U> {
    Waiting(Option<Waker>),
    Ended(Outcome<T, U>),
    Over,
}

impl<T, U> Cell<T, U> {
    pub(crate) fn new() -> Self {
        Self {
            state: Lock::new(State::Waiting(None)),
            is_used: AtomicBool::new(false),
        }
    }

    /// Ends it, unless something else has: then the outcome comes back (K1).
    fn end(&self, outcome: Outcome<T, U>) -> Result<(), Outcome<T, U>> {
        let mut state = self.state.lock();
        if !matches!(*state, State::Waiting(_)) {
            return Err(outcome);
        }
        let before = std::mem::replace(&mut *state, State::Ended(outcome));
        drop(state);
        if let State::Waiting(Some(waker)) = before {
            waker.wake();
        }
        Ok(())
    }

    /// Answers. The answer comes back if nobody waits for it.
    pub(crate) fn answer(&self, value: T) -> Result<(), T> {
        // Relaxed, as only the reply looks at it, which comes here and to `lose` by itself.
        self.is_used.store(true, Ordering::Relaxed);
        match self.end(Outcome::Answered(value)) {
            Err(Outcome::Answered(value)) => Err(value),
            _ => Ok(()),
        }
    }

    /// The reply was dropped, after an answer or without one.
    pub(crate) fn lose(&self) {
        // Relaxed, as in `answer`.
        if !self.is_used.load(Ordering::Relaxed) {
            let _ = self.end(Outcome::Lost);
        }
    }

    /// The message was not taken. It comes back if nobody waits for it (K2).
    pub(crate) fn unsent(&self, message: Returned, why: U) -> Result<(), Returned> {
        match self.end(Outcome::Unsent(message, why)) {
            Err(Outcome::Unsent(message, _)) => Err(message),
            _ => Ok(()),
        }
    }

    /// Whether the asker still waits.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(*self.state.lock(), State::Waiting(_))
    }

    /// The outcome, for the asker.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Outcome<T, U>> {
        let mut state = self.state.lock();
        match &*state {
            State::Waiting(Some(waker)) if waker.will_wake(cx.waker()) => return Poll::Pending,
            State::Waiting(_) => {}
            _ => return Poll::Ready(take(&mut state)),
        }
        drop(state);
        self.poll_first(cx)
    }

    /// [`poll`](Self::poll), for whoever knows that there is no outcome yet, or none to be expected: it locks once.
    pub(crate) fn poll_first(&self, cx: &mut Context<'_>) -> Poll<Outcome<T, U>> {
        // Cloned and dropped outside of the lock, since both are the user's code (K3).
        let mut waker = Some(cx.waker().clone());
        let mut state = self.state.lock();
        let poll = match &mut *state {
            State::Waiting(held) => {
                std::mem::swap(held, &mut waker);
                Poll::Pending
            }
            _ => Poll::Ready(take(&mut state)),
        };
        drop(state);
        drop(waker);
        poll
    }

    /// The asker goes. Gives what came meanwhile; a message in it is to be handed on.
    pub(crate) fn leave(&self) -> Option<Outcome<T, U>> {
        let mut state = self.state.lock();
        let before = std::mem::replace(&mut *state, State::Over);
        drop(state);
        match before {
            State::Ended(outcome) => Some(outcome),
            State::Waiting(_) | State::Over => None,
        }
    }
}

/// # Panics
///
/// If it was taken before.
fn take<T, U>(state: &mut State<T, U>) -> Outcome<T, U> {
    match std::mem::replace(state, State::Over) {
        State::Ended(outcome) => outcome,
        State::Waiting(_) | State::Over => panic!("an ask that was ready is not polled again"),
    }
}

#[cfg(all(test, aqueduct_loom))]
#[path = "cell/tests/loom.rs"]
mod loom;
