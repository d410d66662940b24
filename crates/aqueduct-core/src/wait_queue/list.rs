//! The list of a wait queue and its nodes. Invariants I1 to I4 are those of [`wait_queue`](super).

use std::ptr::{self, NonNull};
use std::task::Waker;

use super::Place;
use crate::barrier::{Pace, Payer};
use crate::sync::{AtomicU8, Ordering, UnsafeCell};

/// Not in line; the node is its owner's.
pub(super) const IDLE: u8 = 0;
/// In the list; the node is the lock's.
pub(super) const LINKED: u8 = 1;
/// Out of the list with its request fulfilled; the node is its owner's again.
pub(super) const SERVED: u8 = 2;

/// The flag: somebody is in the list.
pub(super) const WAITING: usize = 1;
/// The flag: servers must fence before they look ([`Payer::Both`]).
pub(super) const BOTH: usize = 1 << 1;

/// By how many messages the positions of two waiters that race for the lock can be in the wrong order.
const DISORDER: u32 = 1 << 16;

/// A place in line.
pub(super) struct Node<R> {
    state: AtomicU8,
    body: UnsafeCell<Body<R>>,
}

/// What is touched under I1 only.
pub(super) struct Body<R> {
    prev: *const Node<R>,
    next: *const Node<R>,
    pub(super) waker: Option<Waker>,
    pub(super) request: Option<R>,
}

// SAFETY: requests and wakers are Send, and the pointers are followed under the lock (I1).
unsafe impl<R: Send> Send for Node<R> {}
// SAFETY: a shared reference gives safe access to an atomic only; the rest is guarded by I1.
unsafe impl<R: Send> Sync for Node<R> {}

impl<R> Node<R> {
    pub(super) fn new() -> Self {
        Self {
            state: AtomicU8::new(IDLE),
            body: UnsafeCell::new(Body {
                prev: ptr::null(),
                next: ptr::null(),
                waker: None,
                request: None,
            }),
        }
    }

    #[inline]
    pub(super) fn state(&self) -> u8 {
        // Acquire pairs with the Release in `serve_front`: the owner sees the request as it was fulfilled, and the
        // server is done with the node.
        self.state.load(Ordering::Acquire)
    }

    /// Gives the owner's node a state. What that entails is up to the owner.
    pub(super) fn set_state(&self, state: u8) {
        self.state.store(state, Ordering::Relaxed);
    }

    /// # Safety
    ///
    /// The caller holds the lock, or is the owner and the node is not Linked (I1).
    pub(super) unsafe fn with_body<T>(&self, f: impl FnOnce(&mut Body<R>) -> T) -> T {
        self.body.with_mut(|body| {
            // SAFETY: by I1, as the caller promises.
            f(unsafe { &mut *body })
        })
    }
}

/// The list, and how often it is slept on.
pub(super) struct List<R> {
    front: *const Node<R>,
    back: *const Node<R>,
    pub(super) len: u32,
    /// The position at the last sleep, modulo 2³²: as far as differences need it.
    slept_at: u32,
    pub(super) pace: Pace,
}

// SAFETY: whoever has the list may serve any request in it (R: Send) and call any waker; the pointers are valid
// wherever it goes (I3).
unsafe impl<R: Send> Send for List<R> {}

impl<R> List<R> {
    /// `messages` as for [`Pace::new`].
    pub(super) fn new(messages: usize) -> Self {
        Self {
            front: ptr::null(),
            back: ptr::null(),
            len: 0,
            slept_at: 0,
            pace: Pace::new(messages),
        }
    }

    /// Notes that somebody goes to sleep at this position.
    pub(super) fn note_sleep(&mut self, position: u64) {
        let position = position as u32;
        let messages = position.wrapping_sub(self.slept_at);
        // A little negative where another waiter read its position later and got the lock first.
        if messages > u32::MAX - DISORDER {
            self.pace.sleep_after(0);
        } else {
            self.slept_at = position;
            self.pace.sleep_after(messages.into());
        }
    }

    /// # Safety
    ///
    /// The node is in no list (I2), and stays where it is until it is out of this one (I3).
    pub(super) unsafe fn link(&mut self, node: NonNull<Node<R>>, place: Place) {
        let (prev, next) = match place {
            Place::Back => (self.back, ptr::null()),
            Place::Front => (ptr::null(), self.front),
        };
        let new = node.as_ptr().cast_const();
        // SAFETY: the node is valid and ours by the caller's promise, its neighbours by I1 to I3.
        unsafe {
            node.as_ref().with_body(|body| {
                body.prev = prev;
                body.next = next;
            });
            self.connect(prev, new, new, next);
        }
        self.len += 1;
    }

    /// Takes the node out and returns its waker.
    ///
    /// # Safety
    ///
    /// The node is in this list (I2).
    pub(super) unsafe fn unlink(&mut self, node: NonNull<Node<R>>) -> Option<Waker> {
        // SAFETY: by I1 to I3 the node and its neighbours are valid and ours under the lock.
        unsafe {
            let (prev, next, waker) = node
                .as_ref()
                .with_body(|body| (body.prev, body.next, body.waker.take()));
            self.connect(prev, next, prev, next);
            self.len -= 1;
            waker
        }
    }

    /// Shows the first request to `fulfil`. If that says yes, takes the node out and returns it with its waker; it is
    /// its owner's from then on, and may be gone.
    pub(super) fn serve_front(
        &mut self,
        fulfil: impl FnOnce(&mut R) -> bool,
    ) -> Option<(*const Node<R>, Option<Waker>)> {
        let node = NonNull::new(self.front.cast_mut())?;
        // SAFETY: by I2 and I3 the node is valid and in this list; by I1 its request is ours under the lock.
        unsafe {
            let fulfilled = node
                .as_ref()
                .with_body(|body| body.request.as_mut().is_some_and(fulfil));
            if !fulfilled {
                return None;
            }
            let waker = self.unlink(node);
            // Release pairs with the Acquire in `state`. By I4 this is the last touch.
            node.as_ref().state.store(SERVED, Ordering::Release);
            Some((node.as_ptr(), waker))
        }
    }

    /// What the flag is to say (I5).
    pub(super) fn flag(&self) -> usize {
        let waiting = if self.is_empty() { 0 } else { WAITING };
        match self.pace.payer() {
            Payer::Both => waiting | BOTH,
            Payer::Sleeper => waiting,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.front.is_null()
    }

    /// Makes `after` follow `prev`, and `before` precede `next`.
    ///
    /// # Safety
    ///
    /// `prev` and `next` are null or in this list.
    unsafe fn connect(
        &mut self,
        prev: *const Node<R>,
        after: *const Node<R>,
        before: *const Node<R>,
        next: *const Node<R>,
    ) {
        // SAFETY: by I1 to I3, as the caller promises.
        unsafe {
            match prev.as_ref() {
                Some(prev) => prev.with_body(|body| body.next = after),
                None => self.front = after,
            }
            match next.as_ref() {
                Some(next) => next.with_body(|body| body.prev = before),
                None => self.back = before,
            }
        }
    }
}
