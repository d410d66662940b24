//! The handles of a group: [`TaskGroup`], its owner, and [`Spawner`], which tasks may have.

use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use aqueduct_cancel::{CancelScope, Reason, ReasonKind};
use aqueduct_core::rt::poll_proceed;

use aqueduct_core::node::Node;

use crate::info::TaskId;
use crate::info::TaskInfo;
use crate::members::Reserved;
use crate::policy::{AsCompleted, Policy, TaskEnd};
use crate::report::Report;
use crate::shared::Shared;
use crate::spawn::{Async, Spawn, TaskBuilder, TrySpawnError};

/// The owner of a group of tasks, which ends before its owner goes on.
///
/// It is a [`Spawner`] too (by `Deref`), by which tasks are spawned. [`join`](Self::join) closes the group, waits for all
/// tasks and gives the result. Made by [`group`](crate::group())`().open(policy)`.
///
/// Dropping it cancels and aborts all tasks. Nobody can wait in a destructor; so the group around it, in whose task or
/// body it was opened, waits for them before it ends itself, or the nearest around that one that has not ended. If
/// there is none, the tasks still end, but nobody waits.
#[must_use = "dropping a group aborts its tasks"]
pub struct TaskGroup<P: Policy + 'static> {
    spawner: Spawner<P>,
    joined: bool,
}

/// Spawns tasks into a group. Cheap to clone; has no part in keeping the group open.
pub struct Spawner<P: Policy + 'static> {
    shared: Arc<Shared<P>>,
}

impl<P: Policy + 'static> TaskGroup<P> {
    pub(crate) fn new(shared: Arc<Shared<P>>) -> Self {
        Self {
            spawner: Spawner { shared },
            joined: false,
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared<P>> {
        &self.spawner.shared
    }

    /// A handle that only spawns, to give to tasks.
    pub fn spawner(&self) -> Spawner<P> {
        self.spawner.clone()
    }

    /// Closes the group, waits until all tasks have ended, and gives what the policy makes of them.
    ///
    /// Tasks that nothing can stop are waited for as long as nobody cancels the group; after that see
    /// [`with_linger`](crate::GroupBuilder::with_linger).
    ///
    /// # Panics
    ///
    /// If the policy did, or a task and the group was told to pass panics on. Outside of a Tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// *Strict* as far as tasks go: dropping it drops the group, which aborts them. Their results are lost. To wait
    /// without that, see [`wait_closed`](Spawner::wait_closed).
    pub async fn join(self) -> P::Value {
        self.join_with_report().await.0
    }

    /// As [`join`](Self::join), and tells how the group ended.
    ///
    /// # Panics
    ///
    /// As [`join`](Self::join).
    ///
    /// # Cancel safety
    ///
    /// *Strict*, as [`join`](Self::join).
    pub async fn join_with_report(mut self) -> (P::Value, Report) {
        self.shared().activate();
        self.close();
        poll_fn(|cx| self.shared().members.poll_over(cx)).await;
        let verdicts = poll_fn(|cx| self.shared().members.poll_verdicts(cx)).await;
        self.joined = true;
        if !self.is_empty() {
            self.shared().hand_over();
        }
        self.shared().finish(verdicts)
    }

    /// Cancels the group, and joins it.
    ///
    /// # Panics
    ///
    /// As [`join`](Self::join).
    ///
    /// # Cancel safety
    ///
    /// *Strict*, as [`join`](Self::join).
    #[track_caller]
    pub fn shutdown(self) -> impl Future<Output = P::Value> {
        self.scope().cancel();
        self.join()
    }
}

impl<T: Send + 'static> TaskGroup<AsCompleted<T>> {
    /// Waits for the next task that ends. Nothing if none is left, and no end of a task that was not told. Spends Tokio's
    /// budget, so that a loop over tasks that have ended lets others run now and then.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: no end of a task is lost.
    pub async fn next(&mut self) -> Option<(TaskInfo, TaskEnd<T>)> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Polls for the next task that ends.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(TaskInfo, TaskEnd<T>)>> {
        let coop = ready!(poll_proceed(cx));
        let next = ready!(self.shared().members.poll_policy(cx, |policy, none_left| {
            match policy.pop() {
                None if none_left => Some(None),
                next => next.map(Some),
            }
        }));
        coop.made_progress();
        Poll::Ready(next)
    }
}

impl<P: Policy + 'static> Spawner<P> {
    pub(crate) fn shared(&self) -> &Arc<Shared<P>> {
        &self.shared
    }

    /// Spawns a task, once there is room for it.
    ///
    /// Without a limit it is spawned at the first poll. In a group with one this waits in line. A task of the same
    /// group that waits here gives up its own place meanwhile, so that tasks of a full group cannot wait for each other
    /// for ever.
    ///
    /// # Errors
    ///
    /// [`SpawnError`](crate::SpawnError) with the future if the group is closed, or is closed while this waits.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, if the group was not used on one before.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Spawn<'_, P, Async<F>>
    where
        F: Future<Output = P::Output> + Send + 'static,
    {
        self.unnamed().spawn(future)
    }

    /// Spawns a task if there is room for it.
    ///
    /// # Errors
    ///
    /// [`TrySpawnError`] with the future if the group is full or closed.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, if the group was not used on one before.
    #[track_caller]
    #[inline]
    pub fn try_spawn<F>(&self, future: F) -> Result<TaskId, TrySpawnError<F>>
    where
        F: Future<Output = P::Output> + Send + 'static,
    {
        self.unnamed().try_spawn(future)
    }

    /// Gives the next task a name: `g.task("fetch").spawn(…)`. All ways of spawning are there.
    #[track_caller]
    pub fn task(&self, name: impl Into<std::borrow::Cow<'static, str>>) -> TaskBuilder<'_, P> {
        TaskBuilder::new(self, Some(name.into()))
    }

    /// A task without a name, for the ways of spawning that have no method here.
    #[track_caller]
    #[inline]
    pub fn unnamed(&self) -> TaskBuilder<'_, P> {
        TaskBuilder::new(self, None)
    }

    /// The group's scope: cancelling it cancels the group, and tasks that end by themselves wait on it.
    pub fn scope(&self) -> &CancelScope {
        &self.shared.scope
    }

    /// Cancels the group: short for `scope().cancel()`. False if it was cancelled before.
    ///
    /// It waits for nobody: [`shutdown`](TaskGroup::shutdown) does, and [`wait_closed`](Self::wait_closed).
    #[track_caller]
    pub fn cancel(&self) -> bool {
        self.scope().cancel()
    }

    /// Cancels the group, and says why: short for `scope().cancel_because(reason)`. False if it was cancelled before.
    #[track_caller]
    pub fn cancel_because(&self, reason: impl Into<Reason>) -> bool {
        self.scope().cancel_because(reason)
    }

    /// Takes no more tasks. Those that are there go on.
    ///
    /// To have them finish what they have, [drain](CancelScope::drain) the group's scope as well. That alone closes nothing:
    /// a task that finishes may need another for it.
    pub fn close(&self) {
        self.shared.members.close();
    }

    /// Whether the group takes no more tasks.
    pub fn is_closed(&self) -> bool {
        self.shared.look_before_first_use();
        self.shared.members.is_closed()
    }

    /// Closes the group and waits until all tasks have ended. Any number may wait at a time.
    ///
    /// A task of the group that waits here waits for itself.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: it can be dropped and called again. The group stays closed.
    pub async fn wait_closed(&self) {
        self.shared.activate();
        self.close();
        self.shared.members.over().await;
    }

    /// Aborts all tasks at once, without grace.
    #[track_caller]
    pub fn abort_all(&self) {
        let reason = Reason::new(ReasonKind::Requested, "its group was aborted");
        self.shared.scope.cancel_because(reason);
        self.shared.abort();
    }

    /// How many tasks have not ended, and groups that were taken in.
    pub fn len(&self) -> usize {
        self.shared.members.len()
    }

    /// Whether all tasks have ended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the group is called.
    pub fn name(&self) -> Option<&str> {
        self.shared.options.name.as_deref()
    }

    /// The group's number, which its tasks have as their parent's.
    pub fn id(&self) -> TaskId {
        TaskId::new(self.shared.node.id())
    }

    #[inline]
    pub(crate) fn take_place(&self) -> Reserved {
        self.shared.look_before_first_use();
        self.shared.members.reserve()
    }
}

impl<P: Policy + 'static> Deref for TaskGroup<P> {
    type Target = Spawner<P>;

    fn deref(&self) -> &Spawner<P> {
        &self.spawner
    }
}

impl<P: Policy + 'static> Drop for TaskGroup<P> {
    fn drop(&mut self) {
        if !self.joined {
            self.close();
            let reason = Reason::new(ReasonKind::Dropped, "its group was dropped");
            // It wakes the user's wakers. Should one panic, the tasks are to be aborted all the same.
            let cancelled = catch_unwind(AssertUnwindSafe(|| self.shared().cancel_here(reason)));
            if !self.is_empty() {
                self.shared().abort();
                self.shared().hand_over();
            }
            self.shared().members.retire();
            self.shared().handles.clear();
            if let Err(payload) = cancelled
                && !std::thread::panicking()
            {
                resume_unwind(payload);
            }
            return;
        }
        self.shared().members.retire();
    }
}

impl<P: Policy + 'static> Clone for Spawner<P> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<P: Policy + 'static> fmt::Debug for TaskGroup<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spawner.show("TaskGroup", f)
    }
}

impl<P: Policy + 'static> fmt::Debug for Spawner<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show("Spawner", f)
    }
}

impl<P: Policy + 'static> Spawner<P> {
    pub(crate) fn show(&self, what: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(what)
            .field("name", &self.name())
            .field("tasks", &self.len())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
