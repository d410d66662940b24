//! Running a body with its group.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use aqueduct_cancel::{Reason, ReasonKind};
use aqueduct_core::node::within;
use pin_project_lite::pin_project;

use crate::group::TaskGroup;
use crate::policy::Policy;
use crate::report::Report;
use crate::shared::{BodyState, Shared};
use crate::spawn::Closed;

/// Runs a body, and waits for the group.
pub(crate) async fn run<P, B>(group: TaskGroup<P>, body: B) -> (Option<B::Output>, P::Value, Report)
where
    P: Policy + 'static,
    B: Future,
{
    let ended = Bodily::new(&group, body).await;
    settle(group, ended).await
}

/// Runs a body that may stop early, and waits for the group.
pub(crate) async fn run_try<P, B>(group: TaskGroup<P>, body: B) -> P::Value
where
    P: Policy + 'static,
    B: Future<Output = Result<(), Closed>>,
{
    let ended = match Bodily::new(&group, body).await {
        Ended::Returned(Err(closed)) => {
            group.body_stopped(closed);
            Ended::CutShort
        }
        Ended::Returned(Ok(())) => Ended::Returned(()),
        Ended::Panicked(payload) => Ended::Panicked(payload),
        Ended::CutShort => Ended::CutShort,
    };
    settle(group, ended).await.1
}

impl<P: Policy + 'static> TaskGroup<P> {
    pub(crate) fn body_panicked(&self) {
        let reason = Reason::new(ReasonKind::Failed, "the body of its group panicked");
        self.shared().cancel_here(reason);
    }

    /// The body has not spawned all that it would. Unless that is since the group takes no more tasks, the group is to
    /// learn of it.
    fn body_stopped(&self, closed: Closed) {
        let elsewhere = || (!self.is_closed()).then_some("another group takes no more tasks");
        let reason = closed
            .into_reason()
            .or_else(|| Some(Reason::new(ReasonKind::Failed, elsewhere()?)));
        if let Some(reason) = reason {
            self.shared().cancel_here(reason);
        }
        self.shared().set_body(BodyState::CutShort);
    }
}

/// What becomes of a group whose body has ended.
pub(crate) async fn settle<P, R>(
    group: TaskGroup<P>,
    ended: Ended<R>,
) -> (Option<R>, P::Value, Report)
where
    P: Policy + 'static,
{
    if let Ended::Panicked(_) = &ended {
        group.body_panicked();
    }
    let returned = match ended {
        Ended::Returned(returned) => Some(returned),
        Ended::CutShort => None,
        Ended::Panicked(payload) => {
            group.wait_closed().await;
            resume_unwind(payload)
        }
    };
    let (value, report) = group.join_with_report().await;
    (returned, value, report)
}

pub(crate) enum Ended<R> {
    Returned(R),
    Panicked(Box<dyn Any + Send>),
    /// The group was aborted.
    CutShort,
}

pin_project! {
    /// A body, within the group's node, until the group is aborted.
    pub(crate) struct Bodily<'a, P, F>
    where
        P: Policy,
        P: 'static,
    {
        #[pin]
        future: Option<F>,
        shared: &'a Shared<P>,
    }

    impl<P, F> PinnedDrop for Bodily<'_, P, F>
    where
        P: Policy,
        P: 'static,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                // It goes before it has ended, and so does the group's owner: nobody here waits for what it leaves.
                this.shared.set_body(BodyState::None);
            }
            within(&this.shared.node, || this.future.set(None));
        }
    }
}

impl<'a, P: Policy + 'static, F: Future> Bodily<'a, P, F> {
    /// Activates the group, which must know of its body by then: one that is cancelled already gives it the grace.
    #[track_caller]
    pub(crate) fn new(group: &'a TaskGroup<P>, body: F) -> Self {
        group.shared().set_body(BodyState::Runs);
        group.shared().activate();
        Self {
            future: Some(body),
            shared: group.shared(),
        }
    }
}

impl<P: Policy + 'static, F: Future> Future for Bodily<'_, P, F> {
    type Output = Ended<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let polled = within(&this.shared.node, || {
            catch_unwind(AssertUnwindSafe(|| {
                let future = this.future.as_mut().as_pin_mut();
                future.expect("polled until it was ready").poll(cx)
            }))
        });
        let ended = match polled {
            Ok(Poll::Ready(returned)) => Ended::Returned(returned),
            Err(payload) => Ended::Panicked(payload),
            Ok(Poll::Pending) => match this.shared.members.poll_aborted(cx) {
                Poll::Ready(()) => Ended::CutShort,
                Poll::Pending => return Poll::Pending,
            },
        };
        // Dropped here, not with this future: its borrows end, and what its destructor panics with is a panic of it.
        let dropped = within(&this.shared.node, || {
            catch_unwind(AssertUnwindSafe(|| this.future.set(None)))
        });
        let ended = match (ended, dropped) {
            (Ended::Panicked(payload), _) | (_, Err(payload)) => Ended::Panicked(payload),
            (ended, Ok(())) => ended,
        };
        this.shared.set_body(match ended {
            Ended::Returned(_) | Ended::Panicked(_) => BodyState::None,
            Ended::CutShort => BodyState::CutShort,
        });
        Poll::Ready(ended)
    }
}
