//! Which task runs here: the one ambient slot of Aqueduct.
//!
//! Each task that Aqueduct spawns has a [`Node`], and one thread-local slot says which node's task is being polled. Task
//! trees, self-ask detection, trace context and health all read this slot, so that a poll pays for one thread-local and
//! not for one each.
//!
//! ```text
//!    poll of task A ──▶ slot: A ──▶ poll of B inside of it ──▶ slot: B ──▶ slot: A ──▶ slot: whatever was before
//! ```
//!
//! The task's own future has its node. [`within`] points the slot at it, runs what is to run, and points it back at
//! what was there before, also when that panics. Nothing is counted, and nothing allocated.
//!
//! A node knows its parent by id alone. A reference would keep all ancestors alive, which for a task that ends by
//! spawning its successor is a list without end.
//!
//! # Invariants
//!
//! I1. What the slot points at is borrowed by a call of [`within`] on this thread's stack, which has not returned:
//!     whoever sets the pointer puts back the one before when the call ends, however it ends. Calls end in the reverse
//!     order of their beginning.
//! I2. References made of the pointer do not outlive the closure that is shown them, which runs inside of that call.
//! I3. While an [`InNode`] has its node it has its future; without a node that has been dropped. One pointer says so, and
//!     no flag of its own: in a small task those eight bytes are the difference between two cache lines and four.
//! I4. The future is pinned with its [`InNode`], out of which nothing is moved but the node: it is dropped where it is.
//!
//! # Why no guard to keep a node current, and no reference that is counted
//!
//! Guards can be dropped out of order, or leaked, which would leave the pointer dangling; a call cannot. A slot that owns
//! a counted reference needs an allocation for each task, and two locked operations: a fifth of what a spawn costs.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::thread;

use crate::pad::Padded;

thread_local! {
    static CURRENT: Cell<Option<NonNull<dyn Node>>> = const { Cell::new(None) };
}

/// What is known of a task that Aqueduct spawned, as told by the crate that spawned it. That finds its own type again by
/// `downcast`, a method of `dyn Node`.
pub trait Node: Any + Send + Sync {
    /// Its number.
    fn id(&self) -> NodeId;

    /// A word for the one crate above that wants one; a child begins with its parent's, a root with 0.
    fn context(&self) -> &AtomicU64;

    /// The task that spawned this one, unless that was not one of Aqueduct's.
    fn parent(&self) -> Option<NodeId>;

    /// What the user calls it.
    fn name(&self) -> Option<&str>;

    /// Where it was spawned.
    fn location(&self) -> &'static Location<'static>;
}

impl dyn Node {
    /// The node itself, if it is a `T`.
    #[inline]
    pub fn downcast<T: Node>(&self) -> Option<&T> {
        let node: &dyn Any = self;
        node.downcast_ref()
    }
}

impl fmt::Debug for dyn Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("id", &self.id())
            .field("parent", &self.parent())
            .field("name", &self.name())
            .field("location", &self.location())
            .field("context", self.context())
            .finish_non_exhaustive()
    }
}

/// What a task has from where it is spawned.
#[derive(Debug)]
pub struct Birth {
    /// Its own number.
    pub id: NodeId,
    /// The task that spawns it.
    pub parent: Option<NodeId>,
    /// Its context: that of the task that spawns it.
    pub context: AtomicU64,
}

/// A number that no other node of this process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(NonZeroU64);

impl Birth {
    /// That of a task which the current one spawns.
    #[inline]
    pub fn here() -> Self {
        let (parent, context) = with_current(|current| match current {
            Some(node) => (Some(node.id()), node.context().load(Ordering::Relaxed)),
            None => (None, 0),
        });
        Self {
            id: NodeId::next(),
            parent,
            context: AtomicU64::new(context),
        }
    }
}

/// Shows the node of the task that is being polled on this thread.
#[inline]
pub fn with_current<R>(look: impl FnOnce(Option<&dyn Node>) -> R) -> R {
    let current = CURRENT.get();
    // SAFETY: by I1 the node is borrowed at least until the innermost call of `within` on this thread returns, in which
    // this is; and the reference cannot leave the closure, which must take one of any lifetime.
    look(current.map(|node| unsafe { node.as_ref() }))
}

/// Runs `work` with `node` as the current one.
///
/// For futures that keep their node themselves; any other is put into an [`InNode`].
#[inline]
pub fn within<R>(node: &impl Node, work: impl FnOnce() -> R) -> R {
    let node: &dyn Node = node;
    // It is put back before `node`'s borrow ends, whether `work` returns or panics (I1).
    let _before = Before(CURRENT.replace(Some(NonNull::from(node))));
    work()
}

/// Points the slot back at what was there before.
struct Before(Option<NonNull<dyn Node>>);

impl Drop for Before {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// A future in whose polls, and in whose destructor, its node is the current one. The node outlives the future, and is
/// given back when that ends ([`end`](Self::end)).
///
/// # Cancel safety
///
/// *Strict* in itself: dropping it drops the future inside, with what that loses.
pub struct InNode<N: Node, F> {
    node: Option<N>,
    future: ManuallyDrop<F>,
}

// Nothing else of this is ever pinned.
impl<N: Node, F: Unpin> Unpin for InNode<N, F> {}

impl<N: Node, F> InNode<N, F> {
    /// Puts a future in a node.
    pub fn new(node: N, future: F) -> Self {
        Self {
            node: Some(node),
            future: ManuallyDrop::new(future),
        }
    }

    /// The node, unless it was given back.
    #[inline]
    pub fn node(&self) -> Option<&N> {
        self.node.as_ref()
    }

    /// Drops the future within its node, and gives that back with the panic of the future's destructor, if it had one.
    /// Nothing if that was done before.
    #[inline]
    pub fn end(self: Pin<&mut Self>) -> Option<(N, thread::Result<()>)> {
        // SAFETY: nothing is moved out of this but the node, which is not pinned (I4).
        let this = unsafe { self.get_unchecked_mut() };
        let node = this.node.take()?;
        let future = &mut this.future;
        let dropped = within(&node, || {
            // SAFETY: there was a node, so it was not dropped before, and there is none now, so it will not be again (I3).
            catch_unwind(AssertUnwindSafe(|| unsafe { ManuallyDrop::drop(future) }))
        });
        Some((node, dropped))
    }
}

impl<N: Node, F: Future> Future for InNode<N, F> {
    type Output = F::Output;

    /// # Panics
    ///
    /// If the future has been [ended](Self::end).
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: nothing is moved out of this (I4).
        let this = unsafe { self.get_unchecked_mut() };
        let node = this.node.as_ref().expect("a future that was not ended");
        // SAFETY: this is pinned, and so is the future in it; and there is a node, so it was not dropped (I3, I4).
        let future = unsafe { Pin::new_unchecked(&mut *this.future) };
        within(node, || future.poll(cx))
    }
}

impl<N: Node, F> Drop for InNode<N, F> {
    fn drop(&mut self) {
        // SAFETY: what is being dropped is not moved any more (I4).
        let this = unsafe { Pin::new_unchecked(self) };
        if let Some((_, Err(payload))) = this.end() {
            resume_unwind(payload);
        }
    }
}

impl<N: Node, F> fmt::Debug for InNode<N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = self.node.as_ref().map(|node| node as &dyn Node);
        f.debug_struct("InNode")
            .field("node", &node)
            .finish_non_exhaustive()
    }
}

/// How many numbers a thread takes at a time.
const BLOCK: u64 = 256;

impl NodeId {
    /// Each thread takes numbers in blocks, so that a spawn writes nothing that other cores write. They grow with time
    /// on each thread, not across threads.
    #[inline]
    fn next() -> Self {
        static BLOCKS: Padded<AtomicU64> = Padded(AtomicU64::new(1));
        thread_local! {
            static NEXT: Cell<u64> = const { Cell::new(0) };
        }
        let take_block = || BLOCKS.fetch_add(BLOCK, Ordering::Relaxed);
        let take = |next: &Cell<u64>| {
            let mut id = next.get();
            if id.is_multiple_of(BLOCK) {
                // At a multiple the thread's block is used up: blocks begin one above it.
                id = take_block();
            }
            next.set(id + 1);
            id
        };
        let id = NEXT.try_with(take).unwrap_or_else(|_| take_block());
        Self(NonZeroU64::new(id).expect("2^64 nodes are never made"))
    }

    /// As a number, never 0.
    pub fn as_u64(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
