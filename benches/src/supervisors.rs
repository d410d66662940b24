//! What a benchmark needs of a supervisor, and of each of its children.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::yield_now;

/// A supervisor of many children, each restarted alone when it fails.
pub(crate) trait Supervisors: Sized + Send + Sync + 'static {
    /// Starts so many children. Each incarnation of one holds an [`Up`] of `census` while it lives.
    fn start(children: usize, census: Arc<Census>) -> impl Future<Output = Self> + Send;

    /// Has the child fail with an error. No unwinding: what that costs is the same for all.
    fn fail(&self, child: usize) -> impl Future<Output = ()> + Send;

    /// Ends the supervisor and all that is under it.
    fn stop(self) -> impl Future<Output = ()> + Send;
}

/// Who was started, and who lives.
#[derive(Default)]
pub(crate) struct Census {
    counts: Mutex<Counts>,
    reached: Notify,
}

#[derive(Default)]
struct Counts {
    started: usize,
    awaited: usize,
    living: usize,
}

impl Census {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until so many were started since the beginning. For one that waits.
    pub(crate) async fn started(&self, starts: usize) {
        let reached = {
            let mut counts = self.counts();
            counts.awaited = starts;
            counts.started >= starts
        };
        if !reached {
            self.reached.notified().await;
        }
    }

    /// Until nobody lives.
    pub(crate) async fn ended(&self) {
        while self.counts().living > 0 {
            yield_now().await;
        }
    }
}

/// That an incarnation of a child lives.
pub(crate) struct Up(Arc<Census>);

impl Up {
    pub(crate) fn of(census: &Arc<Census>) -> Self {
        let reached = {
            let mut counts = census.counts();
            counts.living += 1;
            counts.started += 1;
            counts.started == counts.awaited
        };
        if reached {
            census.reached.notify_one();
        }
        Up(Arc::clone(census))
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        self.0.counts().living -= 1;
    }
}
