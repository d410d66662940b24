//! What spreads downwards: cancellation, draining, and the need to look at the clock.
//!
//! Each is a walk over the linked, with a stack of its own, since the stack of a thread is no place for 100,000 levels.
//! A walk holds one lock at a time, for as long as it takes to move what hangs there out of it; wakers are called
//! after that, and one that panics keeps nobody from being woken.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use aqueduct_core::wake_batch::{WakeBatch, keep_first};

use super::links::Wakers;
use super::{Node, Until};
use crate::reason::Cause;
use crate::refs::{Arc, Weak};
use crate::word::Verdict;

impl Node {
    /// Cancels this scope and all below. False if it was cancelled before; then nothing is done.
    ///
    /// # Panics
    ///
    /// If a waker does, after all others were called.
    pub(crate) fn cancel(&self, cause: &Arc<Cause>) -> bool {
        !self.is_cancelled() && self.cancel_here(cause)
    }

    /// [`cancel`](Self::cancel) by who has looked above.
    pub(crate) fn cancel_here(&self, cause: &Arc<Cause>) -> bool {
        match self.word.cancel(cause) {
            Verdict::Already => return false,
            // Nothing hangs here.
            Verdict::First(before) if !before.is_watched() => return true,
            Verdict::First(_) => {}
        }
        let mut calls = Calls::new();
        let mut below = Vec::new();
        let children = self.release(&mut calls);
        if !children.is_empty() {
            below.push(children.into_iter());
        }
        while let Some(children) = below.last_mut() {
            let Some(child) = children.next() else {
                below.pop();
                continue;
            };
            if let Some(child) = child.upgrade() {
                // One that has a reason of its own is released nevertheless (I6).
                if let Verdict::First(before) = child.word.cancel(cause)
                    && !before.is_watched()
                {
                    continue;
                }
                let children = child.release(&mut calls);
                if !children.is_empty() {
                    below.push(children.into_iter());
                }
            }
        }
        calls.finish();
        true
    }

    /// Lets go of all that hangs on a cancelled scope, and returns its children.
    fn release(&self, calls: &mut Calls) -> Vec<Weak<Self>> {
        let mut links = self.links.lock();
        let released = mem::take(&mut *links);
        drop(links);
        let (children, wakers) = released.dissolve();
        for wakers in wakers {
            calls.add(wakers);
        }
        children
    }

    /// Begins to drain this scope and all below. False if that was begun before, or it is cancelled.
    ///
    /// # Panics
    ///
    /// If a waker does, after all others were called.
    pub(crate) fn drain(&self) -> bool {
        if self.is_draining() || self.word.drain() == Verdict::Already {
            return false;
        }
        let mut calls = Calls::new();
        let mut below = self.release_drainers(&mut calls);
        while let Some(node) = below.pop() {
            // Where it was begun before, it was spread before.
            if let Verdict::First(before) = node.word.drain()
                && before.is_watched()
            {
                below.append(&mut node.release_drainers(&mut calls));
            }
        }
        calls.finish();
        true
    }

    fn release_drainers(&self, calls: &mut Calls) -> Vec<Arc<Self>> {
        let mut links = self.links.lock();
        let wakers = links.take(Until::Draining);
        let children = links.children().iter().filter_map(Weak::upgrade).collect();
        drop(links);
        calls.add(wakers);
        children
    }

    /// Says here and to the linked below that the clock has to be looked at, and wakes all who wait, so that they set
    /// a timer.
    pub(crate) fn spread_clock(&self) {
        self.word.set_clock();
        let mut calls = Calls::new();
        let mut below = self.release_waiters(&mut calls);
        while let Some(node) = below.pop() {
            node.word.set_clock();
            below.append(&mut node.release_waiters(&mut calls));
        }
        calls.finish();
    }

    /// Takes back here what [`spread_clock`](Self::spread_clock) said: the owner of the deadline has a timer, or is
    /// cancelled.
    ///
    /// To take it back and to spread it change the same word. So if the timer was lost meanwhile, either that is spread
    /// to this scope after this, or it is found here; and then it is spread from here anew, to those who were linked in
    /// between.
    pub(crate) fn quieten(&self, owner: &Self) {
        self.word.clear_clock();
        if owner.word.load().needs_clock() {
            self.spread_clock();
        }
    }

    fn release_waiters(&self, calls: &mut Calls) -> Vec<Arc<Self>> {
        let mut links = self.links.lock();
        let wakers = [links.take(Until::Cancelled), links.take(Until::Draining)];
        self.next_epoch();
        let children = links.children().iter().filter_map(Weak::upgrade).collect();
        drop(links);
        for wakers in wakers {
            calls.add(wakers);
        }
        children
    }
}

/// Wakers to be called, whatever one of them does.
struct Calls {
    batch: WakeBatch,
    panic: Option<Box<dyn Any + Send>>,
}

impl Calls {
    fn new() -> Self {
        Self {
            batch: WakeBatch::new(),
            panic: None,
        }
    }

    fn add(&mut self, wakers: Wakers) {
        for waker in wakers.into_iter() {
            if self.batch.is_full() {
                self.call();
            }
            self.batch.push(waker);
        }
    }

    fn call(&mut self) {
        while let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.batch.wake_all())) {
            keep_first(&mut self.panic, panic);
        }
    }

    fn finish(mut self) {
        self.call();
        if let Some(panic) = self.panic {
            resume_unwind(panic);
        }
    }
}
