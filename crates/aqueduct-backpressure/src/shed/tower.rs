//! Load shedding before a tower service: by [`Utilisation`] at a server, by [`Throttle`] at a client.
//!
//! Readiness is the inner service's. What is shed is shed in `call`, by a response that is an error: an error of
//! `poll_ready` would say that the service is gone for good. Clones share what decides.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{Call, InFlight, Priority, Shed, Throttle, Utilisation};

/// Puts a [`Utilisation`] before services, which share it. A request is in flight until its response is there, or its
/// future is dropped.
#[derive(Clone, Debug)]
pub struct UtilisationLayer<P = NormalPriority> {
    utilisation: Utilisation,
    priority: P,
}

/// Says how important a request is. Any `Fn(&Request) -> Priority` does.
pub trait Prioritise<Req> {
    /// How important it is.
    fn priority(&self, request: &Req) -> Priority;
}

impl<Req, F: Fn(&Req) -> Priority> Prioritise<Req> for F {
    fn priority(&self, request: &Req) -> Priority {
        self(request)
    }
}

/// All requests are equally important.
#[derive(Clone, Copy, Debug, Default)]
pub struct NormalPriority;

impl<Req> Prioritise<Req> for NormalPriority {
    fn priority(&self, _: &Req) -> Priority {
        Priority::Normal
    }
}

impl UtilisationLayer {
    /// A layer to which all requests are equally important.
    pub fn new(utilisation: Utilisation) -> Self {
        Self {
            utilisation,
            priority: NormalPriority,
        }
    }

    /// A layer that asks how important a request is.
    pub fn prioritise<P>(self, priority: P) -> UtilisationLayer<P> {
        UtilisationLayer {
            utilisation: self.utilisation,
            priority,
        }
    }
}

impl<S, P: Clone> Layer<S> for UtilisationLayer<P> {
    type Service = Shedding<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        Shedding {
            inner,
            layer: self.clone(),
        }
    }
}

/// A service before which a [`Utilisation`] sheds.
#[derive(Clone, Debug)]
pub struct Shedding<S, P = NormalPriority> {
    inner: S,
    layer: UtilisationLayer<P>,
}

impl<S, Req, P> Service<Req> for Shedding<S, P>
where
    S: Service<Req>,
    P: Prioritise<Req>,
{
    type Response = S::Response;
    type Error = ShedError<S::Error>;
    type Future = ResponseFuture<S::Future, Flight>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(ShedError::Inner)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let priority = self.layer.priority.priority(&request);
        match self.layer.utilisation.admit(priority) {
            Ok(in_flight) => {
                let future = self.inner.call(request);
                ResponseFuture::running(
                    future,
                    Flight {
                        _in_flight: in_flight,
                    },
                )
            }
            Err(why) => ResponseFuture::shed(why),
        }
    }
}

/// What a result says of whether the server takes calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It took the call, whatever its answer was.
    Accepted,
    /// It rejected the call for overload, or there was no answer.
    Rejected,
    /// It says nothing.
    Ignore,
}

/// Puts a [`Throttle`] before a client's service.
///
/// `classify` looks at a result and says whether the server took the call.
///
/// ```
/// use aqueduct_backpressure::shed::Throttle;
/// use aqueduct_backpressure::shed::tower::{Class, ThrottleLayer};
///
/// let layer = ThrottleLayer::new(Throttle::new(), |result: &Result<u16, String>| match result {
///     Ok(429 | 503) | Err(_) => Class::Rejected,
///     Ok(_) => Class::Accepted,
/// });
/// # let _ = layer;
/// ```
#[derive(Clone)]
pub struct ThrottleLayer<C> {
    throttle: Throttle,
    classify: C,
}

impl<C> ThrottleLayer<C> {
    /// A layer that is told what became of its calls by `classify`.
    pub fn new<R, E>(throttle: Throttle, classify: C) -> Self
    where
        C: Fn(&Result<R, E>) -> Class,
    {
        Self { throttle, classify }
    }
}

impl<S, C: Clone> Layer<S> for ThrottleLayer<C> {
    type Service = Throttled<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        Throttled {
            inner,
            layer: self.clone(),
        }
    }
}

/// A client's service behind a [`Throttle`].
#[derive(Clone)]
pub struct Throttled<S, C> {
    inner: S,
    layer: ThrottleLayer<C>,
}

impl<S, Req, C> Service<Req> for Throttled<S, C>
where
    S: Service<Req>,
    C: Fn(&Result<S::Response, S::Error>) -> Class + Clone,
{
    type Response = S::Response;
    type Error = ShedError<S::Error>;
    type Future = ResponseFuture<S::Future, Watched<C>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(ShedError::Inner)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        match self.layer.throttle.try_call() {
            Ok(call) => {
                let future = self.inner.call(request);
                let classify = self.layer.classify.clone();
                ResponseFuture::running(future, Watched { call, classify })
            }
            Err(why) => ResponseFuture::shed(why),
        }
    }
}

impl<C> fmt::Debug for ThrottleLayer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThrottleLayer")
            .field("throttle", &self.throttle)
            .finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, C> fmt::Debug for Throttled<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttled")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}

/// Why there is no response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ShedError<E> {
    /// It was shed; the service was not called.
    Shed(Shed),
    /// The service's own.
    Inner(E),
}

impl<E: fmt::Display> fmt::Display for ShedError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shed(why) => why.fmt(f),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

// For any error that can be shown, a boxed one included, which is none itself: else nothing could be put around this that
// boxes errors, as `Buffer` does.
impl<E: fmt::Debug + fmt::Display> std::error::Error for ShedError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Shed(why) => Some(why),
            Self::Inner(_) => None,
        }
    }
}

/// What is done when there is a result.
trait Ends<R, E> {
    fn end(self, result: &Result<R, E>);
}

/// A request in flight.
#[derive(Debug)]
pub struct Flight {
    _in_flight: InFlight,
}

impl<R, E> Ends<R, E> for Flight {
    fn end(self, _: &Result<R, E>) {}
}

/// A call whose result is looked at.
pub struct Watched<C> {
    call: Call,
    classify: C,
}

impl<C> fmt::Debug for Watched<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

impl<R, E, C: Fn(&Result<R, E>) -> Class> Ends<R, E> for Watched<C> {
    fn end(self, result: &Result<R, E>) {
        match (self.classify)(result) {
            Class::Accepted => self.call.accepted(),
            Class::Rejected => self.call.rejected(),
            Class::Ignore => {}
        }
    }
}

pin_project! {
    /// The response of a service before which load is shed.
    ///
    /// # Cancel safety
    ///
    /// *Strict* in itself: dropping it drops the response future of the service, with what that loses; the request is in
    /// flight no more, and counts neither as accepted nor as rejected.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, W> {
        #[pin]
        state: State<F, W>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, W> {
        Running {
            #[pin]
            future: F,
            watch: Option<W>,
        },
        Shed { why: Shed },
    }
}

impl<F, W> ResponseFuture<F, W> {
    fn running(future: F, watch: W) -> Self {
        let watch = Some(watch);
        Self {
            state: State::Running { future, watch },
        }
    }

    fn shed(why: Shed) -> Self {
        Self {
            state: State::Shed { why },
        }
    }
}

impl<F, W, R, E> Future for ResponseFuture<F, W>
where
    F: Future<Output = Result<R, E>>,
    W: Ends<R, E>,
{
    type Output = Result<R, ShedError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Shed { why } => Poll::Ready(Err(ShedError::Shed(*why))),
            StateProj::Running { future, watch } => {
                let result = ready!(future.poll(cx));
                if let Some(watch) = watch.take() {
                    watch.end(&result);
                }
                Poll::Ready(result.map_err(ShedError::Inner))
            }
        }
    }
}

impl<F, W> fmt::Debug for ResponseFuture<F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
