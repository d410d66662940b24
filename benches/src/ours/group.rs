//! `aqueduct_group`.

use std::future::Future;
use std::time::Duration;

use aqueduct_group::{Collect, Discard, TaskGroup, group};

use crate::tasks::Tasks;

/// Longer than any round lasts.
const FAR: Duration = Duration::from_secs(3600);

/// More than any round spawns.
const ROOM: usize = 1 << 30;

/// Every result kept, in spawn order, and nothing else asked for.
pub(crate) struct Plain(TaskGroup<Collect<usize>>);

impl Tasks for Plain {
    fn open() -> Self {
        Plain(group().open(Collect::new()))
    }

    #[inline]
    fn spawn<F>(&mut self, future: F) -> impl Future<Output = Result<impl Sized, impl Sized>> + Send
    where
        F: Future<Output = usize> + Send + 'static,
    {
        self.0.spawn(future)
    }

    async fn join(self) -> Option<usize> {
        Some(sum(self.0).await)
    }
}

/// The group with a name, a limit that is never reached and a deadline that never comes; each task with a name.
pub(crate) struct AllOn(TaskGroup<Collect<usize>>);

impl Tasks for AllOn {
    fn open() -> Self {
        let group = group().with_name("all on");
        let group = group.with_limit(ROOM).with_timeout(FAR);
        AllOn(group.open(Collect::new()))
    }

    #[inline]
    fn spawn<F>(&mut self, future: F) -> impl Future<Output = Result<impl Sized, impl Sized>> + Send
    where
        F: Future<Output = usize> + Send + 'static,
    {
        self.0.task("task").spawn(future)
    }

    async fn join(self) -> Option<usize> {
        Some(sum(self.0).await)
    }
}

/// As [`Plain`], but no result is kept.
pub(crate) struct NoResults(TaskGroup<Discard<usize>>);

impl Tasks for NoResults {
    fn open() -> Self {
        NoResults(group().open(Discard::new()))
    }

    #[inline]
    fn spawn<F>(&mut self, future: F) -> impl Future<Output = Result<impl Sized, impl Sized>> + Send
    where
        F: Future<Output = usize> + Send + 'static,
    {
        self.0.spawn(future)
    }

    async fn join(self) -> Option<usize> {
        self.0.join().await.expect("no task panics");
        None
    }
}

async fn sum(group: TaskGroup<Collect<usize>>) -> usize {
    let ends = group.join().await.into_iter();
    ends.map(|end| end.returned().expect("each task returned"))
        .sum()
}
