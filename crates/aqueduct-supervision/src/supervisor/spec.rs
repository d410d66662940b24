use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_channel::oneshot;

use super::broadcast::Broadcast;
use super::call::Reply;
use super::live::Shared;
use super::nest::Nested;
use super::shell::{self, Acknowledge, Root, Seed};
use super::{ShutdownReport, Supervisor, SupervisorRef, warn_if_panics_abort};
use crate::child::ChildSpec;
use crate::error::StartError;
use crate::event::Events;
use crate::exit::Exit;
use crate::refs::Text;
use crate::spec::{AutoShutdown, ChildId, Intensity, Plan, Strategy};

/// A supervisor to be: its strategy, its limits, its children. Made by [`Supervisor::one_for_one`] and the like.
#[must_use = "a spec does nothing until it is started"]
pub struct SupervisorSpec {
    plan: Plan,
    name: Option<Text>,
    children: Vec<ChildSpec>,
    events: Broadcast,
}

impl SupervisorSpec {
    pub(super) fn new(strategy: Strategy) -> Self {
        Self {
            plan: Plan::new(strategy),
            name: None,
            children: Vec::new(),
            events: Broadcast::default(),
        }
    }

    /// What it is called, in events and trees. "supervisor" without it; one that is a child has the child's id.
    pub fn with_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Lets children be restarted so many times within any such period; one in five seconds without it. With one more the
    /// supervisor stops its children and ends, so that its own supervisor decides. `u32::MAX` is no limit.
    pub fn with_intensity(mut self, restarts: u32, period: Duration) -> Self {
        self.plan.intensity = Intensity { restarts, period };
        self
    }

    /// Whether it ends when significant children have ended by themselves. [`Never`](AutoShutdown::Never) without it.
    pub fn with_auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.plan.auto_shutdown = auto_shutdown;
        self
    }

    /// How long a child that was aborted is waited for; one second without it. One that has not come to an `.await` by then
    /// is told to be unresponsive, and is not waited for.
    ///
    /// As the supervisor ends, this does not add up: however many do not end, all together are waited for less than two and
    /// a half times as long, with the one for which it may have been waiting before. (If that ends in time after all, it has
    /// had its own patience.) For that, each one that does not end leaves the next to be aborted a quarter of the time, before
    /// the one after it is told; in the end all are waited for together. With one second, after five there is none left: those
    /// that are aborted from then on end beside each other, in no order.
    ///
    /// Supervisors below have their own patience, and are stopped one after the other: from level to level, and from one to
    /// the next, it does add up. So does what children are given to stop by themselves.
    pub fn with_abort_patience(mut self, patience: Duration) -> Self {
        self.plan.abort_patience = patience;
        self
    }

    /// Adds a child, the last in order.
    pub fn with_child(mut self, child: ChildSpec) -> Self {
        self.children.push(child);
        self
    }

    /// What happens from the very beginning, to it and to all below: who subscribes once it was started has missed how its
    /// children did. See [`SupervisorRef::events`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use aqueduct_supervision::{ChildContext, ChildSpec, EventKind, Supervisor};
    ///
    /// let ticker = ChildSpec::worker("ticker", |cx: ChildContext| async move {
    ///     cx.scope().cancelled().await;
    /// });
    /// let spec = Supervisor::one_for_one().with_child(ticker);
    /// let mut events = spec.events();
    /// let supervisor = spec.start().await?;
    /// assert!(matches!(events.recv().await?.kind, EventKind::Started));
    /// assert!(matches!(events.recv().await?.kind, EventKind::Ready));
    /// supervisor.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn events(&self) -> Events {
        self.events.subscribe()
    }

    /// Starts it in a task of its own, and waits until all children have started, in their order.
    ///
    /// # Errors
    ///
    /// [`StartError`]: the spec cannot be followed, or a child failed to start. Those before it were stopped then, in the
    /// reverse of their order.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime that drives timers.
    ///
    /// # Cancel safety
    ///
    /// *Strict* as far as children go: dropped before it is ready, what was started is stopped, in order.
    pub async fn start(self) -> Result<Supervisor, StartError> {
        let scope = CancelScope::new();
        let (tell, told) = oneshot::channel();
        let (root, seeds) = self.into_root(scope.clone());
        let supervisor = SupervisorRef::new(root.shared.clone());
        let owner = Supervisor::new(supervisor, scope);
        tokio::spawn(shell::run(root, seeds, Acknowledge::Root(Reply::new(tell))));
        match told.await {
            Ok(started) => started.map(|()| owner),
            // Its runtime ends.
            Err(_) => Err(StartError::Stopped),
        }
    }

    /// Runs it here, without a task of its own, until it ends; by itself, or since `scope` was cancelled. So it is as
    /// structured as what awaits it: when this is ready, no child runs, but for those that could not be made to end.
    ///
    /// [`run_with_report`](Self::run_with_report) also gives a reference to it, and tells how the end went.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use aqueduct_cancel::CancelScope;
    /// use aqueduct_supervision::{ChildContext, ChildSpec, Supervisor};
    ///
    /// let scope = CancelScope::new();
    /// let stop = scope.clone();
    /// let ticker = ChildSpec::worker("ticker", move |cx: ChildContext| {
    ///     stop.cancel();
    ///     async move {
    ///         cx.scope().cancelled().await;
    ///     }
    /// });
    /// let exit = Supervisor::one_for_one().with_child(ticker).run(&scope).await;
    /// assert!(exit.is_orderly());
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime that drives timers.
    ///
    /// # Cancel safety
    ///
    /// *Strict* as far as children go: dropping it aborts them all, at once and in no order. To stop them in order,
    /// cancel `scope` and wait.
    pub async fn run(self, scope: &CancelScope) -> Exit {
        self.run_with_report(scope, |_| {}).await.exit
    }

    /// As [`run`](Self::run), and tells how the end went. Before anything starts, `with` is called with a reference, by which
    /// others use it meanwhile; calls to it are answered once all children have started. If the spec cannot be followed, it is
    /// not called, and the report says why.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use aqueduct_cancel::CancelScope;
    /// use aqueduct_supervision::{ChildContext, ChildSpec, Supervisor, SupervisorRef};
    ///
    /// async fn use_it(supervisor: SupervisorRef, scope: CancelScope) {
    ///     assert_eq!(supervisor.count_children().await.unwrap().active, 1);
    ///     scope.cancel();
    /// }
    ///
    /// let scope = CancelScope::new();
    /// let ticker = ChildSpec::worker("ticker", |cx: ChildContext| async move {
    ///     cx.scope().cancelled().await;
    /// });
    /// let mut user = None;
    /// let run = Supervisor::one_for_one()
    ///     .with_child(ticker)
    ///     .run_with_report(&scope, |supervisor| user = Some(tokio::spawn(use_it(supervisor, scope.clone()))));
    /// let report = run.await;
    /// assert!(report.exit.is_orderly() && report.is_clean());
    /// user.unwrap().await.unwrap();
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run), and if `with` does; nothing was started then.
    ///
    /// # Cancel safety
    ///
    /// As [`run`](Self::run).
    pub async fn run_with_report(
        self,
        scope: &CancelScope,
        with: impl FnOnce(SupervisorRef),
    ) -> ShutdownReport {
        let (root, seeds) = self.into_root(scope.clone());
        shell::run_with(root, seeds, Acknowledge::Nobody, with).await
    }

    /// As a child of another, and a reference to it that stays good when it is started again. See
    /// [`ChildSpec::supervisor`].
    pub fn child(self, id: impl Into<ChildId>) -> (ChildSpec, SupervisorRef) {
        let id = id.into();
        let name = self.name.unwrap_or_else(|| id.as_str().into());
        let is_dynamic = self.plan.strategy == Strategy::Dynamic;
        let shared = Arc::new(Shared::new(name, is_dynamic, self.events));
        let start = Nested::new(shared.clone(), self.plan, self.children);
        let spec = ChildSpec::nested(id, shared.clone(), start);
        (spec, SupervisorRef::new(shared))
    }

    fn into_root(self, scope: CancelScope) -> (Root, Vec<Seed>) {
        warn_if_panics_abort();
        let name = self.name.unwrap_or_else(|| "supervisor".into());
        let is_dynamic = self.plan.strategy == Strategy::Dynamic;
        let root = Root {
            shared: Arc::new(Shared::root(name, is_dynamic, self.events)),
            plan: self.plan,
            scope,
            parent: None,
        };
        let seed = |spec: ChildSpec| Seed {
            policy: spec.policy,
            start: spec.start,
            home: None,
        };
        (root, self.children.into_iter().map(seed).collect())
    }
}

impl fmt::Debug for SupervisorSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupervisorSpec")
            .field("name", &self.name)
            .field("plan", &self.plan)
            .field("children", &self.children)
            .finish()
    }
}
