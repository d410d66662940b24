//! All that core knows of Tokio: the cooperation budget, timers, and blocking next to a runtime.

mod alarm;
mod epoch;

pub use tokio::task::coop::{RestoreOnPending, poll_proceed};
pub use tokio::time::{Instant, Sleep, sleep_until, timeout, timeout_at};

pub use alarm::Alarm;
pub use epoch::Epoch;

use std::collections::VecDeque;
use std::future::Future;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::runtime;

use crate::park;
use crate::sync::Lock;

/// Runs `future` to its end on this thread.
///
/// # Panics
///
/// On a thread that is driving async tasks, as Tokio's own blocking calls do: it would stop them all.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    match tokio::runtime::Handle::try_current() {
        // Tokio itself knows whether this thread may block: a `spawn_blocking` thread may, a worker may not.
        Ok(handle) => handle.block_on(future),
        Err(_) => park::block_on(future),
    }
}

/// The moment so far from now, or none if the clock does not go that far: a limit like `Duration::MAX` is no limit.
pub fn deadline_in(limit: Duration) -> Option<Instant> {
    Instant::now().checked_add(limit)
}

/// Whether the current runtime tells time. False outside of any.
///
/// Tokio does not say so but by a panic, which is caught here. A runtime that was found without timers is remembered, so
/// that the panic hook tells of it once a runtime; that it does is right, as it says what is missing. Where panics abort,
/// this aborts, too.
pub fn drives_timers() -> bool {
    static WITHOUT: LazyLock<Lock<VecDeque<runtime::Id>>> = LazyLock::new(Default::default);
    let Ok(runtime) = runtime::Handle::try_current() else {
        return false;
    };
    let id = runtime.id();
    if WITHOUT.lock().contains(&id) {
        return false;
    }
    // Neither registered nor polled.
    let drives = catch_unwind(|| drop(sleep_until(Instant::now()))).is_ok();
    if !drives {
        let mut without = WITHOUT.lock();
        if without.len() == WITHOUT_MAX {
            without.pop_front();
        }
        without.push_back(id);
    }
    drives
}

/// More runtimes without timers than this are not remembered.
const WITHOUT_MAX: usize = 64;

/// Runs a future until a deadline, if there is one. None says that the deadline came first.
///
/// Like Tokio's `timeout_at`, except that no timer is made for a future that is ready at its first poll, or without a
/// deadline; then no clock is read and no runtime is needed. A deadline that has passed leaves the future one poll.
/// The timer is an [`Alarm`].
///
/// # Panics
///
/// The future panics when it has to wait for a deadline outside of a Tokio runtime that drives timers.
pub fn until<F: Future>(deadline: Option<Instant>, future: F) -> Until<F> {
    Until {
        future,
        deadline,
        alarm: None,
    }
}

pin_project! {
    /// See [`until`].
    ///
    /// # Cancel safety
    ///
    /// *Strict* in itself: dropping it drops the future inside, with what that loses.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Until<F> {
        #[pin]
        future: F,
        deadline: Option<Instant>,
        // Set when it is first waited for.
        alarm: Option<Alarm>,
    }
}

impl<F: Future> Future for Until<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Some(output));
        }
        match *this.deadline {
            Some(deadline) => poll_deadline(this.alarm, deadline, cx.waker()).map(|()| None),
            None => Poll::Pending,
        }
    }
}

/// Waits for a moment, with an alarm that is kept between polls; it is set when there is something to wait for.
///
/// Spends no budget, which the future beside it may use up at every poll: its deadline must come nevertheless.
///
/// # Panics
///
/// Where it has to wait outside of a Tokio runtime that drives timers.
#[inline]
pub fn poll_deadline(alarm: &mut Option<Alarm>, deadline: Instant, waker: &Waker) -> Poll<()> {
    if let Some(alarm) = alarm {
        if alarm.update(waker) {
            return Poll::Pending;
        }
        // It went off, on time or because its runtime went away.
        if Instant::now() >= deadline {
            return Poll::Ready(());
        }
    }
    *alarm = Alarm::set_unless_past(deadline, waker.clone());
    match alarm {
        Some(_) => Poll::Pending,
        None => Poll::Ready(()),
    }
}

#[cfg(test)]
mod tests;
