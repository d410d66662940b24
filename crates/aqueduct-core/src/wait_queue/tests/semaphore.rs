//! The simplest client of a wait queue, for its tests and models: a semaphore that can be closed.

use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{Place, Queue, Wait, WaitQueue};
use crate::sync::{Arc, AtomicBool, AtomicUsize, Ordering};

#[derive(Clone)]
pub(super) struct Semaphore(Arc<Shared>);

pub(super) struct Shared {
    permits: AtomicUsize,
    closed: AtomicBool,
    pub(super) queue: WaitQueue<Ask>,
}

/// So many permits, of which some may be there already.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) wants: usize,
    pub(super) has: usize,
}

impl Ask {
    pub(super) fn new(wants: usize) -> Self {
        Self { wants, has: 0 }
    }
}

impl Semaphore {
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared {
            permits: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            queue: WaitQueue::new(0),
        }))
    }

    pub(super) fn wait(&self) -> Wait<Semaphore> {
        Wait::new(self.clone())
    }
}

impl Shared {
    pub(super) fn permits(&self) -> usize {
        self.permits.load(Ordering::Acquire)
    }

    pub(super) fn give(&self, count: usize) {
        self.permits.fetch_add(count, Ordering::Release);
        if self.queue.is_waited_on() {
            self.queue.serve(|ask| self.fill(ask));
        }
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        if self.queue.is_waited_on() {
            self.queue.serve_all();
        }
    }

    pub(super) fn fill(&self, ask: &mut Ask) -> bool {
        let missing = ask.wants - ask.has;
        let take = |permits: usize| (permits > 0).then(|| permits - permits.min(missing));
        let taken = self
            .permits
            .fetch_update(Ordering::Acquire, Ordering::Acquire, take);
        ask.has += taken.map_or(0, |permits| permits.min(missing));
        ask.has == ask.wants || self.closed.load(Ordering::Acquire)
    }
}

impl Deref for Semaphore {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

// SAFETY: an `Arc`'s target does not change, and stays while the `Arc` lives.
unsafe impl Queue for Semaphore {
    type Request = Ask;

    fn wait_queue(&self) -> &WaitQueue<Ask> {
        &self.0.queue
    }

    fn left(&self, ask: Ask, _served: bool) {
        if ask.has > 0 {
            self.give(ask.has);
        }
    }
}

/// Polls for so many permits.
pub(super) fn poll(
    wait: Pin<&mut Wait<Semaphore>>,
    cx: &mut Context<'_>,
    place: Place,
    wants: usize,
    position: u64,
) -> Poll<Ask> {
    let semaphore = wait.queue().clone();
    wait.poll_wait(
        cx,
        place,
        position,
        || Ask::new(wants),
        |ask| semaphore.fill(ask),
        || {},
    )
}
