//! tokio: tasks by hand and in a `JoinSet`, and `time::timeout`.

use std::future::{Future, ready};
use std::time::Duration;

use ::tokio::task::{JoinHandle, JoinSet};
use ::tokio::time::timeout;

use crate::cancel::{Finished, Guard};
use crate::tasks::{SPAWNED, Tasks};

/// Longer than any round lasts.
pub(crate) const FAR: Duration = Duration::from_secs(3600);

/// `tokio::spawn`, with the handles kept in order.
pub(crate) struct Handles(Vec<JoinHandle<usize>>);

impl Tasks for Handles {
    fn open() -> Self {
        Handles(Vec::new())
    }

    #[inline]
    fn spawn<F>(&mut self, future: F) -> impl Future<Output = Result<impl Sized, impl Sized>> + Send
    where
        F: Future<Output = usize> + Send + 'static,
    {
        self.0.push(::tokio::spawn(future));
        ready(SPAWNED)
    }

    async fn join(self) -> Option<usize> {
        let mut sum = 0;
        for handle in self.0 {
            sum += handle.await.expect("no task panics");
        }
        Some(sum)
    }
}

pub(crate) struct Set(JoinSet<usize>);

impl Tasks for Set {
    fn open() -> Self {
        Set(JoinSet::new())
    }

    #[inline]
    fn spawn<F>(&mut self, future: F) -> impl Future<Output = Result<impl Sized, impl Sized>> + Send
    where
        F: Future<Output = usize> + Send + 'static,
    {
        self.0.spawn(future);
        ready(SPAWNED)
    }

    async fn join(mut self) -> Option<usize> {
        let mut sum = 0;
        while let Some(result) = self.0.join_next().await {
            sum += result.expect("no task panics");
        }
        Some(sum)
    }
}

pub(crate) struct Timeout;

impl Guard for Timeout {
    fn new() -> Self {
        Timeout
    }

    #[inline]
    fn guard<F>(&self, future: F) -> impl Future<Output = impl Finished> + Send
    where
        F: Future<Output = usize> + Send,
    {
        timeout(FAR, future)
    }
}
