//! One waiter's half of a wait queue. Invariants I1 to I4 are those of [`wait_queue`](super).

use std::fmt;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

use super::list::{IDLE, LINKED, Node, SERVED};
use super::{Place, Queue};

/// One waiter's place in a queue.
///
/// Dropping it leaves the queue; what it had been given goes to [`Queue::left`]. Leaking it (`mem::forget` of the box
/// that it is pinned in) leaves it in line for ever: what it is given is lost, and no worse.
pub struct Wait<Q: Queue> {
    queue: Q,
    node: Node<Q::Request>,
    _pinned: PhantomPinned,
}

impl<Q: Queue> Wait<Q> {
    /// Creates a place that is not yet in line.
    pub fn new(queue: Q) -> Self {
        Self {
            queue,
            node: Node::new(),
            _pinned: PhantomPinned,
        }
    }

    /// The handle to the queue.
    pub fn queue(&self) -> &Q {
        &self.queue
    }

    /// Whether this waiter is in line, or has been served and not yet looked.
    pub fn is_waiting(&self) -> bool {
        self.node.state() != IDLE
    }

    /// Waits until the request is fulfilled, and returns it.
    ///
    /// The first poll gets in line with the request that `request` makes, and then serves the queue with `fulfil` as
    /// [`WaitQueue::serve_and`](super::WaitQueue::serve_and) does. That look is for the whole line, and those who join
    /// behind rely on it (see "Joining a line"): a caller whose `fulfil` says no because it looks by itself afterwards
    /// must wake the next in line whenever it finds something and there may be more. `position` counts messages (or
    /// whatever else goes by) and tells how often this queue is slept on.
    pub fn poll_wait(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        place: Place,
        position: u64,
        request: impl FnOnce() -> Q::Request,
        fulfil: impl FnMut(&mut Q::Request) -> bool,
        drained: impl FnMut(),
    ) -> Poll<Q::Request> {
        let this = self.into_ref();
        match this.node.state() {
            SERVED => return Poll::Ready(this.take()),
            LINKED => this.renew(cx.waker()),
            _ => {
                this.join(cx.waker().clone(), place, position, request());
                this.queue
                    .wait_queue()
                    .serve_all_but(&this.node, fulfil, drained);
            }
        }
        if this.node.state() == SERVED {
            Poll::Ready(this.take())
        } else {
            Poll::Pending
        }
    }

    /// Gets in line, and runs the sleeper's barrier unless those in line did ("Joining a line" in the parent's doc).
    fn join(self: Pin<&Self>, waker: Waker, place: Place, position: u64, request: Q::Request) {
        // SAFETY: I1: the node is Idle, so it is its owner's.
        unsafe {
            self.node.with_body(|body| {
                body.waker = Some(waker);
                body.request = Some(request);
            });
        }
        self.node.set_state(LINKED);
        let mut list = self.queue.wait_queue().lock();
        let before = list.pace.payer();
        let covered = !list.is_empty();
        if !covered {
            list.note_sleep(position);
        }
        let now = list.pace.payer();
        // SAFETY: I2: the node was Idle. I3: `self` is pinned, and its drop unlinks the node.
        unsafe { list.link(NonNull::from(&self.node), place) };
        drop(list);
        if !covered {
            now.sleeper_barrier(before);
        }
    }

    /// In line already: makes sure that the right task is woken.
    fn renew(&self, waker: &Waker) {
        let queue = self.queue.wait_queue();
        let list = queue.list.lock();
        // SAFETY: by I1, under the lock. A node that was served meanwhile has no waker, and needs none.
        let same = unsafe {
            self.node.with_body(|body| {
                let held = body.waker.as_ref();
                held.is_none_or(|held| held.will_wake(waker))
            })
        };
        drop(list);
        if same {
            return;
        }
        // Cloned and dropped outside of the lock, since both are the user's code.
        let mut new = Some(waker.clone());
        let list = queue.list.lock();
        if self.node.state() == LINKED {
            // SAFETY: by I1, under the lock and Linked.
            unsafe {
                self.node
                    .with_body(|body| std::mem::swap(&mut body.waker, &mut new));
            }
        }
        drop(list);
        drop(new);
    }

    /// Takes the request back from a node that is not in the list.
    fn take(&self) -> Q::Request {
        self.node.set_state(IDLE);
        // SAFETY: I1: the node is not in the list, so it is its owner's.
        let request = unsafe { self.node.with_body(|body| body.request.take()) };
        request.expect("a node that is not idle has a request")
    }

    /// Leaves the line. Returns the request and whether it had been fulfilled, or nothing if not in line.
    pub fn leave(self: Pin<&mut Self>) -> Option<(Q::Request, bool)> {
        let left = self.into_ref().leave_line()?;
        Some((left.request, left.served))
    }

    fn leave_line(&self) -> Option<Left<Q::Request>> {
        let (served, waker) = match self.node.state() {
            IDLE => return None,
            SERVED => (true, None),
            _ => {
                let mut list = self.queue.wait_queue().lock();
                if self.node.state() == SERVED {
                    (true, None)
                } else {
                    // SAFETY: I2: the node is Linked under the lock, so it is in the list.
                    (false, unsafe { list.unlink(NonNull::from(&self.node)) })
                }
            }
        };
        Some(Left {
            request: self.take(),
            served,
            _waker: waker,
        })
    }
}

/// What a waiter who leaves takes along. Dropping a waker is the user's code, so it goes last.
struct Left<R> {
    request: R,
    served: bool,
    _waker: Option<Waker>,
}

impl<Q: Queue> Drop for Wait<Q> {
    fn drop(&mut self) {
        if let Some(left) = self.leave_line() {
            let Left {
                request,
                served,
                _waker,
            } = left;
            self.queue.left(request, served);
        }
    }
}

impl<Q: Queue> fmt::Debug for Wait<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("waiting", &self.is_waiting())
            .finish_non_exhaustive()
    }
}
