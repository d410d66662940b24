//! Waiting for permits, as a future.

use std::borrow::Borrow;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::rt::{self, Until};
use pin_project_lite::pin_project;

use super::error::{AcquireError, AcquireTimeoutError};
use super::gcra::Taken;
use super::limiter::RateLimiter;
use super::line::Seat;

pin_project! {
    /// Waits for permits: what [`RateLimiter::acquire`] and [`RateLimiter::acquire_owned`] return.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it gives up its place in line, and permits that it was given and has not returned go to the
    /// next. A future that is leaked, or not polled, holds up nobody: its permits count as used when its turn comes.
    #[must_use = "futures do nothing unless polled"]
    pub struct Acquire<L = RateLimiter>
    where
        L: Borrow<RateLimiter>,
    {
        limiter: L,
        permits: u32,
        #[pin]
        seat: Seat,
    }

    impl<L> PinnedDrop for Acquire<L>
    where
        L: Borrow<RateLimiter>,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            (*this.limiter).borrow().line.leave(this.seat);
        }
    }
}

impl<L: Borrow<RateLimiter>> Acquire<L> {
    pub(super) fn new(limiter: L, permits: u32) -> Self {
        Self {
            limiter,
            permits,
            seat: Seat::new(),
        }
    }
}

impl<L: Borrow<RateLimiter>> Acquire<L> {
    /// As `poll`, for who may give it back.
    pub(super) fn poll_keep(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Taken, AcquireError>> {
        let coop = ready!(rt::poll_proceed(cx));
        let this = self.project();
        let line = &(*this.limiter).borrow().line;
        let taken = ready!(line.poll_acquire(this.seat, cx, *this.permits));
        coop.made_progress();
        Poll::Ready(taken)
    }
}

impl<L: Borrow<RateLimiter>> Future for Acquire<L> {
    type Output = Result<(), AcquireError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_keep(cx).map_ok(|_| ())
    }
}

impl<L: Borrow<RateLimiter>> fmt::Debug for Acquire<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquire")
            .field("permits", &self.permits)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// Waits for permits for so long: what [`RateLimiter::acquire_timeout`] returns.
    ///
    /// # Cancel safety
    ///
    /// *Strict*, as [`Acquire`] is. One that has answered that its time is up has left the line, dropped or not.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct AcquireTimeout<'a> {
        // None once the time was up.
        #[pin]
        acquire: Option<Until<Acquire<&'a RateLimiter>>>,
    }
}

impl<'a> AcquireTimeout<'a> {
    pub(super) fn new(acquire: Until<Acquire<&'a RateLimiter>>) -> Self {
        Self {
            acquire: Some(acquire),
        }
    }
}

impl Future for AcquireTimeout<'_> {
    type Output = Result<(), AcquireTimeoutError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let acquired = match this.acquire.as_mut().as_pin_mut() {
            Some(acquire) => ready!(acquire.poll(cx)),
            None => None,
        };
        if acquired.is_none() {
            this.acquire.set(None);
        }
        Poll::Ready(match acquired {
            Some(outcome) => outcome.map_err(AcquireTimeoutError::from),
            None => Err(AcquireTimeoutError::Elapsed),
        })
    }
}
