//! How a task is stopped from outside: it is told to, and woken if it waits.
//!
//! A task leaves its waker here the first time that it waits, and takes it away when it ends; one that never waits costs
//! nothing. It looks whether it is to stop before each poll, and under the lock when it leaves its waker, under which who
//! stops it takes that out: so one of the two sees the other.
//!
//! # Why not Tokio's abort
//!
//! It needs a handle kept for each task, which is there only after the task was spawned: by then it may have ended, on
//! another thread, and has to be told where its handle is. That was two more locks and a few cache lines a task. What an
//! abort does is the same: a task that waits is woken to be dropped, one that runs is dropped when it next waits, and a
//! closure that has not begun never does.

use std::task::Waker;

use aqueduct_core::sync::{AtomicBool, AtomicU32, Lock, Ordering};

pub(crate) struct Stop {
    asked: AtomicBool,
    /// Part of the address of what the waker here wakes; 0 if there is none. Of the task's own alone.
    armed: AtomicU32,
    /// Of the task, once it has waited.
    waker: Lock<Option<Waker>>,
}

impl Stop {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            asked: AtomicBool::new(false),
            armed: AtomicU32::new(0),
            waker: Lock::new(None),
        }
    }

    /// Whether the task is to stop.
    #[inline]
    pub(crate) fn is_asked(&self) -> bool {
        // Relaxed: nothing else is learnt from it.
        self.asked.load(Ordering::Relaxed)
    }

    /// Asks the task to stop, and gives whom to wake for it, outside of all locks.
    pub(crate) fn ask(&self) -> Option<Waker> {
        // Relaxed: who leaves a waker looks under the lock, which is taken after this.
        self.asked.store(true, Ordering::Relaxed);
        self.waker.lock().take()
    }

    /// The task waits, and is to be woken in order to stop. If it is to stop now, that is done here.
    ///
    /// A runtime polls a task with one and the same waker, so this does something the first time, and then compares.
    #[inline]
    pub(crate) fn arm(&self, waker: &Waker) {
        // Tasks are apart by more than 16 bytes, and never in the same place as long as one of them lives. The lowest bit
        // tells the address from none.
        let address = (waker.data().addr() >> 4) as u32 | 1;
        // Relaxed, as below: only the task itself reads and writes it.
        if self.armed.load(Ordering::Relaxed) != address {
            self.arm_anew(waker, address);
        }
    }

    #[cold]
    fn arm_anew(&self, waker: &Waker, address: u32) {
        self.armed.store(address, Ordering::Relaxed);
        let waker = waker.clone();
        let mut place = self.waker.lock();
        if self.is_asked() {
            drop(place);
            // Its turn comes again, and then it stops.
            waker.wake();
            return;
        }
        let before = place.replace(waker);
        drop(place);
        drop(before);
    }

    /// The task has ended.
    #[inline]
    pub(crate) fn disarm(&self) {
        if self.armed.load(Ordering::Relaxed) != 0 {
            let waker = self.waker.lock().take();
            drop(waker);
        }
    }
}
