//! Where the tasks of a local group lie between being spawned and being polled.
//!
//! A list under a lock, with the waker of the one *driver* that takes from it. The waker is here only while nothing lies
//! here and the driver sleeps: [`Inbox::arm`] puts it here in the section that saw the list empty, [`Inbox::take`] takes it
//! out, and a push that finds it calls it. So pushing while the driver is awake, as its own tasks do, wakes nobody.

use std::fmt;
use std::task::Waker;

use aqueduct_core::sync::Lock;

pub(crate) struct Inbox<T> {
    state: Lock<State<T>>,
}

struct State<T> {
    tasks: Vec<T>,
    /// The driver's, while it is not being polled and nothing lies here.
    waker: Option<Waker>,
    closed: bool,
}

impl<T> Inbox<T> {
    pub(crate) fn new() -> Self {
        Self {
            state: Lock::new(State {
                tasks: Vec::new(),
                waker: None,
                closed: false,
            }),
        }
    }

    /// Puts a task here, for the driver to take. If there is no driver any more the task is dropped, here.
    pub(crate) fn push(&self, task: T) {
        let mut state = self.state.lock();
        if state.closed {
            drop(state);
            drop(task);
            return;
        }
        state.tasks.push(task);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Takes what lies here in exchange for an empty list, and the waker: who takes is awake.
    pub(crate) fn take(&self, tasks: &mut Vec<T>) -> Option<Waker> {
        debug_assert!(tasks.is_empty(), "what is left would be lost");
        let mut state = self.state.lock();
        std::mem::swap(&mut state.tasks, tasks);
        state.waker.take()
    }

    /// Leaves a waker for who comes next. Gives it back if somebody has come already.
    pub(crate) fn arm(&self, waker: Waker) -> Result<(), Waker> {
        let mut state = self.state.lock();
        if !state.tasks.is_empty() {
            return Err(waker);
        }
        debug_assert!(state.waker.is_none(), "the driver took it when it woke");
        state.waker = Some(waker);
        Ok(())
    }

    /// Takes nothing more, and drops what lies here.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let left = (std::mem::take(&mut state.tasks), state.waker.take());
        drop(state);
        drop(left);
    }
}

impl<T> fmt::Debug for Inbox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;

#[cfg(all(test, aqueduct_loom))]
#[path = "inbox/tests/loom.rs"]
mod loom;
