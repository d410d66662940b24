//! As many items as a rate limit lets pass.
//!
//! # Invariants
//!
//! R1. There is a permit in hand before the source is asked for an item, so that none is taken that may not be given.
//!
//! R2. A permit that is in hand when the limiter's burst is full is void, and another has to be taken: had it stayed there it
//!     would have made no difference. So a stream that was idle gives the burst, and not one more.
//!
//! # Why not an item first, and then its permit
//!
//! The item would be inside while it waits, and lost with the stream. The price of R1 is that each of the streams that share
//! a limiter may have a permit in hand while it waits for an item.

use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_backpressure::rate::{Acquire, RateLimiter};
use aqueduct_core::rt::Instant;
use pin_project_lite::pin_project;

use super::gate::Gate;
use crate::flow::Flow;
use crate::outlet::flow_if;
use crate::source::{Outlet, Pull, Source};

/// # At a rate
impl<S: Source> Flow<S> {
    /// Gives items as a rate limit allows, a permit each: so many a period, with bursts. The rest waits in the source.
    ///
    /// Clones of the limiter share it, be they in streams or elsewhere; they are served in the order in which they began to
    /// wait. Each stream that waits for an item keeps a permit for it, so that of `n` streams that share a limiter up to
    /// `n - 1` items more than the burst may come at once. The end may come as late as an item would.
    ///
    /// Holds nothing between pulls. A stream that is dropped may take a permit with it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use aqueduct_backpressure::rate::{Quota, RateLimiter};
    /// use aqueduct_stream::iter;
    ///
    /// let start = tokio::time::Instant::now();
    /// let limiter = RateLimiter::new(Quota::per_second(10).with_burst(5));
    /// iter(0..25).rate_limit(limiter).for_each(drop).await;
    /// // 5 at once, 20 by the rate, and what the end waits for.
    /// assert_eq!(start.elapsed(), Duration::from_millis(2_100));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// The stream panics when it has to wait outside of a Tokio runtime that drives timers.
    pub fn rate_limit(self, limiter: RateLimiter) -> Flow<RateLimit<S>> {
        Flow::new(RateLimit {
            source: self,
            limiter,
            in_hand: false,
            waiting: None,
        })
    }
}

pin_project! {
    /// The source of [`Flow::rate_limit`].
    pub struct RateLimit<S> {
        #[pin]
        source: Flow<S>,
        limiter: RateLimiter,
        // A permit has been taken, and no item yet.
        in_hand: bool,
        // On the heap, so that a stream is no less movable for it. Who has to wait for a permit has the time to allocate.
        waiting: Option<Pin<Box<Acquire>>>,
    }
}

/// Lets an item pass, and takes a permit for the next.
struct Permitted<'a, O: ?Sized> {
    gate: Gate<'a, O>,
    limiter: &'a RateLimiter,
    now: Instant,
    in_hand: &'a mut bool,
    /// So many permits could be had beside the one in hand.
    available: usize,
}

impl<T, O: Outlet<T> + ?Sized> Outlet<T> for Permitted<'_, O> {
    fn room(&self) -> usize {
        self.gate.room().min(1 + self.available)
    }

    fn push(&mut self, item: T) -> ControlFlow<()> {
        debug_assert!(*self.in_hand, "R1: an item without a permit");
        *self.in_hand = false;
        self.gate.push(item)?;
        *self.in_hand = match self.available.checked_sub(1) {
            Some(left) => {
                self.available = left;
                self.limiter.try_acquire_at(self.now, 1).is_ok()
            }
            None => false,
        };
        flow_if(*self.in_hand)
    }
}

impl<S: Source> Source for RateLimit<S> {
    type Item = S::Item;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        let this = self.project();
        let limiter = &*this.limiter;
        let mut now = Instant::now();
        // See R2.
        if *this.in_hand && limiter.available_at(now) >= limiter.quota().burst() {
            *this.in_hand = false;
        }
        if !*this.in_hand && this.waiting.is_none() {
            // The limiter counts refusals: one that is foreseen is none.
            *this.in_hand = limiter.available_at(now) > 0 && limiter.try_acquire_at(now, 1).is_ok();
        }
        if !*this.in_hand {
            let acquire = || Box::pin(limiter.clone().acquire_owned(1));
            let waiting = this.waiting.get_or_insert_with(acquire);
            ready!(waiting.as_mut().poll(cx)).expect("a burst holds a permit at least");
            *this.waiting = None;
            *this.in_hand = true;
            now = Instant::now();
        }
        let available = limiter.available_at(now);
        let mut permitted = Permitted {
            gate: Gate::new(outlet),
            limiter,
            now,
            in_hand: this.in_hand,
            available: usize::try_from(available).unwrap_or(usize::MAX - 1),
        };
        this.source.poll_pull(cx, &mut permitted)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        Source::size_hint(&self.source)
    }
}

impl<S: fmt::Debug> fmt::Debug for RateLimit<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("source", &self.source)
            .field("limiter", &self.limiter)
            .field("in_hand", &self.in_hand)
            .finish_non_exhaustive()
    }
}
