//! Which task runs here: the one ambient slot of Aqueduct.
//!
//! Each task that Aqueduct spawns has a [`Node`], and one thread-local slot holds the node of the task that is being
//! polled. Task trees, self-ask detection, trace context and health all read this slot, so that a poll pays for one
//! thread-local and not for one each.
//!
//! ```text
//!    poll of task A ──▶ slot: A ──▶ poll of B inside of it ──▶ slot: B ──▶ slot: A ──▶ slot: whatever was before
//! ```
//!
//! [`InNode`] swaps its node with the slot's before a poll and swaps back after it, also when the poll panics: no
//! reference is counted. Between polls the node lies in the future; during one, what was in the slot before does.
//!
//! A node knows its parent by id alone. A reference would keep all ancestors alive, which for a task that ends by
//! spawning its successor is a list without end.
//!
//! # What it costs
//!
//! The two swaps of a poll take 2 to 3 ns, [`with_current`] takes 2 and [`Node::current`], which counts a reference, 30
//! (2-core Sapphire Rapids, 2.0 GHz).
//!
//! # Why not a bare pointer in the slot
//!
//! A guard that is dropped out of order would leave it dangling. The slot owns its node, so that guards in disorder
//! make for a wrong node, never for a bad one, and none of this is unsafe.

use std::any::Any;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::num::NonZeroU64;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::pad::Padded;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Node>>> = const { RefCell::new(None) };
}

/// What a crate above keeps with a node. It asks for its own type by downcasting.
pub type Data = dyn Any + Send + Sync;

/// What is known of a task that Aqueduct spawned. `D` is what the crate that spawned it keeps with it, in the same
/// allocation; in the slot the type is forgotten.
#[derive(Debug)]
pub struct Node<D: ?Sized = Data> {
    id: NodeId,
    parent: Option<NodeId>,
    name: Option<Cow<'static, str>>,
    location: &'static Location<'static>,
    context: AtomicU64,
    data: D,
}

// Data is only ever shared, and what a crate above changes in it goes through atomics and locks; a panic leaves none of
// them half-changed.
impl<D: ?Sized> UnwindSafe for Node<D> {}
impl<D: ?Sized> RefUnwindSafe for Node<D> {}

// Nothing of a node is ever pinned.
impl<D: ?Sized> Unpin for Node<D> {}

/// A number that no other node of this process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(NonZeroU64);

impl<D> Node<D> {
    /// Creates the node of a task that the current one spawns, with its context, at the caller's place in the source.
    #[track_caller]
    pub fn child(name: Option<Cow<'static, str>>, data: D) -> Self {
        Self::child_at(name, Location::caller(), data)
    }

    /// [`child`](Self::child), spawned from `location`.
    #[inline]
    pub fn child_at(
        name: Option<Cow<'static, str>>,
        location: &'static Location<'static>,
        data: D,
    ) -> Self {
        with_current(|current| match current {
            Some(current) => {
                let context = current.context.load(Ordering::Relaxed);
                Self::new(Some(current.id), name, location, context, data)
            }
            None => Self::new(None, name, location, 0, data),
        })
    }

    /// Creates a node.
    #[inline]
    pub fn new(
        parent: Option<NodeId>,
        name: Option<Cow<'static, str>>,
        location: &'static Location<'static>,
        context: u64,
        data: D,
    ) -> Self {
        Self {
            id: NodeId::next(),
            parent,
            name,
            location,
            context: AtomicU64::new(context),
            data,
        }
    }
}

impl Node {
    /// The node of the task that is being polled on this thread.
    pub fn current() -> Option<Arc<Self>> {
        CURRENT
            .try_with(|current| current.borrow().clone())
            .ok()
            .flatten()
    }
}

impl<D: ?Sized> Node<D> {
    /// Its number.
    #[inline]
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// The task that spawned this one, unless that was not one of Aqueduct's.
    pub fn parent(&self) -> Option<NodeId> {
        self.parent
    }

    /// What the user calls it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where it was spawned.
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// A word for the one crate above that wants one; a child begins with its parent's, a root with 0.
    pub fn context(&self) -> &AtomicU64 {
        &self.context
    }

    /// What the crate that spawned the task keeps with it.
    #[inline]
    pub fn data(&self) -> &D {
        &self.data
    }
}

/// Shows the node of the task that is being polled on this thread, without counting a reference.
///
/// # Panics
///
/// If `look` polls an [`InNode`], or enters or leaves a node: it shall only look.
#[inline]
pub fn with_current<R>(look: impl FnOnce(Option<&Node>) -> R) -> R {
    let mut look = Some(look);
    CURRENT
        .try_with(|current| (look.take().expect("called once"))(current.borrow().as_deref()))
        // The thread is going away, and its slot with it.
        .unwrap_or_else(|_| (look.take().expect("not called yet"))(None))
}

/// Swaps a node with the slot's. While the thread goes away there is no slot, and nothing happens.
#[inline]
fn swap(node: &mut Option<Arc<Node>>) {
    let _ = CURRENT.try_with(|current| mem::swap(&mut *current.borrow_mut(), node));
}

/// Makes `node` the current one on this thread until the guard is dropped. For code that is not async.
///
/// Guards are to be dropped in the reverse order of their making; otherwise the wrong node stays current.
pub fn enter(node: Arc<Node>) -> Entered {
    let mut other = Some(node);
    swap(&mut other);
    Entered {
        before: other,
        _not_send: PhantomData,
    }
}

/// Keeps a node current. See [`enter`].
#[must_use = "the node is current only while this guard lives"]
pub struct Entered {
    before: Option<Arc<Node>>,
    _not_send: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        swap(&mut self.before);
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}

/// Runs `work` with `node` as the current one. While it runs, the variable holds the node of before.
///
/// For futures that keep their node themselves; any other is put into an [`InNode`].
#[inline]
pub fn within<R>(node: &mut Option<Arc<Node>>, work: impl FnOnce() -> R) -> R {
    let _in_node = Swapped::new(node);
    work()
}

/// Swaps back.
struct Swapped<'a>(&'a mut Option<Arc<Node>>);

impl<'a> Swapped<'a> {
    #[inline]
    fn new(node: &'a mut Option<Arc<Node>>) -> Self {
        swap(node);
        Self(node)
    }
}

impl Drop for Swapped<'_> {
    #[inline]
    fn drop(&mut self) {
        swap(self.0);
    }
}

pin_project! {
    /// A future in whose polls, and in whose destructor, its node is the current one.
    ///
    /// # Cancel safety
    ///
    /// *Strict* in itself: dropping it drops the future inside, with what that loses.
    pub struct InNode<F> {
        // The node; while it is in the slot, the one that was there before.
        node: Option<Arc<Node>>,
        // Some, until it is dropped.
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for InNode<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _in_node = Swapped::new(this.node);
            this.future.set(None);
        }
    }
}

impl<F> InNode<F> {
    /// Puts a future in a node.
    pub fn new(node: Arc<Node>, future: F) -> Self {
        Self {
            node: Some(node),
            future: Some(future),
        }
    }
}

impl<F: Future> Future for InNode<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _in_node = Swapped::new(this.node);
        let future = this.future.as_pin_mut();
        future.expect("a future that was not dropped").poll(cx)
    }
}

impl<F> fmt::Debug for InNode<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InNode")
            .field("node", &self.node)
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
