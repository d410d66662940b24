//! What a benchmark needs of a means to cancel: [`Flag`] to ask, [`Scope`] for a tree in which tasks wait, [`Guard`]
//! for what ends a future early.
//!
//! As for channels, an adaptor returns the library's **own** future; its output is read at the place that awaits.

use std::future::Future;

/// Something that can be asked whether to stop.
pub(crate) trait Flag: Send + 'static {
    fn new() -> Self;

    fn is_cancelled(&self) -> bool;
}

/// A node of a tree whose cancellation reaches all below it.
pub(crate) trait Scope: Flag + Clone + Sync {
    fn child(&self) -> Self;

    fn cancel(&self);

    /// Ends when this node is cancelled.
    fn cancelled(&self) -> impl Future<Output = impl Sized> + Send;
}

/// What ends a future early: on a call, or at a deadline.
pub(crate) trait Guard: Send + Sync + 'static {
    /// A guard that will not end anything while it is measured.
    fn new() -> Self;

    fn guard<F>(&self, future: F) -> impl Future<Output = impl Finished> + Send
    where
        F: Future<Output = usize> + Send;
}

/// What a guarded future gives: its output, or the news that it was ended before.
pub(crate) trait Finished {
    fn finished(self) -> Option<usize>;
}

impl Finished for usize {
    #[inline]
    fn finished(self) -> Option<usize> {
        Some(self)
    }
}

impl Finished for Option<usize> {
    #[inline]
    fn finished(self) -> Option<usize> {
        self
    }
}

impl<E> Finished for Result<usize, E> {
    #[inline]
    fn finished(self) -> Option<usize> {
        self.ok()
    }
}

impl<E> Finished for Result<Option<usize>, E> {
    #[inline]
    fn finished(self) -> Option<usize> {
        self.ok().flatten()
    }
}
