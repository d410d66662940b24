//! The end of a writer's queue that its thread has, and the gate to the other end.
//!
//! The queue is shared so that a shutdown closes it at once: a message that says so would wait for room behind what it is to
//! keep out, and for a thread that is busy.
//!
//! A queue that is closed still waits for those who were promised room. They may be futures that nobody polls, such as one
//! beside the `shutdown` that waits for it in the same task. So a message is sent by who is inside of the gate, and nobody is
//! there from one poll to the next. Once the gate is closed and the last one is out, nothing will come, whatever was promised;
//! who comes with a promise is sent away, and keeps its message.
//!
//! How long somebody is inside: a task that writes, for a few instructions; a stream, for one pull of its source, which is the
//! user's code. It goes in before it pulls, since what has left the source could not be put back if the gate were closed by
//! then. So a shutdown waits for a pull that has begun, and a source that blocks holds it up, up to its grace.
//!
//! # Invariants
//!
//! G1. Messages are put into the queue inside of the gate only.
//!
//! G2. Nobody gets in once it is closed, and it stays so.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use aqueduct_channel::mpsc;

use super::Message;

pub(crate) struct Intake<T> {
    /// Gone when the thread has ended. Locked for as long as it takes messages, and not while it waits.
    queue: Mutex<Option<mpsc::Receiver<Message<T>>>>,
    /// `{ inside: 63, CLOSED: 1 }`.
    gate: AtomicUsize,
}

const CLOSED: usize = 1;
const ONE: usize = 2;

/// Who may send.
#[must_use = "the gate is left when this is dropped"]
pub(crate) struct Inside<'a>(&'a AtomicUsize);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        // Release pairs with the Acquire in `is_over`: what was sent is in the queue.
        self.0.fetch_sub(ONE, Ordering::Release);
    }
}

impl<T> Intake<T> {
    pub(super) fn new(queue: mpsc::Receiver<Message<T>>) -> Self {
        Self {
            queue: Mutex::new(Some(queue)),
            gate: AtomicUsize::new(0),
        }
    }

    /// Goes in, unless it is closed.
    pub(crate) fn enter(&self) -> Option<Inside<'_>> {
        // Relaxed: all changes of the word have one order, in which it is open here, or closed.
        let gate = self.gate.fetch_add(ONE, Ordering::Relaxed);
        let inside = Inside(&self.gate);
        (gate & CLOSED == 0).then_some(inside)
    }

    /// Lets no more messages in. The thread is to be unparked then.
    pub(super) fn close(&self) {
        self.gate.fetch_or(CLOSED, Ordering::Relaxed);
        // Who is in line is told.
        if let Some(queue) = &mut *self.lock() {
            queue.close();
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.gate.load(Ordering::Relaxed) & CLOSED != 0
    }

    /// Whether no message will come but those that can be seen in the queue now.
    pub(super) fn is_over(&self) -> bool {
        // Acquire pairs with the Release of those who went out.
        self.gate.load(Ordering::Acquire) == CLOSED
    }

    pub(super) fn poll_recv_many(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<Message<T>>,
        limit: usize,
    ) -> Poll<usize> {
        match &mut *self.lock() {
            Some(queue) => queue.poll_recv_many(cx, buffer, limit),
            None => Poll::Ready(0),
        }
    }

    /// Drops what is left, outside of the lock.
    pub(super) fn end(&self) {
        self.gate.fetch_or(CLOSED, Ordering::Relaxed);
        let queue = self.lock().take();
        drop(queue);
    }

    fn lock(&self) -> MutexGuard<'_, Option<mpsc::Receiver<Message<T>>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
