//! `aqueduct_cancel`.

use std::future::Future;
use std::time::Duration;

use aqueduct_cancel::CancelScope;

use crate::cancel::{Finished, Flag, Guard, Scope};

/// Longer than any round lasts.
const FAR: Duration = Duration::from_secs(3600);

impl Flag for CancelScope {
    fn new() -> Self {
        CancelScope::new()
    }

    #[inline]
    fn is_cancelled(&self) -> bool {
        CancelScope::is_cancelled(self)
    }
}

impl Scope for CancelScope {
    #[inline]
    fn child(&self) -> Self {
        CancelScope::child(self)
    }

    fn cancel(&self) {
        assert!(CancelScope::cancel(self), "nobody did before");
    }

    #[inline]
    fn cancelled(&self) -> impl Future<Output = impl Sized> + Send {
        CancelScope::cancelled(self)
    }
}

/// Of a root.
pub(crate) struct Run(CancelScope);

impl Guard for Run {
    fn new() -> Self {
        Run(CancelScope::new())
    }

    #[inline]
    fn guard<F>(&self, future: F) -> impl Future<Output = impl Finished> + Send
    where
        F: Future<Output = usize> + Send,
    {
        self.0.run(future)
    }
}

/// Of a scope with fifteen ancestors, which have to be asked and told.
pub(crate) struct RunDeep(CancelScope);

impl Guard for RunDeep {
    fn new() -> Self {
        let deep = (1..16).fold(CancelScope::new(), |scope, _| scope.child());
        RunDeep(deep)
    }

    #[inline]
    fn guard<F>(&self, future: F) -> impl Future<Output = impl Finished> + Send
    where
        F: Future<Output = usize> + Send,
    {
        self.0.run(future)
    }
}

/// A deadline of the future's own; a cancelled scope ends it too.
pub(crate) struct RunFor(CancelScope);

impl Guard for RunFor {
    fn new() -> Self {
        RunFor(CancelScope::new())
    }

    #[inline]
    fn guard<F>(&self, future: F) -> impl Future<Output = impl Finished> + Send
    where
        F: Future<Output = usize> + Send,
    {
        self.0.run_for(FAR, future)
    }
}

/// A scope with a deadline, made for this one future.
pub(crate) struct ChildWithTimeout(CancelScope);

impl Guard for ChildWithTimeout {
    fn new() -> Self {
        ChildWithTimeout(CancelScope::new())
    }

    #[inline]
    fn guard<F>(&self, future: F) -> impl Future<Output = impl Finished> + Send
    where
        F: Future<Output = usize> + Send,
    {
        self.0.child().with_timeout(FAR).run_owned(future)
    }
}
