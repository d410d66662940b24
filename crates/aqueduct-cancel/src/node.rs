//! The tree of scopes: pull flags, push wakers.
//!
//! ```text
//!   depth 0   root  ▲                        who asks reads its own word and those above, up to an anchor: ▲
//!         1     ●   ┃
//!         2     ●   ┃                        who cancels writes the word, then those of the linked below: ▼
//!         3     ●   ┃
//!         4   anchor ▼ ▲                     a scope is linked to its parent when it is an anchor, when somebody
//!         5     ●      ┃                     waits on it, or when a child of it is linked
//! ```
//!
//! [`is_cancelled`](Node::is_cancelled) takes no lock and writes nothing. To cancel costs what is linked, not what
//! there is: a million children of which nobody waits are not touched. `docs/internals/cancel.md` has the proofs.
//!
//! # Invariants
//!
//! I1. *Links go top-down.* A linked scope's parent is linked, or is a root. A scope never unlinks while it lives.
//! I2. *A waiter is linked before it waits*, and looks at the word under the lock before it leaves its waker there. Who
//!     cancels changes the word before it takes that lock. So one of the two sees the other.
//! I3. *Linking is waiting, one level up.* A child is pushed under its parent's lock after a look at the parent's word.
//! I4. *Anchors* (depth a multiple of [`STRIDE`]) are linked before anybody has a handle to them, or cancelled. So what
//!     happens above is written to their word, and nobody looks beyond one.
//! I5. No lock is held while another is taken, and none while code of the user's runs (wakers: cloned, called,
//!     dropped). So there is no order of locks.
//! I6. *Of a scope that is cancelled all that is linked is released by somebody*: by who made the word so; or, if that
//!     only noted down what an ancestor's word says ([`Node::note`]), by who cancelled the ancestor, who releases each
//!     linked child whatever its word says.
//!
//! # Why not link every child, as a tree would
//!
//! That is a lock on the parent for each child made and dropped, by all who share the parent, and a walk over all of
//! them to cancel. Most scopes live and die without anybody waiting on them or asking for their parent.

mod link;
mod links;
mod slab;
mod spread;

use std::fmt;

use aqueduct_core::sync::{AtomicU32, Lock, Ordering};

use crate::deadline::{self, Deadline};
use crate::reason::Cause;
use crate::refs::{Arc, Weak};
use crate::word::{Seen, Word};

pub(crate) use link::Ticket;
pub(crate) use links::{Links, Until};

/// How many words a question reads at most, and how far anchors are apart.
const STRIDE: u32 = 4;

/// The slot of a scope that is not linked.
const UNLINKED: u32 = u32::MAX;

/// A scope.
///
/// What who only asks has to read comes first: it shares a cache line with the reference counts.
#[repr(C)]
pub(crate) struct Node {
    pub(crate) word: Word,
    /// The parent, unless this is an anchor: whom to ask next.
    above: Option<Arc<Node>>,
    /// The nearest of this scope's and its ancestors'.
    pub(crate) deadline: Deadline,
    /// The parent of an anchor, whom nobody asks.
    beyond: Option<Arc<Node>>,
    depth: u32,
    /// Where it is among its parent's children. Written under the parent's lock.
    slot: AtomicU32,
    /// How often all who wait were taken out to look again. Written under the lock.
    epoch: AtomicU32,
    /// The ancestor whose own the deadline is; nothing if it is this scope's own, or there is none. Kept here, since it
    /// may be any number of levels up.
    pub(crate) owner: Option<Arc<Node>>,
    /// Boxed, since few have one and all have the place for it.
    name: Option<Box<Arc<str>>>,
    pub(crate) links: Lock<Links>,
}

impl Node {
    pub(crate) fn root() -> Arc<Self> {
        Arc::new(Self {
            word: Word::new(),
            above: None,
            beyond: None,
            depth: 0,
            slot: AtomicU32::new(UNLINKED),
            epoch: AtomicU32::new(0),
            deadline: None,
            owner: None,
            name: None,
            links: Lock::new(Links::default()),
        })
    }

    #[inline]
    pub(crate) fn child(self: &Arc<Self>) -> Arc<Self> {
        let depth = self.depth + 1;
        let is_anchor = depth.is_multiple_of(STRIDE);
        let parent = Some(self.clone());
        let (above, beyond) = if is_anchor {
            (None, parent)
        } else {
            (parent, None)
        };
        let child = Arc::new(Self {
            word: Word::new(),
            above,
            beyond,
            depth,
            slot: AtomicU32::new(UNLINKED),
            epoch: AtomicU32::new(0),
            deadline: self.deadline,
            owner: self.deadline.is_some().then(|| self.owner().clone()),
            name: None,
            links: Lock::new(Links::default()),
        });
        if is_anchor {
            child.anchor();
        }
        child
    }

    /// Links a new anchor (I4).
    #[inline(never)]
    fn anchor(self: &Arc<Self>) {
        if let Err(cause) = self.link() {
            self.note(&cause);
        }
    }

    /// Whether it is cancelled, for who waits: a deadline that has a timer is left to the timer.
    #[inline(always)]
    pub(crate) fn is_cancelled(&self) -> bool {
        match self.first_not_quiet() {
            Some(seen) => seen.is_cancelled() || self.look_closer(Seen::is_cancelled).is_some(),
            None => false,
        }
    }

    /// Whether it is cancelled, for who computes, and may keep the timers from firing: the clock counts, too.
    #[inline(always)]
    pub(crate) fn is_cancelled_by_now(&self) -> bool {
        match self.first_not_quiet() {
            Some(seen) => seen.is_cancelled() || self.is_by_now(Seen::is_cancelled),
            None => self.deadline.is_some() && deadline::overdue(self),
        }
    }

    /// Whether nothing new is to be begun, for who computes.
    pub(crate) fn is_draining_by_now(&self) -> bool {
        self.is_by_now(Seen::is_draining)
    }

    #[inline(never)]
    fn is_by_now(&self, says_so: fn(Seen) -> bool) -> bool {
        self.look_closer(says_so).is_some() || self.deadline.is_some() && deadline::overdue(self)
    }

    /// The nearest word up to the anchor that says anything.
    #[inline(always)]
    fn first_not_quiet(&self) -> Option<Seen> {
        let mut node = self;
        loop {
            let seen = node.word.load();
            if !seen.is_quiet() {
                return Some(seen);
            }
            node = node.above.as_deref()?;
        }
    }

    #[inline]
    fn parent(&self) -> Option<&Arc<Self>> {
        self.above.as_ref().or(self.beyond.as_ref())
    }

    /// The nearest scope up to the anchor whose word says so, or that turns out to be late.
    ///
    /// The clock comes last: a word has said before what time says now. Only *clock* of this scope's own nearest
    /// deadline counts; those above are later.
    #[inline(never)]
    fn look_closer(&self, says_so: fn(Seen) -> bool) -> Option<&Self> {
        let mut clock = None;
        let mut next = Some(self);
        while let Some(node) = next {
            let seen = node.word.load();
            if says_so(seen) {
                return Some(node);
            }
            if seen.needs_clock() && std::ptr::eq(node.owner_or_self(), self.owner_or_self()) {
                clock = clock.or(Some(node));
            }
            next = node.above.as_deref();
        }
        deadline::passed(clock?)
    }

    /// The nearest scope up to the anchor whose word says so.
    pub(crate) fn was_told(&self, says_so: fn(Seen) -> bool) -> Option<&Self> {
        let mut scopes = std::iter::successors(Some(self), |node| node.above.as_deref());
        scopes.find(|node| says_so(node.word.load()))
    }

    /// Whether nothing new is to be begun here.
    pub(crate) fn is_draining(&self) -> bool {
        self.look_closer(Seen::is_draining).is_some()
    }

    #[inline]
    pub(crate) fn is_over(&self, until: Until) -> bool {
        match until {
            Until::Cancelled => self.is_cancelled(),
            Until::Draining => self.is_draining(),
        }
    }

    /// Why this scope is cancelled. What was said once is said ever after.
    #[cold]
    pub(crate) fn cause(&self) -> Option<Arc<Cause>> {
        let at = self.look_closer(Seen::is_cancelled)?;
        let cause = at.word.cause()?;
        if std::ptr::eq(at, self) {
            return Some(cause);
        }
        self.note(&cause);
        self.word.cause()
    }

    /// Whether the word of this scope, or of one above it, has this very cause.
    ///
    /// All of them, since a word in between may have another: it was cancelled before the one above was.
    pub(crate) fn has_cause(&self, cause: &Arc<Cause>) -> bool {
        let mut next = Some(self);
        while let Some(node) = next {
            if node.word.cause().is_some_and(|it| Arc::ptr_eq(&it, cause)) {
                return true;
            }
            next = node.parent().map(|parent| &**parent);
        }
        false
    }

    /// Writes down here what the word of an ancestor says. Nobody is woken: who cancelled the ancestor does that (I6).
    fn note(&self, cause: &Arc<Cause>) {
        let _ = self.word.cancel(cause);
    }

    /// The scope whose own the deadline is: this one or one above. This one where there is no deadline.
    pub(crate) fn owner(self: &Arc<Self>) -> &Arc<Self> {
        self.owner.as_ref().unwrap_or(self)
    }

    /// [`owner`](Self::owner), not to be counted.
    pub(crate) fn owner_or_self(&self) -> &Self {
        self.owner.as_deref().unwrap_or(self)
    }

    pub(crate) fn name(&self) -> Option<&Arc<str>> {
        self.name.as_deref()
    }

    pub(crate) fn set_name(&mut self, name: Arc<str>) {
        self.name = Some(Box::new(name));
    }

    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    /// Linked children, and who waits.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let links = self.links.lock();
        (links.children().len(), links.waiters())
    }

    /// Keeps something for as long as this scope is live; not at all if it is cancelled.
    #[cfg(any(feature = "tokio-util", feature = "signal"))]
    pub(crate) fn keep(&self, thing: Box<dyn std::any::Any + Send>) {
        if !self.word.watch() {
            return;
        }
        let mut links = self.links.lock();
        // To be dropped after the lock.
        let refused = if self.word.load().is_cancelled() {
            Some(thing)
        } else {
            links.keep(thing);
            None
        };
        drop(links);
        drop(refused);
    }

    /// What is kept of this type.
    #[cfg(feature = "tokio-util")]
    pub(crate) fn kept<T: Clone + 'static>(&self) -> Option<T> {
        self.links.lock().kept().cloned()
    }

    fn set_slot(&self, slot: u32) {
        self.slot.store(slot, Ordering::Relaxed);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let Some(mut parent) = self.above.take().or_else(|| self.beyond.take()) else {
            return;
        };
        self.unlink(self, &parent);
        // Not the last reference, since the ancestors between have it. Kept until the end of this, it might be.
        self.owner = None;
        // One after the other: dropped by one another, 100,000 nested scopes would need as many stack frames.
        loop {
            let address = Arc::as_ptr(&parent);
            let Some(mut last) = Arc::into_inner(parent) else {
                return;
            };
            match last.above.take().or_else(|| last.beyond.take()) {
                Some(next) => {
                    last.unlink(address, &next);
                    parent = next;
                }
                None => return,
            }
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

/// A handle as a future has it.
#[derive(Clone)]
pub(crate) enum Handle<'a> {
    Borrowed(&'a Arc<Node>),
    Owned(Arc<Node>),
}

impl std::ops::Deref for Handle<'_> {
    type Target = Arc<Node>;

    #[inline(always)]
    fn deref(&self) -> &Arc<Node> {
        match self {
            Self::Borrowed(node) => node,
            Self::Owned(node) => node,
        }
    }
}

/// For those who shall not keep it alive.
pub(crate) type WeakNode = Weak<Node>;

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;

#[cfg(all(test, aqueduct_loom))]
#[path = "node/tests/loom.rs"]
mod loom;
