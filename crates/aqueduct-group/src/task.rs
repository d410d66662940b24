//! A task of a group: the future that Tokio runs.
//!
//! However it ends (it returns, panics, is aborted, is dropped with its runtime), it ends here, once: the user's future
//! is dropped first, within the task's node, and then the task leaves its group. So who has waited for the group knows
//! that nothing of the task is left.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use aqueduct_core::node::{Node, within};
use pin_project_lite::pin_project;

use crate::failure::Panicked;
use crate::info::{Record, TaskRef, TaskState};
use crate::members::End;
use crate::policy::Policy;
use crate::shared::group_of;

pin_project! {
    pub(crate) struct Tracked<P, F>
    where
        P: Policy,
        P: 'static,
    {
        // Some, until it has ended.
        #[pin]
        future: Option<F>,
        // Some, until it has left its group.
        node: Option<Arc<Node>>,
        _policy: PhantomData<fn() -> P>,
    }

    impl<P, F> PinnedDrop for Tracked<P, F>
    where
        P: Policy,
        P: 'static,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.node.is_some() {
                // A panic in its destructor is what became of it.
                let dropped = within(this.node, || {
                    catch_unwind(AssertUnwindSafe(|| this.future.set(None)))
                });
                let end = match dropped {
                    Ok(()) => End::CutShort,
                    Err(payload) => End::Panicked(Panicked::new(payload)),
                };
                leave::<P>(this.node, end);
            }
        }
    }
}

impl<P: Policy + 'static, F> Tracked<P, F> {
    pub(crate) fn new(node: Arc<Node>, future: F) -> Self {
        Self {
            future: Some(future),
            node: Some(node),
            _policy: PhantomData,
        }
    }
}

impl<P, F> Future for Tracked<P, F>
where
    P: Policy + 'static,
    F: Future<Output = End<P::Output>>,
{
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        set_state(this.node, TaskState::Running);
        let polled = within(this.node, || {
            let polled = catch_unwind(AssertUnwindSafe(|| {
                let future = this.future.as_mut().as_pin_mut();
                let end = ready!(future.expect("polled until it was ready").poll(cx));
                this.future.set(None);
                Poll::Ready(end)
            }));
            polled.unwrap_or_else(|payload| {
                // The future has panicked; what its destructor panics with on top is nobody's.
                let _ = catch_unwind(AssertUnwindSafe(|| this.future.set(None)));
                Poll::Ready(End::Panicked(Panicked::new(payload)))
            })
        });
        match polled {
            Poll::Ready(end) => {
                leave::<P>(this.node, end);
                Poll::Ready(())
            }
            Poll::Pending => {
                set_state(this.node, TaskState::Waiting);
                Poll::Pending
            }
        }
    }
}

#[inline]
pub(crate) fn set_state(node: &Option<Arc<Node>>, state: TaskState) {
    let node = node.as_deref().expect("a task has a node until it ends");
    if let Some(record) = node.data().downcast_ref::<Record>() {
        record.set_state(state);
    }
}

#[inline]
pub(crate) fn leave<P: Policy + 'static>(node: &mut Option<Arc<Node>>, end: End<P::Output>) {
    let node = node.take().expect("a task leaves once");
    let task = TaskRef::of(&node).expect("a task's node has a record");
    let record = task.record();
    record.set_state(TaskState::Ended);
    group_of::<P>(&*record.group).ended(&node, end);
}
