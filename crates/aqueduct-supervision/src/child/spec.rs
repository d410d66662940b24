use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_resilience::Backoff;

use super::context::exit_in;
use super::{ChildContext, ChildFuture, StartChild};
use crate::exit::{Exit, IntoExit};
use crate::spec::{ChildId, ChildKind, ChildPolicy, Readiness, Restart, Shutdown};
use crate::supervisor::{Shared, SupervisorSpec};

/// A child to be: what starts it, and how its supervisor treats it.
///
/// Without further words a child is permanent, is asked to stop and then given five seconds, and is started again at
/// once.
///
/// ```
/// use std::time::Duration;
/// use aqueduct_resilience::Backoff;
/// use aqueduct_supervision::{ChildContext, ChildSpec, Failure};
///
/// async fn feed(cx: ChildContext) -> Result<(), Failure> {
///     // … connect, and fail by `?`
///     cx.scope().cancelled().await;
///     Ok(())
/// }
///
/// let spec = ChildSpec::worker("feed", feed)
///     .transient()
///     .with_backoff(Backoff::exponential(Duration::from_millis(50)));
/// assert_eq!(spec.id().as_str(), "feed");
/// ```
#[must_use = "a spec does nothing until a supervisor has it"]
pub struct ChildSpec {
    pub(crate) policy: ChildPolicy,
    pub(crate) start: Starter,
}

/// What starts a child.
pub(crate) struct Starter {
    pub(crate) work: Box<dyn StartChild>,
    /// If it is a supervisor itself.
    pub(crate) nested: Option<Arc<Shared>>,
}

impl ChildSpec {
    /// A child that is started as soon as it runs: most tasks. `make` is called for each incarnation.
    ///
    /// `make` runs in the supervisor's task, and only makes the future; that runs in a task of its own. An `async` block
    /// that needs something of the closure clones it for each incarnation.
    ///
    /// What it returns is its [`Exit`]: `()` and `Ok(())` are [`Normal`](Exit::Normal), an error is
    /// [`Failed`](Exit::Failed). It need not return: a loop without end is dropped when its time to stop is up. Once its scope is cancelled, `()` and a
    /// [`Cancelled`](aqueduct_cancel::Cancelled) are [`Shutdown`](Exit::Shutdown). A value other than these is nobody's:
    /// `.map(drop)` it. An error is whatever becomes a [`Failure`](crate::Failure); a `Box<dyn Error>`
    /// does by [`Failure::new`](crate::Failure::new).
    pub fn worker<F, Fut>(id: impl Into<ChildId>, make: F) -> Self
    where
        F: FnMut(ChildContext) -> Fut + Send + 'static,
        Fut: Future<Output: IntoExit> + Send + 'static,
    {
        Self::new(id, ChildKind::Worker, Readiness::AtOnce, Make(make))
    }

    /// A child that is started when it calls [`ready`](ChildContext::ready); those after it wait for that.
    ///
    /// If it ends before, with [`Normal`](Exit::Normal), there was nothing to start (OTP's `ignore`): the spec is kept, and
    /// nothing runs. With anything else it has failed to start.
    pub fn acknowledged<F, Fut>(id: impl Into<ChildId>, make: F) -> Self
    where
        F: FnMut(ChildContext) -> Fut + Send + 'static,
        Fut: Future<Output: IntoExit> + Send + 'static,
    {
        Self::new(id, ChildKind::Worker, Readiness::Acknowledged, Make(make))
    }

    /// A supervisor below. It is waited for without limit when it is stopped, since its children have limits, and is
    /// started when all of its children are.
    ///
    /// When it is started again it begins with the children of the spec: what was added at run time is gone, what was
    /// deleted is back.
    ///
    /// To have a reference to it, see [`SupervisorSpec::child`].
    pub fn supervisor(id: impl Into<ChildId>, spec: SupervisorSpec) -> Self {
        spec.child(id).0
    }

    /// A child of another kind. It is acknowledged: `start`'s future calls [`ready`](ChildContext::ready).
    pub fn custom(id: impl Into<ChildId>, start: impl StartChild) -> Self {
        Self::new(id, ChildKind::Worker, Readiness::Acknowledged, start)
    }

    pub(crate) fn nested(
        id: impl Into<ChildId>,
        shared: Arc<Shared>,
        start: impl StartChild,
    ) -> Self {
        let mut spec = Self::new(id, ChildKind::Supervisor, Readiness::Acknowledged, start);
        spec.start.nested = Some(shared);
        spec
    }

    fn new(
        id: impl Into<ChildId>,
        kind: ChildKind,
        readiness: Readiness,
        start: impl StartChild,
    ) -> Self {
        Self {
            policy: ChildPolicy::new(id, kind, readiness),
            start: Starter {
                work: Box::new(start),
                nested: None,
            },
        }
    }

    /// Always started again. The default.
    pub fn permanent(self) -> Self {
        self.with_restart(Restart::Permanent)
    }

    /// Started again unless its end was orderly: [`Normal`](Exit::Normal) or [`Shutdown`](Exit::Shutdown).
    pub fn transient(self) -> Self {
        self.with_restart(Restart::Transient)
    }

    /// Never started again. Its spec goes with it.
    pub fn temporary(self) -> Self {
        self.with_restart(Restart::Temporary)
    }

    /// When it is started again.
    pub fn with_restart(mut self, restart: Restart) -> Self {
        self.policy.restart = restart;
        self
    }

    /// How it is made to end. Five seconds without it; a supervisor is waited for.
    pub fn with_shutdown(mut self, shutdown: Shutdown) -> Self {
        self.policy.shutdown = shutdown;
        self
    }

    /// Its end is of meaning for the supervisor: see [`AutoShutdown`](crate::AutoShutdown).
    pub fn significant(mut self) -> Self {
        self.policy.significant = true;
        self
    }

    /// How long to wait before it is started again; at once without it. The delays grow from one restart to the next, and
    /// begin anew when it has run for at least the period of its supervisor's
    /// [intensity](SupervisorSpec::with_intensity), or is started by `restart_child`.
    pub fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.policy.backoff = Some(backoff);
        self
    }

    /// How long it may take until it is [ready](ChildContext::ready). Then it is aborted, and has failed to start. Without it
    /// there is no limit.
    pub fn with_start_timeout(mut self, limit: Duration) -> Self {
        self.policy.start_timeout = Some(limit);
        self
    }

    /// What it is called.
    pub fn id(&self) -> &ChildId {
        &self.policy.id
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.policy.fmt(f)
    }
}

struct Make<F>(F);

impl<F, Fut> StartChild for Make<F>
where
    F: FnMut(ChildContext) -> Fut + Send + 'static,
    Fut: Future<Output: IntoExit> + Send + 'static,
{
    fn start(&mut self, cx: ChildContext) -> ChildFuture {
        let scope = cx.scope().clone();
        let work = (self.0)(cx);
        Box::pin(told(scope, work))
    }
}

async fn told(scope: CancelScope, work: impl Future<Output: IntoExit>) -> Exit {
    let exit = work.await.into_exit();
    exit_in(&scope, exit)
}
