//! Which cases were woken, and the task that waits for one.
//!
//! The handshake is the wait cell's: a case waker sets its bit and then notifies the cell, the task arms the cell and
//! then looks for bits. The bits are under a lock, since their number grows with the cases; it is held for one word.

use std::sync::Arc as StdArc;
use std::task::{Context, Poll, Wake, Waker};

use aqueduct_core::barrier::{Pace, Payer};
use aqueduct_core::sync::{Arc, Lock};
use aqueduct_core::wait_cell::WaitCell;

use super::bits::Bits;

/// What a set and its cases' wakers share.
#[derive(Debug)]
pub(super) struct Ready {
    woken: Lock<Bits>,
    task: WaitCell,
}

impl Ready {
    pub(super) fn new(payer: Payer) -> Self {
        Self {
            woken: Lock::new(Bits::new()),
            task: WaitCell::new(payer),
        }
    }

    /// Moves the cases that were woken into `hot`.
    pub(super) fn drain_into(&self, hot: &mut Bits) {
        self.woken.lock().drain_into(hot);
    }

    /// Waits until a case is woken. `events` were served since the last wait.
    pub(super) fn poll(&self, cx: &mut Context<'_>, pace: &mut Pace, events: u64) -> Poll<()> {
        self.task.poll_wait(cx, pace, events, || {
            (!self.woken.lock().is_empty()).then_some(())
        })
    }

    fn wake(&self, index: usize) {
        self.woken.lock().set(index);
        self.task.notify();
    }
}

/// What a case leaves in its channel.
pub(super) struct CaseWaker {
    ready: Arc<Ready>,
    index: usize,
}

impl CaseWaker {
    pub(super) fn waker(ready: &Arc<Ready>, index: usize) -> Waker {
        Waker::from(StdArc::new(Self {
            ready: ready.clone(),
            index,
        }))
    }
}

impl Wake for CaseWaker {
    fn wake(self: StdArc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &StdArc<Self>) {
        self.ready.wake(self.index);
    }
}
