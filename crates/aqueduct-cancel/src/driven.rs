//! A future without a task: each call of its waker polls it, where that call is made.
//!
//! It is for what another library wakes when something happens, and nobody would poll: a token, a signal. What such a
//! future does is short, never blocks, and is not the user's.
//!
//! Whoever keeps the `Arc` keeps it going; its waker does not.

use std::pin::Pin;
use std::task::{Context, Wake, Waker};

use aqueduct_core::sync::Lock;
use tokio::task::coop::unconstrained;

use crate::refs::{Arc, Weak};

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(crate) struct Driven {
    state: Lock<State>,
    waker: Waker,
}

enum State {
    /// Waits to be woken.
    Waits(Boxed),
    /// Somebody polls it. If it is woken meanwhile, it is polled again.
    Polled {
        again: bool,
    },
    Over,
}

impl Driven {
    /// Polls it for the first time, here.
    pub(crate) fn start(future: impl Future<Output = ()> + Send + 'static) -> Arc<Self> {
        // Without Tokio's budget: it would be that of whichever task wakes, and not come back while this polls.
        let future = Box::pin(unconstrained(future));
        let driven = Arc::new_cyclic(|weak| Self {
            state: Lock::new(State::Waits(future)),
            waker: Waker::from(Arc::new(Kick(weak.clone()))),
        });
        driven.poll();
        driven
    }

    fn poll(&self) {
        let Some(mut future) = self.begin() else {
            return;
        };
        let mut cx = Context::from_waker(&self.waker);
        // Not under the lock: it may cancel, and so wake anybody.
        while future.as_mut().poll(&mut cx).is_pending() {
            let mut state = self.state.lock();
            if matches!(*state, State::Polled { again: true }) {
                *state = State::Polled { again: false };
            } else {
                *state = State::Waits(future);
                return;
            }
        }
        *self.state.lock() = State::Over;
    }

    /// Takes the future out to poll it, if nobody else has.
    fn begin(&self) -> Option<Boxed> {
        let mut state = self.state.lock();
        match std::mem::replace(&mut *state, State::Polled { again: true }) {
            State::Waits(future) => {
                *state = State::Polled { again: false };
                Some(future)
            }
            State::Polled { .. } => None,
            State::Over => {
                *state = State::Over;
                None
            }
        }
    }
}

struct Kick(Weak<Driven>);

impl Wake for Kick {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(driven) = self.0.upgrade() {
            driven.poll();
        }
    }
}

#[cfg(test)]
mod tests;
