use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use aqueduct_cancel::{Reason, ReasonKind};
use aqueduct_channel::oneshot;

use super::call::{Answer, Call, ChildCount, ChildInfo, ChildTarget, Reply};
use super::live::Shared;
use super::report::ShutdownReport;
use crate::child::{ChildRef, ChildSpec, STOP, reason_of, stop_by};
use crate::error::{
    DeleteChildError, NotRunning, RestartChildError, StartChildError, TerminateChildError,
    WhichChildError,
};
use crate::event::Events;
use crate::exit::Exit;
use crate::refs::Text;
use crate::tree::Tree;
use crate::watch::{Downs, Linkable, Monitor, Watch};

/// By which others use a supervisor. Cheap to clone; it keeps nothing running, and stays good when the supervisor is
/// started again by one above it.
///
/// Calls are answered one after the other, and between restart attempts, not during one. They stand in a lane of their own:
/// children's exits are never behind them.
///
/// Equality is identity.
#[derive(Clone)]
pub struct SupervisorRef {
    shared: Arc<Shared>,
}

impl SupervisorRef {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        self.shared.name()
    }

    /// Where it is in the tree: "root/branch".
    pub fn path(&self) -> Text {
        self.shared.path()
    }

    /// Adds a child, the last in order, and starts it. Once it is ready, gives it; if it had nothing to start, the child
    /// does not [live](ChildRef::is_alive).
    ///
    /// # Errors
    ///
    /// [`StartChildError`]: there is one of this id, or it failed to start; it was not kept then.
    ///
    /// # Cancel safety
    ///
    /// *Yields its place* while it waits for room in the lane. From there on the child is started also if this is dropped,
    /// and only the answer is lost.
    pub async fn start_child(&self, spec: ChildSpec) -> Result<ChildRef, StartChildError> {
        self.call(|reply| Call::Start(spec, reply))
            .await
            .unwrap_or(Err(StartChildError::NotRunning))
    }

    /// Stops a child, as its spec says how, and gives up what was to be a restart of it. A temporary one, and one of a
    /// dynamic supervisor, is gone then; another stays at rest.
    ///
    /// # Errors
    ///
    /// [`TerminateChildError`]. That it does not run is none.
    ///
    /// # Cancel safety
    ///
    /// As [`start_child`](Self::start_child).
    pub async fn terminate_child(
        &self,
        child: impl Into<ChildTarget>,
    ) -> Result<(), TerminateChildError> {
        let child = child.into();
        self.call(|reply| Call::Terminate(child, reply))
            .await
            .unwrap_or(Err(TerminateChildError::NotRunning))
    }

    /// Starts a child that is at rest.
    ///
    /// # Errors
    ///
    /// [`RestartChildError`]: it runs, or is about to be started anyway; or it failed to start, and is at rest again.
    ///
    /// # Cancel safety
    ///
    /// As [`start_child`](Self::start_child).
    pub async fn restart_child(
        &self,
        child: impl Into<ChildTarget>,
    ) -> Result<ChildRef, RestartChildError> {
        let child = child.into();
        self.call(|reply| Call::Restart(child, reply))
            .await
            .unwrap_or(Err(RestartChildError::NotRunning))
    }

    /// Forgets a child that is at rest, with its spec.
    ///
    /// # Errors
    ///
    /// [`DeleteChildError`]: it runs, or is about to be started.
    ///
    /// # Cancel safety
    ///
    /// As [`start_child`](Self::start_child).
    pub async fn delete_child(
        &self,
        child: impl Into<ChildTarget>,
    ) -> Result<(), DeleteChildError> {
        let child = child.into();
        self.call(|reply| Call::Delete(child, reply))
            .await
            .unwrap_or(Err(DeleteChildError::NotRunning))
    }

    /// All children, the newest first.
    ///
    /// # Errors
    ///
    /// [`NotRunning`].
    ///
    /// # Cancel safety
    ///
    /// *Strict*: it asks and changes nothing.
    pub async fn which_children(&self) -> Result<Vec<ChildInfo>, NotRunning> {
        self.call(Call::WhichChildren)
            .await
            .unwrap_or(Err(NotRunning))
    }

    /// One child.
    ///
    /// # Errors
    ///
    /// [`WhichChildError`]: there is none.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: it asks and changes nothing.
    pub async fn which_child(
        &self,
        child: impl Into<ChildTarget>,
    ) -> Result<ChildInfo, WhichChildError> {
        let child = child.into();
        self.call(|reply| Call::WhichChild(child, reply))
            .await
            .unwrap_or(Err(WhichChildError::NotRunning))
    }

    /// How many children there are.
    ///
    /// # Errors
    ///
    /// [`NotRunning`].
    ///
    /// # Cancel safety
    ///
    /// *Strict*: it asks and changes nothing.
    pub async fn count_children(&self) -> Result<ChildCount, NotRunning> {
        self.call(Call::Count).await.unwrap_or(Err(NotRunning))
    }

    /// None if the supervisor does not run, or ends before it answers.
    async fn call<R>(&self, make: impl FnOnce(Reply<R>) -> Call) -> Option<R> {
        self.ask(make).await?.await.ok()
    }

    /// Puts a call into the lane. None if the supervisor does not run.
    async fn ask<R>(&self, make: impl FnOnce(Reply<R>) -> Call) -> Option<Answer<R>> {
        let lane = self.shared.lane()?;
        let (reply, answer) = oneshot::channel();
        lane.send(make(Reply::new(reply))).await.ok()?;
        Some(answer)
    }

    /// Puts a [`start_child`](Self::start_child) into the lane.
    pub(super) async fn ask_start(
        &self,
        spec: ChildSpec,
    ) -> Option<Answer<Result<ChildRef, StartChildError>>> {
        self.ask(|reply| Call::Start(spec, reply)).await
    }

    /// What happens from now on, to it and to all below. See [`Event`](crate::Event).
    ///
    /// The last event of a supervisor that nobody starts again is [`Ended`](crate::EventKind::Ended); of a root that is its
    /// only one. After it the receiver is closed, whatever references are left, so that
    /// `while let Ok(event) = events.recv().await` ends. Who is behind reads first what is there; and who subscribes later
    /// finds it closed.
    pub fn events(&self) -> Events {
        self.shared.subscribe()
    }

    /// What is alive below it, at this moment. It waits for nobody, so that it may show a restart half done.
    pub fn tree(&self) -> Tree {
        Tree::of(&self.shared)
    }

    /// DeathWatch of the present incarnation, or of the last one if none lives.
    pub fn watch(&self) -> Watch {
        self.shared.watch()
    }

    /// Of the one [`Down`](crate::Down) of the present incarnation, as its [`watch`](Self::watch) gives it.
    pub fn monitor(&self) -> Monitor {
        self.watch().monitor()
    }

    /// DeathWatch over all its incarnations, as [`ChildRef::watch_all`]: it ends when it will not be started again.
    pub fn watch_all(&self) -> Watch {
        self.shared.watch_all()
    }

    /// The [`Down`](crate::Down)s of all incarnations, each once, from the present one on, or the last one, if none lives; as
    /// [`ChildRef::downs`]. It ends when the supervisor will not be started again: that of a root after the only one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use aqueduct_supervision::Supervisor;
    ///
    /// let (spec, below) = Supervisor::one_for_one().child("below");
    /// let top = Supervisor::one_for_one().with_child(spec).start().await?;
    /// let mut downs = below.downs();
    /// below.shutdown().await; // permanent: it is started again
    /// assert!(downs.next().await.unwrap().exit.is_orderly());
    /// top.shutdown().await;
    /// assert!(downs.next().await.unwrap().exit.is_orderly());
    /// assert!(downs.next().await.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn downs(&self) -> Downs {
        self.shared.downs()
    }

    /// Whether it lives at this moment.
    pub fn is_alive(&self) -> bool {
        self.shared.exit().is_none()
    }

    /// Asks it to stop its children in order, and to end. If it is a child of another, that one decides what follows.
    pub fn ask_to_stop(&self, why: impl Into<Reason>) {
        stop_by(self.shared.scope().as_ref(), why);
    }

    /// Asks the present incarnation to stop its children in order, and waits for its end. If it is a child of another, that one
    /// decides what follows: a permanent one is started again. (To stop it for good,
    /// [terminate](SupervisorRef::terminate_child) it there.)
    ///
    /// If none lives, it tells at once how the last one went; [`Normal`](Exit::Normal) of what was never started. Of one that
    /// was cut short it tells the exit alone; and so it does if another one has ended before this is polled again.
    ///
    /// A child below that awaits this is asked to stop by it, and has its time for that. With
    /// [`Shutdown::Infinity`](crate::Shutdown::Infinity) the two would wait for each other.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: once it was polled, what is dropped is the report, and the supervisor stops all the same.
    pub async fn shutdown(&self) -> ShutdownReport {
        let (run, watch) = self.shared.watch_run();
        let scope = self.shared.scope_of(run);
        stop_by(scope.as_ref(), Reason::new(ReasonKind::Requested, STOP));
        let exit = watch.monitor().await.exit;
        let only_exit = || ShutdownReport {
            exit,
            ..ShutdownReport::default()
        };
        self.shared.report_of(run).unwrap_or_else(only_exit)
    }
}

impl Linkable for SupervisorRef {
    fn watch(&self) -> Watch {
        self.shared.watch()
    }

    fn stopper(&self) -> Box<dyn FnOnce(Exit) + Send> {
        // As of a child: of this incarnation, whichever is present then.
        let scope = self.shared.scope();
        Box::new(move |exit| stop_by(scope.as_ref(), reason_of(&exit)))
    }
}

impl PartialEq for SupervisorRef {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl Eq for SupervisorRef {}

impl Hash for SupervisorRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.shared).hash(state);
    }
}

impl fmt::Debug for SupervisorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupervisorRef")
            .field("path", &self.path())
            .field("exit", &self.shared.exit())
            .finish_non_exhaustive()
    }
}
