//! Waiting for credits, as a future.

use std::borrow::Borrow;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::rt::{self, Until};
use pin_project_lite::pin_project;

use super::account::{Closed, Seat};
use super::error::{AcquireError, AcquireTimeoutError};
use super::held::Credit;
use super::spender::Spender;

pin_project! {
    /// Waits for credits: what [`Spender::acquire`] and [`Spender::acquire_owned`] return.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it gives up its place in line, and credits that it was given and has not returned are there for
    /// the next. Leaked, it keeps what it was given, and holds up nobody for longer than it takes to be given that.
    #[must_use = "futures do nothing unless polled"]
    pub struct Acquire<S = Spender>
    where
        S: Borrow<Spender>,
    {
        spender: S,
        credits: u64,
        #[pin]
        seat: Seat,
    }

    impl<S> PinnedDrop for Acquire<S>
    where
        S: Borrow<Spender>,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            (*this.spender).borrow().account.leave(this.seat);
        }
    }
}

impl<S: Borrow<Spender>> Acquire<S> {
    pub(super) fn new(spender: S, credits: u64) -> Self {
        Self {
            spender,
            credits,
            seat: Seat::new(),
        }
    }
}

impl<S: Borrow<Spender>> Future for Acquire<S> {
    type Output = Result<Credit, AcquireError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let coop = ready!(rt::poll_proceed(cx));
        let this = self.project();
        let account = &(*this.spender).borrow().account;
        let taken = ready!(account.poll_take(this.seat, cx, *this.credits));
        coop.made_progress();
        Poll::Ready(match taken {
            Ok(term) => Ok(Credit::new(account.clone(), *this.credits, term)),
            Err(Closed) => Err(AcquireError::Closed),
        })
    }
}

impl<S: Borrow<Spender>> fmt::Debug for Acquire<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquire")
            .field("credits", &self.credits)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// Waits for credits for so long: what [`Spender::acquire_timeout`] returns.
    ///
    /// # Cancel safety
    ///
    /// *Strict*, as [`Acquire`] is. One that has answered that its time is up has left the line, dropped or not.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct AcquireTimeout<'a> {
        // None once the time was up.
        #[pin]
        acquire: Option<Until<Acquire<&'a Spender>>>,
    }
}

impl<'a> AcquireTimeout<'a> {
    pub(super) fn new(acquire: Until<Acquire<&'a Spender>>) -> Self {
        Self {
            acquire: Some(acquire),
        }
    }
}

impl Future for AcquireTimeout<'_> {
    type Output = Result<Credit, AcquireTimeoutError>;

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
            Some(Ok(credit)) => Ok(credit),
            Some(Err(AcquireError::Closed)) => Err(AcquireTimeoutError::Closed),
            None => Err(AcquireTimeoutError::Elapsed),
        })
    }
}
