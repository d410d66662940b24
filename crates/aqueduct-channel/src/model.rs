//! What the loom models share: a bounded check, a `block_on` whose sleepers loom can see, and messages that are counted.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use ::loom::sync::Notify;

/// Runs every interleaving with at most `preemptions` switches away from a thread that could have gone on.
///
/// Two find every mutation that the models name; three would take hours.
pub(crate) fn check(preemptions: usize, run: impl Fn() + Send + Sync + 'static) {
    let mut model = ::loom::model::Builder::new();
    model.preemption_bound.get_or_insert(preemptions);
    model.max_branches = 5_000;
    model.check(run);
}

struct Sleeper(Notify);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.notify();
    }
}

/// Runs a future; a thread that is never woken is a deadlock, which loom reports.
///
/// Loom's own wakes spuriously, and so hides wakes that were lost.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let sleeper = Arc::new(Sleeper(Notify::new()));
    let waker = Waker::from(sleeper.clone());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        sleeper.0.wait();
    }
}

/// Polls once, for a task that nobody will run again.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Counts the messages that are alive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Census(Arc<AtomicUsize>);

impl Census {
    pub(crate) fn message(&self, id: usize) -> Message {
        self.0.fetch_add(1, Ordering::Relaxed);
        Message {
            id,
            census: self.clone(),
        }
    }

    /// To be called when every handle is gone: no message was leaked, or dropped twice.
    pub(crate) fn check(&self) {
        assert_eq!(
            self.0.load(Ordering::Relaxed),
            0,
            "messages alive at the end"
        );
    }
}

/// A message that can be told apart from others.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: usize,
    census: Census,
}

impl Drop for Message {
    fn drop(&mut self) {
        self.census.0.fetch_sub(1, Ordering::Relaxed);
    }
}
