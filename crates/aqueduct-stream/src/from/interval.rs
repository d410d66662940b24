//! Streams of the clock.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aqueduct_core::rt::Instant;
use tokio::time::MissedTickBehavior;

use crate::flow::Flow;
use crate::source::{CHUNK, Outlet, Pull, Source};
use crate::timer::Timer;

/// A stream of ticks without end: at once, and then every `period`, counted from this call.
///
/// An item is the moment that a tick was for, as of Tokio's `interval`. Ticks that were missed, since nobody asked in time, come
/// all at once, unless [`with_missed_ticks`](Flow::with_missed_ticks) says otherwise.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::time::Duration;
/// use aqueduct_stream::interval;
///
/// let start = tokio::time::Instant::now();
/// interval(Duration::from_secs(1)).take(3).for_each(|_| println!("tick")).await;
/// assert_eq!(start.elapsed(), Duration::from_secs(2));
/// # }
/// ```
///
/// # Panics
///
/// If `period` is 0. The stream panics when it has to wait outside of a Tokio runtime that drives timers.
#[track_caller]
pub fn interval(period: Duration) -> Flow<Interval> {
    interval_at(Instant::now(), period)
}

/// [`interval`] with its first tick at `start`.
///
/// # Panics
///
/// As [`interval`] does.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Flow<Interval> {
    assert!(!period.is_zero(), "a period of zero");
    Flow::new(Interval {
        next: Some(start),
        period,
        missed: MissedTickBehavior::Burst,
        timer: Timer::new(),
    })
}

/// # Ticks
impl Flow<Interval> {
    /// What becomes of ticks that were missed, by Tokio's rules: a tick that is given more than 5 ms after its moment is late.
    ///
    /// - [`Burst`](MissedTickBehavior::Burst) (the default): all are made up for at once.
    /// - [`Delay`](MissedTickBehavior::Delay): the next is a period after the late one, and so on from there.
    /// - [`Skip`](MissedTickBehavior::Skip): the next is at the first moment to come of those that had been planned.
    pub fn with_missed_ticks(self, missed: MissedTickBehavior) -> Self {
        self.rebuilt(|interval| Interval { missed, ..interval })
    }
}

/// The source of [`interval`] and [`interval_at`].
pub struct Interval {
    /// None if the clock does not go that far.
    next: Option<Instant>,
    period: Duration,
    missed: MissedTickBehavior,
    timer: Timer,
}

/// By so much a tick may be late without having been missed: timers are exact to a millisecond, and tasks have to wait their
/// turn.
const TOLERANCE: Duration = Duration::from_millis(5);

/// The tick after the one for `at`, which is given at `now`.
fn tick_after(
    at: Instant,
    now: Instant,
    period: Duration,
    missed: MissedTickBehavior,
) -> Option<Instant> {
    let late = now.saturating_duration_since(at);
    let is_missed = late > TOLERANCE;
    match missed {
        MissedTickBehavior::Delay if is_missed => now.checked_add(period),
        MissedTickBehavior::Skip if is_missed => {
            let over = late.as_nanos() % period.as_nanos();
            let left = u64::try_from(period.as_nanos() - over).ok()?;
            now.checked_add(Duration::from_nanos(left))
        }
        _ => at.checked_add(period),
    }
}

impl Source for Interval {
    type Item = Instant;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Instant> + ?Sized,
    {
        let this = &mut *self;
        let mut now = Instant::now();
        // For a moment that has passed no alarm is set.
        if this.next.is_none_or(|at| at > now) {
            this.timer.set(this.next);
            ready!(this.timer.poll(cx));
            now = Instant::now();
        }
        for _ in 0..outlet.room().min(CHUNK) {
            let Some(at) = this.next.filter(|at| *at <= now) else {
                break;
            };
            this.next = tick_after(at, now, this.period, this.missed);
            if outlet.push(at).is_break() {
                break;
            }
        }
        Poll::Ready(Pull::More)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interval")
            .field("next", &self.next)
            .field("period", &self.period)
            .field("missed", &self.missed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
