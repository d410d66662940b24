//! Retries as middleware.
//!
//! ```text
//! poll_ready ─▶ the inner service's      call ─▶ the service that is ready takes the first try
//!                                                 │
//!               Trying ◀── of a clone: ready? call ── Pausing | Yielding
//!                 │                                        ▲
//!                 └─ failed, and to be tried again ────────┘
//! ```
//!
//! 1. Who is ready is called: the service that was polled goes with the first try, and a clone of it takes its place, which
//!    has to be polled anew. So does each retry, on a clone of its own: a permit that readiness took is used, or let go of
//!    with the clone, and is never one try's and spent by another.
//! 2. Waiting for readiness is part of the try, and so of its time limit.
//! 3. A request is copied before it is given away, as long as there may be another try.
//!
//! Why not a `Policy` for tower's own `Retry`: a policy has no place for time limits, nor for an error that says why it ended.

use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aqueduct_core::rt::{Until, until};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};
use tower_layer::Layer;
use tower_service::Service;

use crate::retry::course::{Course, Next, Within};
use crate::retry::{Retry, RetryError};

/// [`Retry`] as a tower `Layer`.
///
/// It retries requests whose *errors* the policy retries. A response that is a failure, such as one with status 503, has to
/// be made an error below, by `map_result`, and can be in that error.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use aqueduct_resilience::{Backoff, Retry, RetryLayer};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// let mut answers = [Ok(200), Err("busy"), Err("busy")].to_vec();
/// let answers = std::sync::Arc::new(std::sync::Mutex::new(answers));
/// let service = ServiceBuilder::new()
///     .layer(RetryLayer::new(Retry::new(Backoff::default())))
///     .service_fn(move |_path: &'static str| {
///         let answer = answers.lock().unwrap().pop().unwrap();
///         async move { answer }
///     });
/// assert_eq!(service.oneshot("/").await.unwrap(), 200);
/// # }
/// ```
pub struct RetryLayer<Req, E> {
    shared: Arc<Shared<Req, E>>,
}

struct Shared<Req, E> {
    retry: Retry<E>,
    copy: Box<Copier<Req>>,
}

type Copier<Req> = dyn Fn(&Req) -> Option<Req> + Send + Sync;

impl<Req, E> RetryLayer<Req, E> {
    /// For requests that can be cloned.
    #[must_use]
    pub fn new(retry: Retry<E>) -> Self
    where
        Req: Clone,
    {
        Self::with_clone_request(retry, |request: &Req| Some(request.clone()))
    }

    /// For requests that cannot be cloned, or not all of them: one for which there is no copy has one try.
    #[must_use]
    pub fn with_clone_request<F>(retry: Retry<E>, clone_request: F) -> Self
    where
        F: Fn(&Req) -> Option<Req> + Send + Sync + 'static,
    {
        Self {
            shared: Arc::new(Shared {
                retry,
                copy: Box::new(clone_request),
            }),
        }
    }
}

impl<Req, E> Shared<Req, E> {
    fn copy(&self, course: &Course<E>, request: &Req) -> Option<Req> {
        let more = course.may_have_more(&self.retry);
        more.then(|| (self.copy)(request)).flatten()
    }
}

impl<S, Req, E> Layer<S> for RetryLayer<Req, E> {
    type Service = RetryService<S, Req, E>;

    fn layer(&self, inner: S) -> Self::Service {
        RetryService {
            inner,
            shared: self.shared.clone(),
        }
    }
}

/// A service whose requests are tried again. See [`RetryLayer`].
///
/// Its error is [`RetryError`]. Where the inner service fails before there is a request, when it is asked whether it is ready,
/// that is of kind [`NotRetryable`](crate::RetryErrorKind::NotRetryable), after no tries: such a service is done for good.
pub struct RetryService<S, Req, E> {
    inner: S,
    shared: Arc<Shared<Req, E>>,
}

impl<S, Req> Service<Req> for RetryService<S, Req, S::Error>
where
    S: Service<Req> + Clone,
{
    type Response = S::Response;
    type Error = RetryError<S::Error>;
    type Future = RetryFuture<S, Req>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(RetryError::not_ready)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let template = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, template.clone());
        let shared = self.shared.clone();
        let mut course = Course::new();
        let within = course.begin(&shared.retry);
        let copy = shared.copy(&course, &request);
        let future = ready.call(request);
        RetryFuture {
            state: State::Trying {
                within,
                attempt: until(within.deadline, Attempt::Calling { future }),
            },
            calls: Calls {
                shared,
                template,
                copy,
                course: Some(course),
            },
        }
    }
}

pin_project! {
    /// A request that is tried until it succeeds or is given up. See [`RetryLayer`].
    ///
    /// # Cancel safety
    ///
    /// *Strict* in itself: dropping it drops the try that is at work, with what that loses. A retry that has been taken from
    /// the budget and was not begun goes back.
    #[must_use = "futures do nothing unless polled"]
    pub struct RetryFuture<S, Req>
    where
        S: Service<Req>,
    {
        #[pin]
        state: State<S, Req>,
        calls: Calls<S, Req, S::Error>,
    }
}

/// What is needed for more tries.
struct Calls<S, Req, E> {
    shared: Arc<Shared<Req, E>>,
    template: S,
    /// None of a request that is not to be tried again.
    copy: Option<Req>,
    /// None when it has ended.
    course: Option<Course<E>>,
}

pin_project! {
    #[project = StateProj]
    enum State<S, Req>
    where
        S: Service<Req>,
    {
        Trying { within: Within, #[pin] attempt: Until<Attempt<S, Req>> },
        Pausing { #[pin] sleep: Sleep },
        Yielding,
    }
}

pin_project! {
    #[project = AttemptProj]
    enum Attempt<S, Req>
    where
        S: Service<Req>,
    {
        Readying { service: S, request: Option<Req> },
        Calling { #[pin] future: S::Future },
    }
}

impl<S, Req> Future for Attempt<S, Req>
where
    S: Service<Req>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let future = match self.as_mut().project() {
                AttemptProj::Calling { future } => return future.poll(cx),
                AttemptProj::Readying { service, request } => {
                    ready!(service.poll_ready(cx))?;
                    let request = request.take();
                    service.call(request.expect("it is called once"))
                }
            };
            self.set(Attempt::Calling { future });
        }
    }
}

impl<S, Req> Future for RetryFuture<S, Req>
where
    S: Service<Req> + Clone,
{
    type Output = Result<S::Response, RetryError<S::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProj::Trying { within, attempt } => {
                    let result = ready!(attempt.poll(cx));
                    match this.calls.after(*within, result) {
                        ControlFlow::Continue(delay) => paused(delay),
                        ControlFlow::Break(output) => {
                            // What is left of the try goes now, not with this future.
                            this.state.set(State::Yielding);
                            return Poll::Ready(output);
                        }
                    }
                }
                StateProj::Pausing { sleep } => {
                    ready!(sleep.poll(cx));
                    this.calls.again()
                }
                StateProj::Yielding => this.calls.again(),
            };
            this.state.set(next);
            if matches!(*this.state, State::Yielding) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}

fn paused<S, Req>(delay: Duration) -> State<S, Req>
where
    S: Service<Req>,
{
    match delay {
        Duration::ZERO => State::Yielding,
        delay => State::Pausing {
            sleep: sleep(delay),
        },
    }
}

impl<S, Req> Calls<S, Req, S::Error>
where
    S: Service<Req> + Clone,
{
    /// For how long to pause, or how it ended.
    fn after(
        &mut self,
        within: Within,
        result: Option<Result<S::Response, S::Error>>,
    ) -> ControlFlow<Result<S::Response, RetryError<S::Error>>, Duration> {
        let course = self.course.take();
        let mut course = course.expect("a future that has ended is not polled");
        let repeatable = self.copy.is_some();
        match course.after(&self.shared.retry, within, result, repeatable) {
            Ok(Next::Pause(delay)) => {
                self.course = Some(course);
                ControlFlow::Continue(delay)
            }
            Ok(Next::Done(response)) => ControlFlow::Break(Ok(response)),
            Err(kind) => ControlFlow::Break(Err(course.ended(kind, None))),
        }
    }

    /// The next try, with a clone that is not ready yet.
    fn again(&mut self) -> State<S, Req> {
        let course = self.course.as_mut().expect("it goes on");
        let request = self.copy.take().expect("without one there is no retry");
        let within = course.begin(&self.shared.retry);
        self.copy = self.shared.copy(course, &request);
        let attempt = Attempt::Readying {
            service: self.template.clone(),
            request: Some(request),
        };
        State::Trying {
            within,
            attempt: until(within.deadline, attempt),
        }
    }
}

impl<Req, E> Clone for RetryLayer<Req, E> {
    fn clone(&self) -> Self {
        let shared = self.shared.clone();
        Self { shared }
    }
}

impl<S: Clone, Req, E> Clone for RetryService<S, Req, E> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            shared: self.shared.clone(),
        }
    }
}

impl<Req, E> fmt::Debug for RetryLayer<Req, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryLayer")
            .field("retry", &self.shared.retry)
            .finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, Req, E> fmt::Debug for RetryService<S, Req, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryService")
            .field("inner", &self.inner)
            .field("retry", &self.shared.retry)
            .finish()
    }
}

impl<S, Req> fmt::Debug for RetryFuture<S, Req>
where
    S: Service<Req>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture")
            .field("ended", &self.calls.course.is_none())
            .finish_non_exhaustive()
    }
}
