//! Everything later.

use std::collections::VecDeque;
use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aqueduct_core::rt::Instant;
use pin_project_lite::pin_project;

use super::gate::Gate;
use crate::flow::Flow;
use crate::outlet::flow_if;
use crate::source::{Outlet, Pull, Source};
use crate::timer::Timer;

/// # Later
impl<S: Source> Flow<S> {
    /// Gives each item `by` later than it came, in the same order. The end comes with the last item.
    ///
    /// While it holds `capacity` items it takes no other, so that what comes then is later by more. A clock that cannot express
    /// the moment never gives them.
    ///
    /// Holds up to `capacity` items between pulls.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0. The stream panics when it has to wait outside of a Tokio runtime that drives timers.
    #[track_caller]
    pub fn delay(self, by: Duration, capacity: usize) -> Flow<Delay<S, S::Item>> {
        assert!(capacity > 0, "a delay of no items");
        Flow::new(Delay {
            source: self,
            by,
            capacity,
            held: VecDeque::new(),
            timer: Timer::new(),
        })
    }
}

pin_project! {
    /// The source of [`Flow::delay`].
    pub struct Delay<S, T> {
        #[pin]
        source: Flow<S>,
        by: Duration,
        capacity: usize,
        // When each came.
        held: VecDeque<(Instant, T)>,
        timer: Timer,
    }
}

/// Keeps items with the moment of the pull.
struct Stamp<'a, T> {
    held: &'a mut VecDeque<(Instant, T)>,
    capacity: usize,
    now: Option<Instant>,
}

impl<T> Outlet<T> for Stamp<'_, T> {
    fn room(&self) -> usize {
        self.capacity - self.held.len()
    }

    fn push(&mut self, item: T) -> ControlFlow<()> {
        let now = *self.now.get_or_insert_with(Instant::now);
        self.held.push_back((now, item));
        flow_if(self.held.len() < self.capacity)
    }
}

impl<S: Source<Item = T>, T> Source for Delay<S, T> {
    type Item = T;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<T> + ?Sized,
    {
        let this = self.project();
        let by = *this.by;
        let mut pulled = Poll::Pending;
        if this.held.len() < *this.capacity {
            let mut stamp = Stamp {
                held: this.held,
                capacity: *this.capacity,
                now: None,
            };
            pulled = this.source.poll_pull(cx, &mut stamp);
        }
        let mut gate = Gate::new(outlet);
        let Some(&(first, _)) = this.held.front() else {
            return pulled;
        };
        this.timer.set(first.checked_add(by));
        // An end waits for what is held.
        if pulled != Poll::Ready(Pull::More) {
            ready!(this.timer.poll(cx));
        }
        let now = Instant::now();
        while gate.is_open()
            && let Some((came, _)) = this.held.front()
            && came.checked_add(by).is_some_and(|due| due <= now)
            && let Some((_, item)) = this.held.pop_front()
        {
            let _ = gate.push(item);
        }
        match pulled {
            Poll::Ready(Pull::End) if this.held.is_empty() => pulled,
            _ => Poll::Ready(Pull::More),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let held = self.held.len();
        let (lower, upper) = Source::size_hint(&self.source);
        let upper = upper.and_then(|upper| upper.checked_add(held));
        (lower.saturating_add(held), upper)
    }
}

impl<S: fmt::Debug, T> fmt::Debug for Delay<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delay")
            .field("source", &self.source)
            .field("by", &self.by)
            .field("capacity", &self.capacity)
            .field("held", &self.held.len())
            .finish_non_exhaustive()
    }
}
