//! The handles.

use std::fmt;
use std::panic::Location;

use crate::node::{Handle, Node, WeakNode};
use crate::reason::{Cancelled, Cause, Reason, ReasonKind};
use crate::refs::Arc;
use crate::run::Run;
use crate::stats::Stats;
use crate::wait::{UntilCancelled, UntilDraining};
use crate::word::Seen;

/// A part of a program that can be asked to stop, together with all parts below it.
///
/// A handle is cheap to clone, and all clones are the same scope. A scope is one allocation, and takes no more until
/// somebody waits on it. See the [crate's doc](crate) for what scopes are for.
///
/// Equality is identity: two handles are equal if they are of the same scope.
#[derive(Clone)]
pub struct CancelScope {
    node: Arc<Node>,
}

impl CancelScope {
    /// Creates a scope that nobody else can cancel.
    pub fn new() -> Self {
        Self { node: Node::root() }
    }

    /// Creates a scope below this one. It is cancelled when this one is; not the other way round.
    ///
    /// Its deadline and its draining are at least this one's.
    #[inline]
    #[must_use = "a child that is dropped was never needed"]
    pub fn child(&self) -> Self {
        Self {
            node: self.node.child(),
        }
    }

    /// Names the scope, for the reasons of what is cancelled here.
    ///
    /// If there are other handles already, it is a child of this scope that is named and returned.
    #[must_use = "it is the returned scope that has the name"]
    pub fn with_name(self, name: impl Into<Arc<str>>) -> Self {
        let name = name.into();
        self.changed(|node| node.set_name(name))
    }

    /// Changes the scope while nobody else has a handle, or a child of it.
    pub(crate) fn changed(mut self, change: impl FnOnce(&mut Node)) -> Self {
        if let Some(node) = Arc::get_mut(&mut self.node) {
            change(node);
            return self;
        }
        // An anchor is in its parent's list as well. A child of it is none.
        let mut child = self.child();
        if let Some(node) = Arc::get_mut(&mut child.node) {
            change(node);
            return child;
        }
        let mut child = child.child();
        change(
            Arc::get_mut(&mut child.node).expect("a new scope that is no anchor has one handle"),
        );
        child
    }

    /// The name that was given to this scope itself.
    pub fn name(&self) -> Option<&str> {
        self.node.name().map(|name| &**name)
    }

    /// Asks this scope and all below it to stop. Returns false if that was done before, by whomever.
    ///
    /// When this returns true, every scope below says that it is cancelled, unless another `cancel` of a scope between
    /// is in the middle of telling it. All who wait have been woken, after the locks.
    ///
    /// # Panics
    ///
    /// If a waker does, after all others have been called.
    #[track_caller]
    pub fn cancel(&self) -> bool {
        self.cancel_as(ReasonKind::Requested, Location::caller())
    }

    pub(crate) fn cancel_as(&self, kind: ReasonKind, location: &'static Location<'static>) -> bool {
        if self.node.is_cancelled() {
            return false;
        }
        let cause = Cause::new(kind).at(location);
        let cause = cause.in_scope(self.node.name());
        self.node.cancel(&Arc::new(cause))
    }

    /// [`cancel`](Self::cancel), and says why. The first reason is the one that stays.
    ///
    /// # Panics
    ///
    /// As [`cancel`](Self::cancel).
    #[track_caller]
    pub fn cancel_because(&self, reason: impl Into<Reason>) -> bool {
        self.cancel_for(reason.into(), Location::caller())
    }

    pub(crate) fn cancel_for(&self, reason: Reason, location: &'static Location<'static>) -> bool {
        self.node
            .cancel(&reason.into_cause(location, self.node.name()))
    }

    /// Asks this scope and all below it to finish what they have and take nothing new: the soft phase before
    /// [`cancel`](Self::cancel). Returns false if that was done before, or if it is cancelled already.
    ///
    /// It asks, and changes nothing else: what takes work in on behalf of a scope, such as a task group, goes on to do so
    /// until it is closed, since finishing may take more of it.
    ///
    /// # Panics
    ///
    /// As [`cancel`](Self::cancel).
    pub fn drain(&self) -> bool {
        self.node.drain()
    }

    /// Whether this scope was cancelled, itself or above, or its deadline has passed.
    ///
    /// Reads at most four words, however deep the scope is; takes no lock and writes nothing. Where there is a deadline it
    /// looks at the clock as well, so that work which keeps the runtime's timers from firing sees it too. Who is the first
    /// to find that it has passed cancels the scope that has it, as [`cancel`](Self::cancel) does, and calls the wakers of
    /// who waits.
    ///
    /// # Panics
    ///
    /// As [`cancel`](Self::cancel), where it does that.
    #[inline]
    pub fn is_cancelled(&self) -> bool {
        self.node.is_cancelled_by_now()
    }

    /// Whether nothing new is to be begun: the scope drains, or is cancelled.
    #[inline]
    pub fn is_draining(&self) -> bool {
        self.node.is_draining_by_now()
    }

    /// [`is_cancelled`](Self::is_cancelled) for `?`.
    ///
    /// # Errors
    ///
    /// If it is, with the reason.
    #[inline]
    pub fn check(&self) -> Result<(), Cancelled> {
        if !self.is_cancelled() {
            return Ok(());
        }
        Err(self.cancelled_error())
    }

    #[cold]
    fn cancelled_error(&self) -> Cancelled {
        self.reason().expect("it is cancelled").into()
    }

    /// Why this scope was cancelled, if it was. What this said once, it says from then on. Of a deadline that has passed it
    /// knows when the timer has fired, or somebody has asked [`is_cancelled`](Self::is_cancelled).
    pub fn reason(&self) -> Option<Reason> {
        self.node.cause().map(Reason::from_cause)
    }

    fn said_reason(&self) -> Option<Reason> {
        let at = self.node.was_told(Seen::is_cancelled)?;
        at.word.cause().map(Reason::from_cause)
    }

    /// Whether `reason` is why this scope was cancelled, or one above it. By identity: another reason with the same words
    /// is another.
    ///
    /// So whoever gets a [`Cancelled`] can tell whether it says only that this scope ended, or that something of a
    /// scope of its own did.
    ///
    /// ```
    /// use aqueduct_cancel::CancelScope;
    ///
    /// let server = CancelScope::new();
    /// let request = server.child();
    /// server.cancel();
    /// let error = request.check().unwrap_err();
    /// assert!(server.is_cancelled_for(error.reason()));
    ///
    /// let other = CancelScope::new();
    /// other.cancel();
    /// assert!(!server.is_cancelled_for(&other.reason().unwrap()));
    /// ```
    pub fn is_cancelled_for(&self, reason: &Reason) -> bool {
        self.node.is_cancelled() && self.node.has_cause(reason.cause())
    }

    /// Waits until this scope is cancelled, and says why. Who comes later is told at once.
    ///
    /// # Panics
    ///
    /// The future panics when it has to wait for a deadline outside of a Tokio runtime that drives timers.
    pub fn cancelled(&self) -> UntilCancelled<'_> {
        UntilCancelled::new(Handle::Borrowed(&self.node))
    }

    /// [`cancelled`](Self::cancelled), as a future that has its own handle.
    pub fn cancelled_owned(&self) -> UntilCancelled<'static> {
        UntilCancelled::new(Handle::Owned(self.node.clone()))
    }

    /// Waits until this scope drains or is cancelled.
    ///
    /// # Panics
    ///
    /// As of [`cancelled`](Self::cancelled).
    pub fn draining(&self) -> UntilDraining<'_> {
        UntilDraining::new(Handle::Borrowed(&self.node))
    }

    /// [`draining`](Self::draining), as a future that has its own handle.
    pub fn draining_owned(&self) -> UntilDraining<'static> {
        UntilDraining::new(Handle::Owned(self.node.clone()))
    }

    /// Runs a future until it ends or this scope is cancelled, which drops it.
    ///
    /// The future is polled first: what is ready is never lost, and a future that never waits is not stopped. While a
    /// [`shield`](crate::shield()) inside of it is under way it is not stopped either.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use aqueduct_cancel::CancelScope;
    ///
    /// let scope = CancelScope::new();
    /// assert_eq!(scope.run(async { 1 }).await.unwrap(), 1);
    /// scope.cancel();
    /// assert!(scope.run(std::future::pending::<()>()).await.is_err());
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// The future panics when it has to wait for a deadline outside of a Tokio runtime that drives timers.
    #[inline]
    pub fn run<F: Future>(&self, future: F) -> Run<'_, F> {
        Run::new(Handle::Borrowed(&self.node), future)
    }

    /// [`run`](Self::run), as a future that has its own handle.
    #[inline]
    pub fn run_owned<F: Future>(&self, future: F) -> Run<'static, F> {
        Run::new(Handle::Owned(self.node.clone()), future)
    }

    /// A handle that does not keep the scope alive.
    pub fn downgrade(&self) -> WeakScope {
        WeakScope {
            node: Arc::downgrade(&self.node),
        }
    }

    /// Whether both handles are of the same scope.
    pub fn same_scope(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.node, &other.node)
    }

    /// What hangs on this scope at the moment.
    pub fn stats(&self) -> Stats {
        let (children, waiters) = self.node.counts();
        Stats {
            linked_children: children,
            waiters,
        }
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }
}

impl Default for CancelScope {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for CancelScope {
    fn eq(&self, other: &Self) -> bool {
        self.same_scope(other)
    }
}

impl Eq for CancelScope {}

impl fmt::Debug for CancelScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = f.debug_struct("CancelScope");
        if let Some(name) = self.name() {
            s.field("name", &name);
        }
        // What was said, without a look at the clock: to print a scope shall not cancel it.
        s.field("depth", &self.node.depth())
            .field("draining", &self.node.was_told(Seen::is_draining).is_some())
            .field("cancelled", &self.said_reason())
            .finish_non_exhaustive()
    }
}

/// A handle to a [`CancelScope`] that does not keep it alive.
#[derive(Clone)]
pub struct WeakScope {
    node: WeakNode,
}

impl WeakScope {
    /// The scope, if there is a handle to it or to a scope below it.
    pub fn upgrade(&self) -> Option<CancelScope> {
        self.node.upgrade().map(|node| CancelScope { node })
    }
}

impl fmt::Debug for WeakScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakScope").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
