//! What the loom models share, beside what core has: messages that are counted.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

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

/// Another message, for those who count.
impl Clone for Message {
    fn clone(&self) -> Self {
        self.census.message(self.id)
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        self.census.0.fetch_sub(1, Ordering::Relaxed);
    }
}
