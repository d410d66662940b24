//! A limiter before a tower service.
//!
//! ```text
//!   poll_ready ──▶ the inner service's, and nothing else
//!   call ──▶ a permit? ── no ──▶ the response is an error, the inner service is not called
//!               └── yes ──▶ the inner call, with the permit in its future ──▶ success, failure, ignored; or dropped
//! ```
//!
//! # Why it does not reject in `poll_ready`
//!
//! An error there says that the service is gone for good; `Buffer`, for one, fails every request from then on. A full
//! limiter is no such thing: the next request may be let in.
//!
//! # Why it does not wait in `poll_ready`
//!
//! tower's `ConcurrencyLimit` does, and holds the permit from then until the call, if it ever comes: a service that was
//! readied and left alone, as a balancer leaves those it did not choose, keeps a permit from those who would use it. Here
//! readiness takes nothing, so it promises nothing that a clone could break: however many clones are ready, the limiter
//! decides at the call.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::limiter::Limiter;
use super::permit::OwnedPermit;
use super::rejected::Rejected;
use super::request::Request;

/// What a result says of the service's load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Its latency counts.
    Success,
    /// It is a sign of overload.
    Failure,
    /// It says nothing.
    Ignore,
}

/// Says of which [`Class`] a result is. Any `Fn(&Result<R, E>) -> Class` does.
pub trait Classify<R, E>: Clone {
    /// Of which class it is.
    fn classify(&self, result: &Result<R, E>) -> Class;
}

impl<R, E, F: Fn(&Result<R, E>) -> Class + Clone> Classify<R, E> for F {
    fn classify(&self, result: &Result<R, E>) -> Class {
        self(result)
    }
}

/// Responses are successes and errors are ignored: what is an error to a caller need be no sign of overload, so it takes
/// somebody who knows to say which are.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResponsesCount;

impl<R, E> Classify<R, E> for ResponsesCount {
    fn classify(&self, result: &Result<R, E>) -> Class {
        match result {
            Ok(_) => Class::Success,
            Err(_) => Class::Ignore,
        }
    }
}

/// Puts a [`Limiter`] before services. All that it is put before share the limiter.
#[derive(Clone, Debug)]
pub struct LimitLayer<C = ResponsesCount> {
    limiter: Limiter,
    request: Request,
    classify: C,
}

impl LimitLayer {
    /// A layer that classifies as [`ResponsesCount`] does.
    pub fn new(limiter: Limiter) -> Self {
        Self {
            limiter,
            request: Request::new(),
            classify: ResponsesCount,
        }
    }
}

impl<C> LimitLayer<C> {
    /// A layer that classifies in this way.
    ///
    /// ```
    /// use aqueduct_backpressure::limit::Limiter;
    /// use aqueduct_backpressure::limit::tower::{Class, LimitLayer};
    ///
    /// let layer = LimitLayer::new(Limiter::new()).classify(|result: &Result<u16, String>| match result {
    ///     Ok(503) | Err(_) => Class::Failure,
    ///     Ok(status) if *status >= 400 => Class::Ignore,
    ///     Ok(_) => Class::Success,
    /// });
    /// ```
    pub fn classify<D>(self, classify: D) -> LimitLayer<D> {
        LimitLayer {
            limiter: self.limiter,
            request: self.request,
            classify,
        }
    }

    /// A layer whose permits are those of a partition.
    ///
    /// # Panics
    ///
    /// Its services panic when called if there is no such partition.
    pub fn partition(mut self, partition: usize) -> Self {
        self.request = self.request.with_partition(partition);
        self
    }
}

impl<S, C: Clone> Layer<S> for LimitLayer<C> {
    type Service = Limited<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        Limited {
            inner,
            layer: self.clone(),
        }
    }
}

/// A service behind a [`Limiter`].
#[derive(Clone, Debug)]
pub struct Limited<S, C = ResponsesCount> {
    inner: S,
    layer: LimitLayer<C>,
}

impl<S, C> Limited<S, C> {
    /// The limiter.
    pub fn limiter(&self) -> &Limiter {
        &self.layer.limiter
    }

    /// The service behind it.
    pub fn inner(&self) -> &S {
        &self.inner
    }
}

impl<S, Req, C> Service<Req> for Limited<S, C>
where
    S: Service<Req>,
    C: Classify<S::Response, S::Error>,
{
    type Response = S::Response;
    type Error = LimitError<S::Error>;
    type Future = ResponseFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(LimitError::Inner)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let state = match self.layer.limiter.try_acquire_owned(self.layer.request) {
            Ok(permit) => State::Running {
                future: self.inner.call(request),
                permit: Some(permit),
                classify: self.layer.classify.clone(),
            },
            Err(why) => State::Rejected { why },
        };
        ResponseFuture { state }
    }
}

/// Why there is no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitError<E> {
    /// The limiter had no permit; the service was not called.
    Rejected(Rejected),
    /// The service's own.
    Inner(E),
}

impl<E: fmt::Display> fmt::Display for LimitError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(why) => write!(f, "rejected: {why}"),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

// For any error that can be shown, a boxed one included, which is none itself: else nothing could be put around this that
// boxes errors, as `Buffer` does. What caused the service's own error is found by taking it out.
impl<E: fmt::Debug + fmt::Display> std::error::Error for LimitError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Rejected(why) => Some(why),
            Self::Inner(_) => None,
        }
    }
}

pin_project! {
    /// The response of a [`Limited`] service.
    ///
    /// # Cancel safety
    ///
    /// *Strict* in itself: dropping it gives its permit back, unrecorded, and drops the response future of the service, with
    /// what that loses.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, C> {
        #[pin]
        state: State<F, C>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, C> {
        Running {
            #[pin]
            future: F,
            permit: Option<OwnedPermit>,
            classify: C,
        },
        Rejected { why: Rejected },
    }
}

impl<F, C, R, E> Future for ResponseFuture<F, C>
where
    F: Future<Output = Result<R, E>>,
    C: Classify<R, E>,
{
    type Output = Result<R, LimitError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Rejected { why } => Poll::Ready(Err(LimitError::Rejected(*why))),
            StateProj::Running {
                future,
                permit,
                classify,
            } => {
                let result = ready!(future.poll(cx));
                if let Some(permit) = permit.take() {
                    match classify.classify(&result) {
                        Class::Success => permit.success(),
                        Class::Failure => permit.failure(),
                        Class::Ignore => permit.ignore(),
                    }
                }
                Poll::Ready(result.map_err(LimitError::Inner))
            }
        }
    }
}

impl<F, C> fmt::Debug for ResponseFuture<F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
