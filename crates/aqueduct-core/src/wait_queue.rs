//! Where tasks and threads wait in line, first come, first served.
//!
//! A waiter brings a *request* and a server hands things out: [`WaitQueue::serve`] shows each request, in order, to
//! a closure that fulfils it (or does not, which ends the round). A waiter whose request was fulfilled leaves the
//! queue with it; there is nothing to try again, and nobody to race with.
//!
//! ```text
//!              poll_wait                serve says yes               poll_wait takes the request
//!    Idle ───────────────────▶ Linked ───────────────────▶ Served ───────────────────────────────▶ Idle
//!      ▲                          │                           │
//!      └────────── dropped ───────┴───────── dropped ─────────┘   the request goes to `Queue::left`
//! ```
//!
//! Nodes lie in the waiting futures themselves, so that waiting allocates nothing. The lock is held for a few pointer
//! writes and the serving closure; wakers are cloned before it and called after it, in bounded batches.
//!
//! # Losing no wake-up
//!
//! A waiter links itself, runs the sleeper's barrier (see [`barrier`]), and then serves the queue itself, as a server
//! would. So what was published before its barrier is found by it, and who publishes after sees the waiting flag. That
//! it serves *the queue*, not itself, keeps the order, and makes its look good for all: see "Changing the payer" in
//! [`barrier`].
//!
//! # Joining a line
//!
//! Who finds somebody in line already needs no barrier of its own, and does not change the payer. Since the line was
//! last empty the flag has said WAITING, and whoever joined it then, the *first*, runs its barrier and looks after that.
//! A server that published without seeing the flag published before the first's barrier. So the first's look finds what
//! it published; or, if that look came before this waiter joined, it left nothing that those who were in line then could
//! take, and this waiter, who takes the lock after it, sees what the first saw. A server that publishes later sees the
//! flag. With the barrier being a system call, and senders going to sleep together when a channel is full, this saves
//! most of them.
//!
//! # Invariants
//!
//! I1. A node's links, request and waker are touched only under the lock while it is Linked, and only by its owner
//!     otherwise.
//! I2. A node is Linked exactly while it is in the list. Linking and unlinking happen under the lock.
//! I3. A `Wait` is pinned from its first poll on, and unlinks its node before it goes; so a Linked node's address is
//!     valid. Its queue outlives it, since it holds a [`Queue`], whose contract says so.
//! I4. After a server has stored Served it does not touch the node again: the owner may free it at once.
//! I5. Whenever the lock is free, the flag says WAITING if and only if the list is not empty (`Locked` sees to it).
//!
//! # Why not an event list
//!
//! Queues that only say "try again" (`event-listener`, `Notify`) leave the woken to race with newcomers, and who
//! loses goes to the end of the line. Here the server takes the slot or permit on the waiter's behalf under the lock.

mod lazy;
mod list;
mod wait;

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;

use crate::barrier;
use crate::sync::{Arc, AtomicUsize, Lock, MutexGuard, Ordering};
use crate::wake_batch::{WakeBatch, keep_first};

pub use lazy::LazyWait;
use list::{List, Node, WAITING};
pub use wait::Wait;

/// Far enough to be on another cache line.
const APART: usize = 64 - size_of::<usize>();

/// A first-in, first-out queue of waiters with requests of type `R`.
///
/// The flag that servers look at is kept a cache line away from the lock.
#[repr(C)]
pub struct WaitQueue<R> {
    flag: AtomicUsize,
    _apart: [u8; APART],
    list: Lock<List<R>>,
}

/// Whether a newly linked waiter goes to the end of the line, or to its head since it has waited before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind all others.
    Back,
    /// Before all others.
    Front,
}

impl<R> WaitQueue<R> {
    /// Creates an empty queue. `messages` is a guess of how many will go by between two sleeps (see
    /// [`Pace`](barrier::Pace)).
    pub fn new(messages: usize) -> Self {
        let list = List::new(messages);
        Self {
            flag: AtomicUsize::new(list.flag()),
            _apart: [0; APART],
            list: Lock::new(list),
        }
    }

    /// Whether somebody waits. To be asked after publishing; the barrier between the two is in here.
    #[inline(always)]
    pub fn is_waited_on(&self) -> bool {
        barrier::light();
        match self.flag.load(Ordering::Relaxed) {
            0 => false,
            flag => self.is_waited_on_slow(flag),
        }
    }

    #[inline]
    fn is_waited_on_slow(&self, flag: usize) -> bool {
        // Where somebody is seen to wait, no barrier is needed before looking whether somebody does.
        if flag & WAITING != 0 {
            return true;
        }
        barrier::full();
        self.flag.load(Ordering::Relaxed) & WAITING != 0
    }

    /// How many wait, at this moment.
    pub fn len(&self) -> usize {
        self.list.lock().len as usize
    }

    /// Whether nobody waits, at this moment and without a barrier.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.flag.load(Ordering::Relaxed) & WAITING == 0
    }

    /// Shows the requests to `fulfil`, first come first, and wakes whom it fulfilled, until it says no or nobody is
    /// left. Returns how many were served.
    ///
    /// `fulfil` runs under the queue's lock: it must not run code of the user's, nor come back to this queue.
    pub fn serve(&self, fulfil: impl FnMut(&mut R) -> bool) -> usize {
        self.serve_all_but(ptr::null(), fulfil, || {})
    }

    /// [`serve`](Self::serve), which calls `drained` under the lock if nobody is left.
    pub fn serve_and(&self, fulfil: impl FnMut(&mut R) -> bool, drained: impl FnMut()) -> usize {
        self.serve_all_but(ptr::null(), fulfil, drained)
    }

    /// Serves everybody.
    pub fn serve_all(&self) -> usize {
        self.serve(|_| true)
    }

    /// [`serve`](Self::serve), where `me` is served without being woken.
    fn serve_all_but(
        &self,
        me: *const Node<R>,
        mut fulfil: impl FnMut(&mut R) -> bool,
        mut drained: impl FnMut(),
    ) -> usize {
        let mut batch = WakeBatch::new();
        let mut own = None;
        let mut served = 0;
        let mut panic = None;
        loop {
            let mut list = self.lock();
            while !batch.is_full() {
                let Some((node, waker)) = list.serve_front(&mut fulfil) else {
                    break;
                };
                served += 1;
                if ptr::eq(node, me) {
                    own = waker;
                } else if let Some(waker) = waker {
                    batch.push(waker);
                }
            }
            if list.is_empty() {
                drained();
            }
            drop(list);
            if !batch.is_full() {
                break;
            }
            // There may be more to serve, and a waker that panics shall not keep them from it.
            let woken = catch_unwind(AssertUnwindSafe(|| batch.wake_all()));
            if let Err(payload) = woken {
                keep_first(&mut panic, payload);
            }
        }
        batch.wake_all();
        drop(own);
        match panic {
            Some(payload) => resume_unwind(payload),
            None => served,
        }
    }

    fn lock(&self) -> Locked<'_, R> {
        Locked {
            flag: &self.flag,
            list: self.list.lock(),
        }
    }
}

/// The lock, held. Keeps I5 on the way out, and says who pays.
struct Locked<'a, R> {
    flag: &'a AtomicUsize,
    list: MutexGuard<'a, List<R>>,
}

impl<R> Drop for Locked<'_, R> {
    fn drop(&mut self) {
        self.flag.store(self.list.flag(), Ordering::Relaxed);
    }
}

impl<R> Deref for Locked<'_, R> {
    type Target = List<R>;

    fn deref(&self) -> &List<R> {
        &self.list
    }
}

impl<R> DerefMut for Locked<'_, R> {
    fn deref_mut(&mut self) -> &mut List<R> {
        &mut self.list
    }
}

impl<R> fmt::Debug for WaitQueue<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitQueue")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// A handle to a queue, by which a [`Wait`] finds it and keeps it alive.
///
/// # Safety
///
/// [`wait_queue`](Self::wait_queue) returns the same queue every time, at the same address, for as long as the handle
/// lives, wherever the handle is moved.
pub unsafe trait Queue {
    /// What waiters ask for.
    type Request;

    /// The queue.
    fn wait_queue(&self) -> &WaitQueue<Self::Request>;

    /// A waiter goes away before it took what it waited for; `served` says whether its request had been fulfilled
    /// (if not, it may have been in part). What it was given must go to the next in line.
    fn left(&self, request: Self::Request, served: bool);
}

/// What becomes of a fulfilled request whose waiter went away, in a queue that stands alone.
pub trait PassOn: Sized {
    /// Gives it to somebody else in `queue`, or back to where it came from.
    fn pass_on(self, queue: &WaitQueue<Self>);
}

impl PassOn for () {
    fn pass_on(self, queue: &WaitQueue<()>) {
        let mut passed = false;
        queue.serve(|()| !std::mem::replace(&mut passed, true));
    }
}

// SAFETY: I3: a reference's target does not change, nor go while the reference lives.
unsafe impl<R: PassOn> Queue for &WaitQueue<R> {
    type Request = R;

    fn wait_queue(&self) -> &WaitQueue<R> {
        self
    }

    fn left(&self, request: R, served: bool) {
        if served {
            request.pass_on(self);
        }
    }
}

// SAFETY: I3: an `Arc`'s target does not change, and stays while the `Arc` lives.
unsafe impl<R: PassOn> Queue for Arc<WaitQueue<R>> {
    type Request = R;

    fn wait_queue(&self) -> &WaitQueue<R> {
        self
    }

    fn left(&self, request: R, served: bool) {
        if served {
            request.pass_on(self);
        }
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;

#[cfg(all(test, aqueduct_loom))]
#[path = "wait_queue/tests/loom.rs"]
mod loom;

#[cfg(test)]
#[path = "wait_queue/tests/semaphore.rs"]
mod semaphore;
