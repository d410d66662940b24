//! A rate limit before a tower service.
//!
//! ```text
//!                  poll_ready                                   call
//!    rejecting     the inner service's                          a permit? no: the response is an error
//!    waiting       a permit, by waiting; then the inner's       the permit is used
//! ```
//!
//! A rejection is the response of `call`: as an error of `poll_ready` it would say that the service is gone for good, and
//! `Buffer` would fail every request from then on.
//!
//! Who waits does so in `poll_ready`, so that what is above is held back and nothing piles up in response futures. The
//! permit is that of this service, until the call: a clone has none, and waits for its own. It is given back when the
//! service goes away without a call. All clones, and all services of one layer, share the limit. (tower's own `RateLimit`
//! cannot be cloned, and counts in fixed windows.)
//!
//! A permit that is not used *lapses* when time has made it good, which is no sooner than one interval of the quota after
//! it was got: others may have had the same room by then, and many services that were readied one after the other and are
//! called together would exceed the rate. Then `poll_ready` gets another, and so does `call`; where there is none, `call`
//! rejects. So: make ready, then call. Whoever readies more services than it calls, as a balancer does, uses up the rate
//! for each of them.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::acquire::Acquire;
use super::error::{AcquireError, TryAcquireError};
use super::gcra::Taken;
use super::limiter::RateLimiter;

/// Puts a [`RateLimiter`] before services, which share it.
#[derive(Clone, Debug)]
pub struct RateLimitLayer {
    limiter: RateLimiter,
    excess: Excess,
}

#[derive(Clone, Copy, Debug)]
enum Excess {
    Rejected,
    Waits,
}

impl RateLimitLayer {
    /// A layer that answers requests which come too soon with an error.
    pub fn rejecting(limiter: RateLimiter) -> Self {
        Self {
            limiter,
            excess: Excess::Rejected,
        }
    }

    /// A layer whose services are ready when a request may come, for at least one interval of the quota. Called later than
    /// that, they may reject.
    pub fn waiting(limiter: RateLimiter) -> Self {
        Self {
            limiter,
            excess: Excess::Waits,
        }
    }
}

impl<S> Layer<S> for RateLimitLayer {
    type Service = RateLimited<S>;

    fn layer(&self, inner: S) -> RateLimited<S> {
        RateLimited {
            inner,
            layer: self.clone(),
            permit: Permit::None,
        }
    }
}

/// A service behind a [`RateLimiter`].
pub struct RateLimited<S> {
    inner: S,
    layer: RateLimitLayer,
    permit: Permit,
}

/// What a waiting service has of the next call.
enum Permit {
    None,
    Waits(Pin<Box<Acquire>>),
    Held(Held),
    /// There never will be one.
    Refused(TryAcquireError),
}

/// A permit that is given back unless it is used.
struct Held {
    limiter: RateLimiter,
    taken: Option<Taken>,
}

impl Held {
    fn has_lapsed(&self) -> bool {
        let line = &self.limiter.line;
        self.taken
            .as_ref()
            .is_some_and(|taken| line.has_lapsed(taken))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(taken) = self.taken.take() {
            self.limiter.line.give_back(taken);
        }
    }
}

impl<S> RateLimited<S> {
    /// The limiter.
    pub fn limiter(&self) -> &RateLimiter {
        &self.layer.limiter
    }

    /// The service behind it.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// Gets a permit for the next call, if it has none.
    fn poll_permit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limiter = &self.layer.limiter;
        loop {
            let taken = match &mut self.permit {
                Permit::Held(held) if held.has_lapsed() => {
                    self.permit = Permit::None;
                    continue;
                }
                Permit::Held(_) | Permit::Refused(_) => return Poll::Ready(()),
                Permit::None => match limiter.line.try_keep(1) {
                    Ok(taken) => Ok(taken),
                    Err(_) => {
                        let acquire = limiter.acquire_owned(1);
                        self.permit = Permit::Waits(Box::pin(acquire));
                        continue;
                    }
                },
                Permit::Waits(acquire) => ready!(acquire.as_mut().poll_keep(cx)),
            };
            self.permit = match taken {
                Ok(taken) => Permit::Held(Held {
                    limiter: limiter.clone(),
                    taken: Some(taken),
                }),
                Err(AcquireError::TooMany { burst }) => {
                    Permit::Refused(TryAcquireError::TooMany { burst })
                }
                Err(AcquireError::Crowded { retry_after }) => {
                    Permit::Refused(TryAcquireError::Crowded { retry_after })
                }
            };
        }
    }

    fn take_permit(&mut self) -> Result<(), TryAcquireError> {
        match std::mem::replace(&mut self.permit, Permit::None) {
            Permit::Held(mut held) if !held.has_lapsed() => {
                held.taken = None;
                Ok(())
            }
            Permit::Refused(why) => Err(why),
            // Rejecting; or called long after it was ready, or without being so, which tower allows a service to punish worse.
            Permit::None | Permit::Waits(_) | Permit::Held(_) => self.layer.limiter.try_acquire(1),
        }
    }
}

impl<S, Req> Service<Req> for RateLimited<S>
where
    S: Service<Req>,
{
    type Response = S::Response;
    type Error = RateLimitError<S::Error>;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if matches!(self.layer.excess, Excess::Waits) {
            ready!(self.poll_permit(cx));
        }
        self.inner.poll_ready(cx).map_err(RateLimitError::Inner)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let state = match self.take_permit() {
            Ok(()) => State::Running {
                future: self.inner.call(request),
            },
            Err(why) => State::Rejected { why },
        };
        ResponseFuture { state }
    }
}

impl<S: Clone> Clone for RateLimited<S> {
    /// A clone has no permit for its next call.
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            layer: self.layer.clone(),
            permit: Permit::None,
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for RateLimited<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimited")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish_non_exhaustive()
    }
}

/// Why there is no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitError<E> {
    /// The rate did not allow it; the service was not called.
    Rejected(TryAcquireError),
    /// The service's own.
    Inner(E),
}

impl<E: fmt::Display> fmt::Display for RateLimitError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(why) => write!(f, "rejected: {why}"),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

// For any error that can be shown, a boxed one included, which is none itself: else nothing could be put around this that
// boxes errors, as `Buffer` does.
impl<E: fmt::Debug + fmt::Display> std::error::Error for RateLimitError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Rejected(why) => Some(why),
            Self::Inner(_) => None,
        }
    }
}

pin_project! {
    /// The response of a [`RateLimited`] service.
    ///
    /// # Cancel safety
    ///
    /// *Strict* in itself: dropping it drops the response future of the service, with what that loses.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Running {
            #[pin]
            future: F,
        },
        Rejected { why: TryAcquireError },
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<R, E>>,
{
    type Output = Result<R, RateLimitError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Rejected { why } => Poll::Ready(Err(RateLimitError::Rejected(*why))),
            StateProj::Running { future } => future.poll(cx).map_err(RateLimitError::Inner),
        }
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
