//! A shard: a queue of alarms under a lock, and the one Tokio timer that stands for them. Invariants A1 to A4 are those
//! of [`alarm`](super).
//!
//! # Why a new `Sleep` each time, and never `Sleep::reset`
//!
//! Resetting one that has a waker calls that waker if the new moment has passed, which would be the shard under its own
//! lock. A new one is *registered* without a waker (by `reset`, on a Sleep that was not polled), looked at, and only
//! then polled. That way it is also seen without a panic when the runtime is shutting down, where polling does panic:
//! such a Sleep has gone off early.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::runtime::{self, Handle};
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

use super::queue::Queue;
use crate::pad::Padded;
use crate::sync::Lock;
use crate::wake_batch::WakeBatch;

pub(super) struct Shard {
    state: Padded<Lock<State>>,
}

/// What is under the lock.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Whose shard it is, or was the last time that it was not idle.
    pub(super) owner: Option<Owner>,
    pub(super) queue: Queue,
    timer: Option<Timer>,
}

/// A runtime, and which of its shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) runtime: runtime::Id,
    pub(super) index: usize,
}

/// A Sleep that was polled, with the shard for its waker.
#[derive(Debug)]
struct Timer {
    sleep: Pin<Box<Sleep>>,
    at: Instant,
    /// The clock that it goes by.
    runtime: Handle,
}

/// Whether an alarm may be put into the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cover {
    Covered,
    Late,
    /// The runtime is shutting down, and tells no time any more.
    Gone,
}

/// What a shard does next in the call that comes of its Sleep.
enum Next {
    /// Wake what is in the batch, and look again.
    More,
    /// Nothing: there is a Sleep for the next alarm, or no alarm, and no need of the old timer.
    Done(Option<Timer>),
    /// Wake everybody.
    Shutdown(Option<Timer>, Queue),
}

impl State {
    pub(super) fn is_owned_by(&self, runtime: runtime::Id) -> bool {
        self.owner.is_some_and(|owner| owner.runtime == runtime)
    }

    /// Whether it may be given to another runtime (A2).
    pub(super) fn is_idle(&self) -> bool {
        self.timer.is_none() && self.queue.is_empty()
    }

    /// Whether the Sleep is early enough for an alarm (A1).
    #[inline]
    pub(super) fn is_covered(&self, at: Instant) -> bool {
        self.timer.as_ref().is_some_and(|timer| timer.at <= at)
    }

    /// One step under the lock. The runtime is entered, and the timer was seen to have gone off.
    fn step(&mut self, shard: &'static Shard, runtime: &Handle, batch: &mut WakeBatch) -> Next {
        let ours = self.is_owned_by(runtime.id());
        match &self.timer {
            Some(timer) if ours && timer.sleep.is_elapsed() => {}
            // While the lock was free somebody else did the rest.
            _ => return Next::Done(None),
        }
        let mut now = clock(runtime);
        let mut at = self.timer.as_ref().map(|timer| timer.at);
        loop {
            // Gone off, or not to be registered, before its time.
            if now.is_none() || now < at {
                return Next::Shutdown(self.timer.take(), self.queue.take_all());
            }
            while let Some(waker) = now.and_then(|now| self.queue.pop_due(now)) {
                batch.push(waker);
                if batch.is_full() {
                    return Next::More;
                }
            }
            at = self.queue.first();
            let Some(first) = at else {
                return Next::Done(self.timer.take());
            };
            match Timer::start(shard, runtime, first) {
                Some(timer) => return Next::Done(self.timer.replace(timer)),
                None => now = clock(runtime),
            }
        }
    }
}

impl Shard {
    pub(super) fn leak() -> &'static Self {
        Box::leak(Box::new(Self {
            state: Padded(Lock::default()),
        }))
    }

    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Sets an earlier Sleep, for an alarm on the current runtime, which is the shard's owner.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(super) fn cover(&'static self, state: &mut State, at: Instant) -> Cover {
        if at <= Instant::now() {
            return Cover::Late;
        }
        match Timer::start(self, &Handle::current(), at) {
            Some(timer) => {
                // What it replaces is not the last that holds the runtime, of which this timer is, too.
                state.timer = Some(timer);
                Cover::Covered
            }
            None if at <= Instant::now() => Cover::Late,
            None => Cover::Gone,
        }
    }

    /// Does what the Sleep's going off demands. Called by Tokio's driver, so no panic leaves it: it would end a
    /// worker, and the timers of everybody with it. The hook has told of it by then.
    fn go_off(&'static self, waker: &Waker) {
        let Some(runtime) = self.runtime_if_gone_off(waker) else {
            return;
        };
        // Where the thread is being torn down no runtime can be entered; its own is shutting down then.
        let _in_runtime = has_thread_locals().then(|| runtime.enter());
        loop {
            let mut batch = WakeBatch::new();
            let step = || self.lock().step(self, &runtime, &mut batch);
            // Making a timer panics in a runtime that is shutting down; all that is known of is seen before. Should
            // Tokio find other reasons, waiters must not hang for them.
            let next = catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|_| {
                let mut state = self.lock();
                Next::Shutdown(state.timer.take(), state.queue.take_all())
            });
            wake_all(&mut batch);
            match next {
                Next::More => {}
                Next::Done(timer) => return drop(timer),
                Next::Shutdown(timer, queue) => {
                    drop(timer);
                    for waker in queue.into_wakers() {
                        batch.push(waker);
                        wake_all(&mut batch);
                    }
                    return;
                }
            }
        }
    }

    /// The runtime of the Sleep, if that has gone off.
    fn runtime_if_gone_off(&self, waker: &Waker) -> Option<Handle> {
        let mut state = self.lock();
        let timer = state.timer.as_mut()?;
        // It has not if the call comes of a Sleep that was replaced meanwhile. Nor if Tokio asks to be polled again,
        // as it does of what is polled for a task dump; so poll it again, which panics if the runtime shuts down now.
        let poll = || timer.sleep.is_elapsed() || timer.poll(waker).is_ready();
        let gone_off = catch_unwind(AssertUnwindSafe(poll)).unwrap_or(true);
        gone_off.then(|| timer.runtime.clone())
    }
}

impl Timer {
    /// A running timer; none if it goes off at once, late or because the runtime is shutting down.
    ///
    /// # Panics
    ///
    /// If the current runtime, which is to be `runtime`, has no time driver.
    #[track_caller]
    fn start(shard: &'static Shard, runtime: &Handle, at: Instant) -> Option<Self> {
        // Tokio rounds up, which the end of its clock does not bear. Nobody will see the difference.
        let at = match at.checked_add(Duration::from_secs(1)) {
            Some(_) => at,
            None => at - Duration::from_secs(1),
        };
        let mut timer = Self {
            sleep: Box::pin(sleep_until(at)),
            at,
            runtime: runtime.clone(),
        };
        timer.sleep.as_mut().reset(at);
        if timer.sleep.is_elapsed() {
            return None;
        }
        let waker = Waker::from(Arc::new(Bell(shard)));
        timer.poll(&waker).is_pending().then_some(timer)
    }

    /// Without the budget of the task that happens to run: a Sleep that is refused some is not registered.
    fn poll(&mut self, waker: &Waker) -> Poll<()> {
        let sleep = self.sleep.as_mut();
        pin!(unconstrained(sleep)).poll(&mut Context::from_waker(waker))
    }
}

/// The waker of a shard's Sleep.
struct Bell(&'static Shard);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(self.clone());
        self.0.go_off(&waker);
    }
}

fn has_thread_locals() -> bool {
    !Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed())
}

/// The time of a runtime that was entered; none where that could not be.
fn clock(runtime: &Handle) -> Option<Instant> {
    let current = Handle::try_current().ok()?;
    (current.id() == runtime.id()).then(Instant::now)
}

/// Calls the wakers, whatever they do. Dropping what one panics with may panic, too; what it panics with then is leaked,
/// as there would be no end to it.
fn wake_all(batch: &mut WakeBatch) {
    while let Err(payload) = catch_unwind(AssertUnwindSafe(|| batch.wake_all())) {
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            mem::forget(second);
        }
    }
}
