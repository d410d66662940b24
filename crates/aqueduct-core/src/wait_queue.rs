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
//! A waiter links itself, runs the sleeper's barrier (see [`barrier`](crate::barrier)), and then serves the queue
//! itself, as a server would. So what was published before its barrier is found by it, and who publishes after sees
//! the waiting flag. That it serves *the queue*, not itself, keeps the order.
//!
//! # Invariants
//!
//! I1. A node's links, request and waker are touched only under the lock while it is Linked, and only by its owner
//!     otherwise.
//! I2. A node is Linked exactly while it is in the list. Linking and unlinking happen under the lock.
//! I3. A `Wait` is pinned from its first poll on, and unlinks its node before it goes; so a Linked node's address is
//!     valid. Its queue outlives it, since it holds a [`Queue`], whose contract says so.
//! I4. After a server has stored Served it does not touch the node again: the owner may free it at once.
//! I5. The flag says WAITING exactly while the list is not empty. It is written under the lock.
//!
//! # Why not an event list
//!
//! Queues that only say "try again" (`event-listener`, `Notify`) leave the woken to race with newcomers, and who
//! loses goes to the end of the line. Here the server takes the slot or permit on the waiter's behalf under the lock.

use std::fmt;
use std::marker::PhantomPinned;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll, Waker};

use crate::barrier::{self, Pace, Payer};
use crate::sync::{Arc, AtomicU8, AtomicUsize, Lock, Ordering, UnsafeCell};
use crate::wake_batch::WakeBatch;

/// The flag: somebody is in the list.
const WAITING: usize = 1;
/// The flag: servers must fence before they look ([`Payer::Both`]).
const BOTH: usize = 1 << 1;

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

// SAFETY: requests move between threads (Send), and all else in a node is touched under the lock or by its owner (I1).
unsafe impl<R: Send> Send for WaitQueue<R> {}
// SAFETY: as above; nobody gets a shared reference to a request outside the lock.
unsafe impl<R: Send> Sync for WaitQueue<R> {}

/// Whether a newly linked waiter goes to the end of the line, or to its head since it has waited before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind all others.
    Back,
    /// Before all others.
    Front,
}

impl<R> WaitQueue<R> {
    /// Creates an empty queue. `messages` is a guess of how many will go by between two sleeps (see [`Pace`]).
    pub fn new(messages: usize) -> Self {
        let pace = Pace::new(messages);
        Self {
            flag: AtomicUsize::new(if pace.payer() == Payer::Both { BOTH } else { 0 }),
            _apart: [0; APART],
            list: Lock::new(List {
                front: ptr::null_mut(),
                back: ptr::null_mut(),
                len: 0,
                pace,
                slept_at: 0,
            }),
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
        if flag & BOTH == 0 {
            return true;
        }
        barrier::full();
        self.flag.load(Ordering::Relaxed) & WAITING != 0
    }

    /// How many wait, at this moment.
    pub fn len(&self) -> usize {
        self.list.lock().len
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
        loop {
            let mut list = self.list.lock();
            let more = loop {
                let Some(front) = NonNull::new(list.front) else {
                    break false;
                };
                if batch.is_full() {
                    break true;
                }
                // SAFETY: by I2 and I3 the node is valid; by I1 its request is ours under the lock.
                let request = unsafe { &mut *ptr::addr_of_mut!((*front.as_ptr()).request) };
                if !request.as_mut().is_some_and(&mut fulfil) {
                    break false;
                }
                // SAFETY: by I2 the node is in the list.
                let waker = unsafe { list.unlink(front) };
                // SAFETY: as above; I4: this is the last touch.
                // Release pairs with the Acquire in `Wait::state`: the owner sees the request as it was fulfilled.
                unsafe { (*front.as_ptr()).state.store(SERVED, Ordering::Release) };
                served += 1;
                match waker {
                    Some(waker) if !ptr::eq(front.as_ptr(), me) => batch.push(waker),
                    other => own = other,
                }
            };
            self.write_flag(&list);
            if list.front.is_null() {
                drained();
            }
            drop(list);
            batch.wake_all();
            if !more {
                drop(own);
                return served;
            }
        }
    }

    /// I5, and who pays.
    fn write_flag(&self, list: &List<R>) {
        let waiting = if list.front.is_null() { 0 } else { WAITING };
        let both = if list.pace.payer() == Payer::Both {
            BOTH
        } else {
            0
        };
        self.flag.store(waiting | both, Ordering::Relaxed);
    }
}

impl<R> fmt::Debug for WaitQueue<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitQueue")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// The list, and how often it is slept on.
struct List<R> {
    front: *mut Node<R>,
    back: *mut Node<R>,
    len: usize,
    pace: Pace,
    slept_at: u64,
}

impl<R> List<R> {
    /// # Safety
    ///
    /// The node is valid (I3) and in no list (I2).
    unsafe fn link(&mut self, node: NonNull<Node<R>>, place: Place) {
        let (prev, next) = match place {
            Place::Back => (self.back, ptr::null_mut()),
            Place::Front => (ptr::null_mut(), self.front),
        };
        // SAFETY: the node is ours by the caller's promise, its neighbours by I1 and I2.
        unsafe {
            (*node.as_ptr()).prev = prev;
            (*node.as_ptr()).next = next;
            self.join(prev, node.as_ptr(), node.as_ptr(), next);
        }
        self.len += 1;
    }

    /// Takes the node out and returns its waker.
    ///
    /// # Safety
    ///
    /// The node is in this list (I2).
    unsafe fn unlink(&mut self, node: NonNull<Node<R>>) -> Option<Waker> {
        // SAFETY: by I1 to I3 the node and its neighbours are valid and ours under the lock.
        unsafe {
            let (prev, next) = ((*node.as_ptr()).prev, (*node.as_ptr()).next);
            self.join(prev, next, prev, next);
            self.len -= 1;
            (*node.as_ptr()).waker.take()
        }
    }

    /// Makes `after` follow `prev`, and `before` precede `next`.
    ///
    /// # Safety
    ///
    /// `prev` and `next` are null or in this list.
    unsafe fn join(
        &mut self,
        prev: *mut Node<R>,
        after: *mut Node<R>,
        before: *mut Node<R>,
        next: *mut Node<R>,
    ) {
        // SAFETY: by I1 to I3, as the caller promises.
        unsafe {
            if prev.is_null() {
                self.front = after
            } else {
                (*prev).next = after
            }
            if next.is_null() {
                self.back = before
            } else {
                (*next).prev = before
            }
        }
    }
}

const IDLE: u8 = 0;
const LINKED: u8 = 1;
const SERVED: u8 = 2;

struct Node<R> {
    prev: *mut Node<R>,
    next: *mut Node<R>,
    waker: Option<Waker>,
    request: Option<R>,
    state: AtomicU8,
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
        let mut left = 1;
        queue.serve(|()| std::mem::take(&mut left) == 1);
    }
}

// SAFETY: a reference's target does not change.
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

// SAFETY: an `Arc`'s target does not change, and stays while the `Arc` lives.
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

/// One waiter's place in a queue.
///
/// Dropping it leaves the queue; what it had been given goes to [`Queue::left`]. Leaking it (`mem::forget` of the box
/// that it is pinned in) leaves it in line for ever, which is a lost place and no worse.
pub struct Wait<Q: Queue> {
    queue: Q,
    node: UnsafeCell<Node<Q::Request>>,
    _pinned: PhantomPinned,
}

// SAFETY: by I1 the node is touched under the lock or by its owner, and its parts are Send.
unsafe impl<Q: Queue + Send> Send for Wait<Q> where Q::Request: Send {}
// SAFETY: a shared reference to a `Wait` gives access to its queue and an atomic only.
unsafe impl<Q: Queue + Sync> Sync for Wait<Q> where Q::Request: Send {}

impl<Q: Queue> Wait<Q> {
    /// Creates a place that is not yet in line.
    pub fn new(queue: Q) -> Self {
        Self {
            queue,
            node: UnsafeCell::new(Node {
                prev: ptr::null_mut(),
                next: ptr::null_mut(),
                waker: None,
                request: None,
                state: AtomicU8::new(IDLE),
            }),
            _pinned: PhantomPinned,
        }
    }

    /// The handle to the queue.
    pub fn queue(&self) -> &Q {
        &self.queue
    }

    /// Whether this waiter is in line, or has been served and not yet looked.
    pub fn is_waiting(&self) -> bool {
        self.state() != IDLE
    }

    #[inline]
    fn state(&self) -> u8 {
        // Acquire pairs with the Release in `serve_all_but`: a served request is seen as it was fulfilled.
        // SAFETY: the node is valid while `self` is; the state is an atomic.
        self.node
            .with(|node| unsafe { (*ptr::addr_of!((*node).state)).load(Ordering::Acquire) })
    }

    fn node(&self) -> NonNull<Node<Q::Request>> {
        self.node.with_mut(|node| {
            // SAFETY: a pointer from a cell is not null.
            unsafe { NonNull::new_unchecked(node) }
        })
    }

    /// Waits until the request is fulfilled, and returns it.
    ///
    /// The first poll gets in line with the request that `request` makes, and then serves the queue with `fulfil` as
    /// [`WaitQueue::serve`] does. `position` counts messages (or whatever else goes by) and tells how often this
    /// queue is slept on.
    pub fn poll_wait(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        place: Place,
        position: u64,
        request: impl FnOnce() -> Q::Request,
        fulfil: impl FnMut(&mut Q::Request) -> bool,
        drained: impl FnMut(),
    ) -> Poll<Q::Request> {
        let this = self.into_ref().get_ref();
        match this.state() {
            SERVED => return Poll::Ready(this.take()),
            LINKED => this.renew(cx.waker()),
            _ => {
                this.join(cx.waker().clone(), place, position, request());
                this.queue
                    .wait_queue()
                    .serve_all_but(this.node().as_ptr(), fulfil, drained);
            }
        }
        if this.state() == SERVED {
            Poll::Ready(this.take())
        } else {
            Poll::Pending
        }
    }

    /// Gets in line, and runs the sleeper's barrier.
    fn join(&self, waker: Waker, place: Place, position: u64, request: Q::Request) {
        let node = self.node();
        // SAFETY: I1: the node is Idle, so it is its owner's.
        unsafe {
            (*node.as_ptr()).waker = Some(waker);
            (*node.as_ptr()).request = Some(request);
            (*node.as_ptr()).state.store(LINKED, Ordering::Relaxed);
        }
        let queue = self.queue.wait_queue();
        let (before, now) = {
            let mut list = queue.list.lock();
            let before = list.pace.payer();
            let messages = position.wrapping_sub(list.slept_at);
            list.slept_at = position;
            let now = list.pace.sleep_after(messages);
            // SAFETY: I2: the node was Idle. I3: `self` is pinned, as `poll_wait` demands.
            unsafe { list.link(node, place) };
            queue.write_flag(&list);
            (before, now)
        };
        now.sleeper_barrier(before);
    }

    /// In line already: makes sure that the right task is woken.
    fn renew(&self, waker: &Waker) {
        let queue = self.queue.wait_queue();
        let node = self.node().as_ptr();
        let same = |_: &_| {
            // SAFETY: by I1, under the lock.
            unsafe {
                (*node)
                    .waker
                    .as_ref()
                    .is_none_or(|held| held.will_wake(waker))
            }
        };
        if same(&queue.list.lock()) {
            return;
        }
        let mut new = Some(waker.clone());
        let list = queue.list.lock();
        if self.state() == LINKED {
            // SAFETY: by I1, under the lock and Linked.
            unsafe { std::mem::swap(&mut (*node).waker, &mut new) };
        }
        drop(list);
        drop(new);
    }

    /// Takes the request back from a node that is not Linked.
    fn take(&self) -> Q::Request {
        let node = self.node().as_ptr();
        // SAFETY: I1: the node is not Linked, so it is its owner's.
        let request = unsafe {
            (*node).state.store(IDLE, Ordering::Relaxed);
            (*node).request.take()
        };
        request.expect("a node that is not idle has a request")
    }

    /// Leaves the line. Returns the request and whether it had been fulfilled, or nothing if not in line.
    pub fn leave(self: Pin<&mut Self>) -> Option<(Q::Request, bool)> {
        self.into_ref().get_ref().leave_line()
    }

    fn leave_line(&self) -> Option<(Q::Request, bool)> {
        let mut served = match self.state() {
            IDLE => return None,
            state => state == SERVED,
        };
        let mut waker = None;
        if !served {
            let queue = self.queue.wait_queue();
            let mut list = queue.list.lock();
            served = self.state() == SERVED;
            if !served {
                // SAFETY: by I2 the node is in the list.
                waker = unsafe { list.unlink(self.node()) };
                queue.write_flag(&list);
            }
        }
        drop(waker);
        Some((self.take(), served))
    }
}

impl<Q: Queue> Drop for Wait<Q> {
    fn drop(&mut self) {
        if let Some((request, served)) = self.leave_line() {
            self.queue.left(request, served);
        }
    }
}

/// A [`Wait`] that is made when it is first needed, and costs nothing before that: not even a call when it is dropped.
pub struct LazyWait<Q: Queue> {
    wait: ManuallyDrop<Option<Wait<Q>>>,
}

impl<Q: Queue> LazyWait<Q> {
    /// Creates none.
    #[inline(always)]
    pub const fn new() -> Self {
        Self {
            wait: ManuallyDrop::new(None),
        }
    }

    /// Whether it was made.
    #[inline(always)]
    pub fn is_made(&self) -> bool {
        self.wait.is_some()
    }

    /// The place, made with `queue` if there is none yet.
    pub fn get(self: Pin<&mut Self>, queue: impl FnOnce() -> Q) -> Pin<&mut Wait<Q>> {
        // SAFETY: I3: the place is pinned as `self` is: it is made in its spot, never moved, and dropped there.
        unsafe {
            let wait = &mut *self.get_unchecked_mut().wait;
            Pin::new_unchecked(wait.get_or_insert_with(|| Wait::new(queue())))
        }
    }
}

impl<Q: Queue> Default for LazyWait<Q> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Q: Queue> Drop for LazyWait<Q> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.wait.is_some() {
            // SAFETY: I3: dropped once, in its spot.
            unsafe { ManuallyDrop::drop(&mut self.wait) };
        }
    }
}

impl<Q: Queue> fmt::Debug for LazyWait<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyWait")
            .field("wait", &*self.wait)
            .finish()
    }
}

impl<Q: Queue> fmt::Debug for Wait<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("waiting", &self.is_waiting())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
