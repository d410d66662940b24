//! A task of a group: the future that Tokio runs.
//!
//! However it ends (it returns, panics, is aborted, is dropped with its runtime), it ends here, once: the user's future
//! is dropped first, within the task's node, and then the task leaves its group. So who has waited for the group knows
//! that nothing of the task is left.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use aqueduct_core::node::InNode;
use pin_project_lite::pin_project;

use crate::failure::Panicked;
use crate::info::{Member, TaskKind, TaskState};
use crate::members::{End, drop_quietly};
use crate::policy::Policy;
use crate::shared::group_of;

pin_project! {
    pub(crate) struct Tracked<P, F>
    where
        P: Policy,
        P: 'static,
    {
        // It has its member's node until it leaves.
        #[pin]
        future: InNode<Member, F>,
        _policy: PhantomData<fn() -> P>,
    }

    impl<P, F> PinnedDrop for Tracked<P, F>
    where
        P: Policy,
        P: 'static,
    {
        fn drop(this: Pin<&mut Self>) {
            leave::<P>(this.project().future.end(), None);
        }
    }
}

impl<P: Policy + 'static, F> Tracked<P, F> {
    pub(crate) fn new(member: Member, future: F) -> Self {
        Self {
            future: InNode::new(member, future),
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
        let mut future = self.project().future;
        let record = future.node().expect("polled until it was ready").record();
        if record.stop.is_asked() {
            leave::<P>(future.end(), None);
            return Poll::Ready(());
        }
        record.set_state(TaskState::Running);
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        let end = match polled {
            Ok(Poll::Ready(end)) => end,
            Ok(Poll::Pending) => {
                let record = future.node().expect("it has not ended").record();
                record.set_state(TaskState::Waiting);
                // A local group's owner is woken instead, and drops its tasks.
                if record.kind() != TaskKind::Inline {
                    record.stop.arm(cx.waker());
                }
                return Poll::Pending;
            }
            Err(payload) => End::Panicked(Panicked::new(payload)),
        };
        leave::<P>(future.end(), Some(end));
        Poll::Ready(())
    }
}

/// What has become of a task: what it ended with, unless its destructor panicked. On top of a panic of its own, that is
/// nobody's.
#[inline]
fn become_of<O>(end: Option<End<O>>, dropped: thread::Result<()>) -> End<O> {
    match (end, dropped) {
        (Some(end @ End::Panicked(_)), _) | (Some(end), Ok(())) => end,
        (None, Ok(())) => End::CutShort,
        (end, Err(payload)) => {
            drop_quietly(end);
            End::Panicked(Panicked::new(payload))
        }
    }
}

/// Leaves the group, unless that was done before: with the node that is no more anybody's, and how the work was dropped.
#[inline]
pub(crate) fn leave<P: Policy + 'static>(
    dropped: Option<(Member, thread::Result<()>)>,
    end: Option<End<P::Output>>,
) {
    let Some((member, dropped)) = dropped else {
        return;
    };
    let record = member.record();
    record.stop.disarm();
    record.set_state(TaskState::Ended);
    // This one keeps the group until the task has left.
    let (own, groups) = member.split();
    group_of::<P>(&**own.header()).ended(groups, become_of(end, dropped));
}
