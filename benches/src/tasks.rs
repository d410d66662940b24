//! What a benchmark needs of whoever spawns tasks and waits for them.

use std::convert::Infallible;
use std::future::Future;

/// What a `spawn` gives that cannot fail.
pub(crate) const SPAWNED: Result<(), Infallible> = Ok(());

/// A group of tasks, or what serves as one.
pub(crate) trait Tasks: Send + Sized + 'static {
    fn open() -> Self;

    /// Spawns a task. As for channels, an adaptor returns the group's own future.
    fn spawn<F>(
        &mut self,
        future: F,
    ) -> impl Future<Output = Result<impl Sized, impl Sized>> + Send
    where
        F: Future<Output = usize> + Send + 'static;

    /// Waits until all tasks have ended and adds up their results; `None` where results are not kept.
    ///
    /// # Panics
    ///
    /// If a task failed.
    fn join(self) -> impl Future<Output = Option<usize>> + Send;
}
