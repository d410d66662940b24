//! The edge between an actor's code and ours: what is caught there, and how it is stopped at an `.await`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use aqueduct_core::node;
use aqueduct_supervision::exit::{Exit, catch_panic};
use pin_project_lite::pin_project;

use crate::actor::{Actor, Signal};
use crate::control::{Bits, Control};
use crate::shared::Shared;

pin_project! {
    /// Runs a part of an actor's life until it ends, panics, or the actor is killed. Its polls are in the actor's
    /// node; and before it sleeps the control lane has the task's waker.
    pub(crate) struct Guarded<'a, A: Actor, F> {
        shared: &'a Shared<A>,
        waker: &'a mut KnownWaker,
        #[pin]
        inner: F,
    }
}

/// Which waker the control lane has, to be compared and not to be called. It is kept there until it is called, which the
/// word tells: so its address is not another's. It is the lane's own clone, of which the task's waker may be another address.
#[derive(Default)]
pub(crate) struct KnownWaker(usize, usize);

impl KnownWaker {
    /// Before the task sleeps: sees to it that the lane has its waker. What was told while there was none is looked at by one
    /// poll more.
    #[inline]
    fn before_sleep(&mut self, control: &Control<Signal, Exit>, cx: &Context<'_>) {
        let waker = cx.waker();
        if control.bits().has(Bits::ABSENT) || !self.is(waker) {
            let kept = waker.clone();
            *self = Self::of(&kept);
            if control.register(kept) {
                waker.wake_by_ref();
            }
        }
    }

    #[inline]
    fn of(waker: &Waker) -> Self {
        let vtable = std::ptr::from_ref(waker.vtable());
        Self(waker.data().addr(), vtable.addr())
    }

    #[inline]
    fn is(&self, waker: &Waker) -> bool {
        let Self(data, vtable) = Self::of(waker);
        self.0 == data && self.1 == vtable
    }
}

impl<'a, A: Actor, F> Guarded<'a, A, F> {
    pub(crate) fn new(shared: &'a Shared<A>, waker: &'a mut KnownWaker, inner: F) -> Self {
        Self {
            shared,
            waker,
            inner,
        }
    }
}

impl<A: Actor, F: Future> Future for Guarded<'_, A, F> {
    /// The error is a panic, or what it is killed by.
    type Output = Result<F::Output, Exit>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let control = &this.shared.control;
        if control.bits().has(Bits::KILL) {
            let exit = control.take_kill().unwrap_or(Exit::Killed);
            return Poll::Ready(Err(exit));
        }
        let poll = || node::within(&this.shared.node, || this.inner.poll(cx));
        match catch_panic(poll) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => {
                this.waker.before_sleep(control, cx);
                Poll::Pending
            }
            Err(panicked) => Poll::Ready(Err(Exit::Panicked(panicked))),
        }
    }
}

/// Runs what is the user's and whose panic nobody could be told of but by the panic hook.
pub(crate) fn ignore_panic(work: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
        // Not dropped, as that may panic too.
        std::mem::forget(payload);
    }
}
