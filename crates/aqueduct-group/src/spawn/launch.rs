//! The ways in which a task may run.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_channel::oneshot;
use aqueduct_core::node::Node;
use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_local};

use super::handle::TaskHandle;
use crate::info::{Member, TaskId, TaskKind};
use crate::members::End;
use crate::policy::Policy;
use crate::shared::group_of;
use crate::task::Tracked;
use crate::work::TrackedWork;

/// A way to run a task: [`Async`], [`Local`], [`Inline`](crate::Inline), [`Blocking`],
/// [`Handed`] or [`HandedBlocking`]. Not to be
/// implemented elsewhere.
//
// No implementation has a bound with a lifetime in it: what such a bound is needed for is in a function pointer, made
// where the work is handed in. A future that holds a `Spawn` over an `.await` must be `Send` for all lifetimes, which the
// compiler has forgotten by then (rust-lang/rust#110338); with `F: 'static` here it would not be, as soon as a task
// captures a `&'static str`.
pub trait Launch<P: Policy>: sealed::Sealed {
    /// What is handed back if the task is not spawned.
    type Work;
    /// What is given if it is.
    type Given;

    /// How it runs.
    const KIND: TaskKind;

    /// What is handed back if the task is not spawned.
    fn into_work(self) -> Self::Work;

    #[doc(hidden)]
    fn launch(self, pad: Pad<'_>) -> Self::Given;
}

/// What a task is launched with.
#[doc(hidden)]
pub struct Pad<'a> {
    pub(super) runtime: &'a Handle,
    /// What to do with the runtime's handle to it.
    pub(super) keep: &'a dyn Fn(JoinHandle<()>),
    pub(crate) member: Member,
}

impl Pad<'_> {
    pub(crate) fn id(&self) -> TaskId {
        TaskId::new(self.member.id())
    }
}

impl fmt::Debug for Pad<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pad").finish_non_exhaustive()
    }
}

pub(crate) mod sealed {
    pub trait Sealed {}

    impl<F> Sealed for super::Async<F> {}
    impl<F> Sealed for super::Local<F> {}
    impl<W> Sealed for super::Blocking<W> {}
    impl<F: Future> Sealed for super::Handed<F> {}
    impl<W, T> Sealed for super::HandedBlocking<W, T> {}
}

/// A future on the runtime's workers.
pub struct Async<F> {
    future: F,
    start: Start<F>,
}

/// A future on the thread that spawns it.
pub struct Local<F> {
    future: F,
    start: Start<F>,
}

/// A closure on a thread of its own.
pub struct Blocking<W> {
    work: W,
    start: Start<W>,
}

/// A future on the runtime's workers, whose value a handle gives.
pub struct Handed<F: Future> {
    future: F,
    start: fn(F, oneshot::Sender<F::Output>, Pad<'_>) -> JoinHandle<()>,
}

/// A closure on a thread of its own, whose value a handle gives.
pub struct HandedBlocking<W, T> {
    work: W,
    start: fn(W, oneshot::Sender<T>, Pad<'_>) -> JoinHandle<()>,
}

/// Knows by what bounds the work can be spawned, and by which policy its end is judged.
type Start<W> = fn(W, Pad<'_>) -> JoinHandle<()>;

impl<F> Async<F> {
    #[inline]
    pub(super) fn new<P: Policy + 'static>(future: F) -> Self
    where
        F: Future<Output = P::Output> + Send + 'static,
    {
        Self {
            future,
            start: |future, pad| {
                let task = Tracked::<P, _>::new(pad.member, Judged { future });
                pad.runtime.spawn(task)
            },
        }
    }
}

impl<F> Local<F> {
    pub(super) fn new<P: Policy + 'static>(future: F) -> Self
    where
        F: Future<Output = P::Output> + 'static,
    {
        Self {
            future,
            start: |future, pad| spawn_local(Tracked::<P, _>::new(pad.member, Judged { future })),
        }
    }
}

impl<W> Blocking<W> {
    pub(super) fn new<P: Policy + 'static>(work: W) -> Self
    where
        W: FnOnce() -> P::Output + Send + 'static,
    {
        Self {
            work,
            start: |work, pad| launch_work::<P, _>(pad, move || End::Returned(work())),
        }
    }
}

impl<F: Future> Handed<F> {
    pub(super) fn new<P: Policy + 'static>(future: F) -> Self
    where
        F: Send + 'static,
        F::Output: Send,
    {
        Self {
            future,
            start: |future, output, pad| {
                let sending = Sending::<P, F> {
                    future,
                    output: Some(output),
                    _policy: PhantomData,
                };
                pad.runtime.spawn(Tracked::<P, _>::new(pad.member, sending))
            },
        }
    }
}

impl<W, T> HandedBlocking<W, T> {
    pub(super) fn new<P: Policy + 'static>(work: W) -> Self
    where
        W: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Self {
            work,
            start: |work, output, pad| {
                let work = move || {
                    // Without a handle left, nobody wants it.
                    let _ = output.send(work());
                    End::Handed
                };
                launch_work::<P, _>(pad, work)
            },
        }
    }
}

/// Queues a closure, and has its group know of it.
fn launch_work<P, W>(pad: Pad<'_>, work: W) -> JoinHandle<()>
where
    P: Policy + 'static,
    W: FnOnce() -> End<P::Output> + Send + 'static,
{
    let group = pad.member.group().clone();
    let work = TrackedWork::<P, _>::new(pad.member, work);
    let queued = work.clone();
    let running = pad.runtime.spawn_blocking(move || queued.run());
    group_of::<P>(&*group).works.add(work);
    running
}

impl<P: Policy, F> Launch<P> for Async<F> {
    type Work = F;
    type Given = TaskId;

    const KIND: TaskKind = TaskKind::Async;

    fn into_work(self) -> F {
        self.future
    }

    #[inline]
    fn launch(self, pad: Pad<'_>) -> TaskId {
        let (id, keep) = (pad.id(), pad.keep);
        keep((self.start)(self.future, pad));
        id
    }
}

impl<P: Policy, F> Launch<P> for Local<F> {
    type Work = F;
    type Given = TaskId;

    const KIND: TaskKind = TaskKind::Local;

    fn into_work(self) -> F {
        self.future
    }

    fn launch(self, pad: Pad<'_>) -> TaskId {
        let (id, keep) = (pad.id(), pad.keep);
        keep((self.start)(self.future, pad));
        id
    }
}

impl<P: Policy, W> Launch<P> for Blocking<W> {
    type Work = W;
    type Given = TaskId;

    const KIND: TaskKind = TaskKind::Blocking;

    fn into_work(self) -> W {
        self.work
    }

    fn launch(self, pad: Pad<'_>) -> TaskId {
        let (id, keep) = (pad.id(), pad.keep);
        keep((self.start)(self.work, pad));
        id
    }
}

impl<P: Policy, F: Future> Launch<P> for Handed<F> {
    type Work = F;
    type Given = TaskHandle<F::Output>;

    const KIND: TaskKind = TaskKind::Async;

    fn into_work(self) -> F {
        self.future
    }

    fn launch(self, pad: Pad<'_>) -> TaskHandle<F::Output> {
        let (id, keep) = (pad.id(), pad.keep);
        let (output, handle) = oneshot::channel();
        keep((self.start)(self.future, output, pad));
        TaskHandle::new(id, handle)
    }
}

impl<P: Policy, W, T> Launch<P> for HandedBlocking<W, T> {
    type Work = W;
    type Given = TaskHandle<T>;

    const KIND: TaskKind = TaskKind::Blocking;

    fn into_work(self) -> W {
        self.work
    }

    fn launch(self, pad: Pad<'_>) -> TaskHandle<T> {
        let (id, keep) = (pad.id(), pad.keep);
        let (output, handle) = oneshot::channel();
        keep((self.start)(self.work, output, pad));
        TaskHandle::new(id, handle)
    }
}

impl<F> fmt::Debug for Async<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Async").finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for Local<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local").finish_non_exhaustive()
    }
}

impl<W> fmt::Debug for Blocking<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").finish_non_exhaustive()
    }
}

impl<W, T> fmt::Debug for HandedBlocking<W, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandedBlocking").finish_non_exhaustive()
    }
}

impl<F: Future> fmt::Debug for Handed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handed").finish_non_exhaustive()
    }
}

pin_project! {
    /// Gives what the future returns to the policy.
    pub(crate) struct Judged<F> {
        #[pin]
        pub(crate) future: F,
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
    struct Sending<P, F: Future>
    where
        P: Policy,
        P: 'static,
    {
        #[pin]
        future: F,
        output: Option<oneshot::Sender<F::Output>>,
        _policy: PhantomData<fn() -> P>,
    }
}

impl<P: Policy + 'static, F: Future> Future for Sending<P, F> {
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
