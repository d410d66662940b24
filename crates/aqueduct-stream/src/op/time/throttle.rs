//! One item a period: the others wait, or are dropped.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aqueduct_core::rt::Instant;
use pin_project_lite::pin_project;

use super::gate::Gate;
use crate::flow::Flow;
use crate::source::{CHUNK, Outlet, Pull, Source};
use crate::timer::Timer;

/// # Slower
///
/// What other libraries call *throttle* is either of two things. Here, as in tokio-stream and Pekko, `throttle` lets items
/// wait; as in Rx, `throttle_first` drops them.
impl<S: Source> Flow<S> {
    /// Gives an item, and the next when at least `period` has passed. The first waits for nothing.
    ///
    /// No item leaves the source before it may be given, so that who fills it is slowed down too. For bursts, or a rate that
    /// several streams share, see [`rate_limit`](Self::rate_limit). The end may come as late as an item would.
    ///
    /// Holds nothing between pulls.
    ///
    /// # Panics
    ///
    /// The stream panics when it has to wait outside of a Tokio runtime that drives timers.
    pub fn throttle(self, period: Duration) -> Flow<Throttle<S>> {
        Flow::new(Throttle {
            source: self,
            period,
            timer: Timer::new(),
            waits: false,
        })
    }

    /// Gives an item, and drops what comes less than `period` after it. The first thereafter is given, and so on.
    ///
    /// Sets no timer, and holds nothing between pulls.
    pub fn throttle_first(self, period: Duration) -> Flow<ThrottleFirst<S>> {
        Flow::new(ThrottleFirst {
            source: self,
            period,
            opens_at: Opens::Now,
        })
    }
}

pin_project! {
    /// The source of [`Flow::throttle`].
    #[derive(Debug)]
    pub struct Throttle<S> {
        #[pin]
        source: Flow<S>,
        period: Duration,
        // Without a moment if the period is longer than the clock goes.
        timer: Timer,
        waits: bool,
    }
}

/// Lets one item pass.
struct One<'a, O: ?Sized> {
    outlet: &'a mut O,
    gave: bool,
}

impl<T, O: Outlet<T> + ?Sized> Outlet<T> for One<'_, O> {
    fn room(&self) -> usize {
        usize::from(!self.gave)
    }

    fn push(&mut self, item: T) -> ControlFlow<()> {
        self.gave = true;
        let _ = self.outlet.push(item);
        ControlFlow::Break(())
    }
}

impl<S: Source> Source for Throttle<S> {
    type Item = S::Item;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        let this = self.project();
        if *this.waits {
            ready!(this.timer.poll(cx));
            *this.waits = false;
        }
        let mut one = One {
            outlet,
            gave: false,
        };
        let pulled = this.source.poll_pull(cx, &mut one);
        if one.gave {
            this.timer.set_in(*this.period);
            *this.waits = true;
        }
        pulled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        Source::size_hint(&self.source)
    }
}

pin_project! {
    /// The source of [`Flow::throttle_first`].
    #[derive(Debug)]
    pub struct ThrottleFirst<S> {
        #[pin]
        source: Flow<S>,
        period: Duration,
        opens_at: Opens,
    }
}

/// When the next item may pass.
#[derive(Clone, Copy, Debug)]
enum Opens {
    Now,
    At(Instant),
    Never,
}

impl Opens {
    /// Opens so long after `now`.
    fn after(now: Instant, period: Duration) -> Self {
        now.checked_add(period).map_or(Self::Never, Self::At)
    }

    fn is_open(self, now: Instant) -> bool {
        match self {
            Self::Now => true,
            Self::At(at) => at <= now,
            Self::Never => false,
        }
    }
}

/// Lets items pass as the clock says, which is read at the first item of a pull.
struct First<'a, O: ?Sized> {
    gate: Gate<'a, O>,
    period: Duration,
    opens_at: &'a mut Opens,
    now: Option<Instant>,
}

impl<T, O: Outlet<T> + ?Sized> Outlet<T> for First<'_, O> {
    /// A pull gives one item at most, and may drop as many as it likes; without a period it drops none.
    fn room(&self) -> usize {
        if self.period.is_zero() {
            self.gate.room()
        } else {
            CHUNK
        }
    }

    fn push(&mut self, item: T) -> ControlFlow<()> {
        let now = *self.now.get_or_insert_with(Instant::now);
        if !self.opens_at.is_open(now) {
            return ControlFlow::Continue(());
        }
        *self.opens_at = Opens::after(now, self.period);
        let below = self.gate.push(item);
        if self.period.is_zero() {
            below
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl<S: Source> Source for ThrottleFirst<S> {
    type Item = S::Item;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        let this = self.project();
        let mut first = First {
            gate: Gate::new(outlet),
            period: *this.period,
            opens_at: this.opens_at,
            now: None,
        };
        this.source.poll_pull(cx, &mut first)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Source::size_hint(&self.source).1)
    }
}
