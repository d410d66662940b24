//! The ways in which a task may run.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use aqueduct_channel::oneshot;
use aqueduct_core::node::Node;
use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_local};

use super::handle::TaskHandle;
use crate::info::{Record, TaskId, TaskKind};
use crate::members::End;
use crate::policy::Policy;
use crate::task::{Tracked, TrackedWork, run_blocking};

/// What is to be run, and how: [`Async`], [`Local`], [`Blocking`] or [`Handed`]. Not to be implemented elsewhere.
///
/// It asks nothing of the future itself: the compiler can then tell of a future that waits to spawn another whether it is
/// `Send`, also where it no longer knows that the other is `'static`.
pub trait Work: sealed::Sealed {
    /// What is handed back if the task is not spawned.
    type Back;
    /// What is given if it is.
    type Given;

    /// How it runs.
    const KIND: TaskKind;

    /// What is handed back if the task is not spawned.
    fn into_back(self) -> Self::Back;
}

/// [`Work`] that a group with the policy `P` can run.
pub trait Launch<P: Policy>: Work {
    #[doc(hidden)]
    fn launch(self, pad: Pad<'_>) -> (JoinHandle<()>, Self::Given);
}

/// What a task is launched with.
#[doc(hidden)]
pub struct Pad<'a> {
    pub(super) runtime: &'a Handle,
    pub(super) node: Arc<Node<Record>>,
}

impl fmt::Debug for Pad<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pad").finish_non_exhaustive()
    }
}

mod sealed {
    pub trait Sealed {}

    impl<F> Sealed for super::Async<F> {}
    impl<F> Sealed for super::Local<F> {}
    impl<W> Sealed for super::Blocking<W> {}
    impl<F> Sealed for super::Handed<F> {}
}

/// A future on the runtime's workers.
#[derive(Debug)]
pub struct Async<F>(pub(super) F);

/// A future on the thread that spawns it.
#[derive(Debug)]
pub struct Local<F>(pub(super) F);

/// A closure on a thread of its own.
#[derive(Debug)]
pub struct Blocking<W>(pub(super) W);

/// A future on the runtime's workers, whose value a handle gives.
#[derive(Debug)]
pub struct Handed<F>(pub(super) F);

impl<F> Work for Async<F> {
    type Back = F;
    type Given = TaskId;

    const KIND: TaskKind = TaskKind::Async;

    fn into_back(self) -> F {
        self.0
    }
}

impl<P, F> Launch<P> for Async<F>
where
    P: Policy,
    F: Future<Output = P::Output> + Send + 'static,
{
    #[inline]
    fn launch(self, pad: Pad<'_>) -> (JoinHandle<()>, TaskId) {
        let id = TaskId::new(pad.node.id());
        let future = Judged { future: self.0 };
        let task = Tracked::<P, _>::new(pad.node, future);
        (pad.runtime.spawn(task), id)
    }
}

impl<F> Work for Local<F> {
    type Back = F;
    type Given = TaskId;

    const KIND: TaskKind = TaskKind::Local;

    fn into_back(self) -> F {
        self.0
    }
}

impl<P, F> Launch<P> for Local<F>
where
    P: Policy,
    F: Future<Output = P::Output> + 'static,
{
    fn launch(self, pad: Pad<'_>) -> (JoinHandle<()>, TaskId) {
        let id = TaskId::new(pad.node.id());
        let future = Judged { future: self.0 };
        let task = Tracked::<P, _>::new(pad.node, future);
        (spawn_local(task), id)
    }
}

impl<W> Work for Blocking<W> {
    type Back = W;
    type Given = TaskId;

    const KIND: TaskKind = TaskKind::Blocking;

    fn into_back(self) -> W {
        self.0
    }
}

impl<P, W> Launch<P> for Blocking<W>
where
    P: Policy,
    W: FnOnce() -> P::Output + Send + 'static,
{
    fn launch(self, pad: Pad<'_>) -> (JoinHandle<()>, TaskId) {
        let id = TaskId::new(pad.node.id());
        let task = TrackedWork::<P, _>::new(pad.node, self.0);
        (pad.runtime.spawn_blocking(|| run_blocking(task)), id)
    }
}

impl<F: Future> Work for Handed<F> {
    type Back = F;
    type Given = TaskHandle<F::Output>;

    const KIND: TaskKind = TaskKind::Async;

    fn into_back(self) -> F {
        self.0
    }
}

impl<P, F> Launch<P> for Handed<F>
where
    P: Policy,
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn launch(self, pad: Pad<'_>) -> (JoinHandle<()>, TaskHandle<F::Output>) {
        let id = TaskId::new(pad.node.id());
        let (output, handle) = oneshot::channel();
        let future = Sending::<P, F> {
            future: self.0,
            output: Some(output),
            _policy: PhantomData,
        };
        let task = Tracked::<P, _>::new(pad.node, future);
        (pad.runtime.spawn(task), TaskHandle::new(id, handle))
    }
}

pin_project! {
    /// Gives what the future returns to the policy.
    struct Judged<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Judged<F> {
    type Output = End<F::Output>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx).map(End::Returned)
    }
}

pin_project! {
    /// Gives what the future returns to a handle.
    struct Sending<P: Policy, F: Future> {
        #[pin]
        future: F,
        output: Option<oneshot::Sender<F::Output>>,
        _policy: PhantomData<fn() -> P>,
    }
}

impl<P: Policy, F: Future> Future for Sending<P, F> {
    type Output = End<P::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let output = ready!(this.future.poll(cx));
        if let Some(sender) = this.output.take() {
            // Without a handle left, nobody wants it.
            let _ = sender.send(output);
        }
        Poll::Ready(End::Handed)
    }
}
