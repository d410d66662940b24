//! tokio-util: `TaskTracker` and `CancellationToken`, and what programs build from them.

use std::future::{Future, ready};
use std::sync::Arc;

use ::tokio::sync::Semaphore;
use ::tokio::task::JoinSet;
use ::tokio::time::{Instant, timeout, timeout_at};
use ::tokio_util::sync::CancellationToken;
use ::tokio_util::task::TaskTracker;

use super::tokio_tasks::FAR;
use crate::cancel::{Finished, Flag, Guard, Scope};
use crate::tasks::{SPAWNED, Tasks};

pub(crate) const NAME: &str = "tokio-util";

/// Its tasks' results could be read from handles kept beside it, which is the case of bare `tokio::spawn` and more.
pub(crate) struct Tracker(TaskTracker);

impl Tasks for Tracker {
    fn open() -> Self {
        Tracker(TaskTracker::new())
    }

    #[inline]
    fn spawn<F>(&mut self, future: F) -> impl Future<Output = Result<impl Sized, impl Sized>> + Send
    where
        F: Future<Output = usize> + Send + 'static,
    {
        self.0.spawn(future);
        ready(SPAWNED)
    }

    async fn join(self) -> Option<usize> {
        self.0.close();
        self.0.wait().await;
        None
    }
}

/// What a program writes that wants a limit (never reached here), a deadline and cancellation for a set of tasks.
pub(crate) struct ByHand {
    set: JoinSet<usize>,
    room: Arc<Semaphore>,
    token: CancellationToken,
    deadline: Instant,
}

impl Tasks for ByHand {
    fn open() -> Self {
        ByHand {
            set: JoinSet::new(),
            room: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            token: CancellationToken::new(),
            deadline: Instant::now() + FAR,
        }
    }

    async fn spawn<F>(&mut self, future: F) -> Result<impl Sized, impl Sized>
    where
        F: Future<Output = usize> + Send + 'static,
    {
        let permit = Arc::clone(&self.room).acquire_owned().await;
        let permit = permit.expect("the semaphore stays open");
        let token = self.token.clone();
        self.set.spawn(async move {
            let result = token.run_until_cancelled_owned(future).await;
            drop(permit);
            result.expect("nobody cancels")
        });
        SPAWNED
    }

    async fn join(mut self) -> Option<usize> {
        let mut sum = 0;
        let all = async {
            while let Some(result) = self.set.join_next().await {
                sum += result.expect("no task panics");
            }
        };
        let in_time = timeout_at(self.deadline, all).await;
        in_time.expect("the deadline is far");
        Some(sum)
    }
}

pub(crate) type Token = CancellationToken;

impl Flag for Token {
    fn new() -> Self {
        CancellationToken::new()
    }

    #[inline]
    fn is_cancelled(&self) -> bool {
        CancellationToken::is_cancelled(self)
    }
}

impl Scope for Token {
    #[inline]
    fn child(&self) -> Self {
        self.child_token()
    }

    fn cancel(&self) {
        CancellationToken::cancel(self);
    }

    #[inline]
    fn cancelled(&self) -> impl Future<Output = impl Sized> + Send {
        CancellationToken::cancelled(self)
    }
}

pub(crate) struct RunUntil(CancellationToken);

impl Guard for RunUntil {
    fn new() -> Self {
        RunUntil(CancellationToken::new())
    }

    #[inline]
    fn guard<F>(&self, future: F) -> impl Future<Output = impl Finished> + Send
    where
        F: Future<Output = usize> + Send,
    {
        self.0.run_until_cancelled(future)
    }
}

/// The future first, as `run_until_cancelled` has it from some version on.
pub(crate) struct Select(CancellationToken);

impl Guard for Select {
    fn new() -> Self {
        Select(CancellationToken::new())
    }

    async fn guard<F>(&self, future: F) -> impl Finished
    where
        F: Future<Output = usize> + Send,
    {
        ::tokio::select! {
            biased;
            output = future => Some(output),
            () = self.0.cancelled() => None,
        }
    }
}

/// A deadline of the future's own, and somebody who can end it before.
pub(crate) struct TimeoutAndToken(CancellationToken);

impl Guard for TimeoutAndToken {
    fn new() -> Self {
        TimeoutAndToken(CancellationToken::new())
    }

    #[inline]
    fn guard<F>(&self, future: F) -> impl Future<Output = impl Finished> + Send
    where
        F: Future<Output = usize> + Send,
    {
        timeout(FAR, self.0.run_until_cancelled(future))
    }
}
