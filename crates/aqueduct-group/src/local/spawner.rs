//! What the body of a local group, and its tasks, spawn with.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aqueduct_cancel::{CancelScope, Reason};

use crate::group::Spawner;
use crate::inbox::Inbox;
use crate::info::{TaskId, TaskKind};
use crate::policy::Policy;
use crate::spawn::{Judged, Launch, Pad, Spawn, TaskBuilder, TrySpawnError, sealed};
use crate::task::Tracked;

/// Spawns tasks into a local group, whose own task polls them. See
/// [`run_local`](crate::GroupBuilder::run_local).
///
/// Cheap to clone, for tasks that spawn others. It may outlive the group, and then hands back what it is asked to spawn.
/// `T` is what becomes of the tasks: [`SendTask`] or [`UnsendTask`].
pub struct LocalSpawner<P: Policy + 'static, T> {
    group: Spawner<P>,
    inbox: Arc<Inbox<T>>,
}

/// A task of a local group that may be sent to another thread together with its group.
///
/// # Cancel safety
///
/// *Strict* in itself: dropping it counts it out of its group, as a task that was cancelled.
pub struct SendTask<'env>(Pin<Box<dyn Future<Output = ()> + Send + 'env>>);

/// A task of a local group that stays on its thread.
///
/// # Cancel safety
///
/// *Strict* in itself, as [`SendTask`].
pub struct UnsendTask<'env>(Pin<Box<dyn Future<Output = ()> + 'env>>);

/// A task of a local group before it is spawned. Made by [`LocalSpawner::task`].
#[must_use = "nothing is spawned until a method says how"]
pub struct LocalTask<'a, P: Policy + 'static, T> {
    task: TaskBuilder<'a, P>,
    inbox: &'a Arc<Inbox<T>>,
}

/// A future in the task that runs its group.
pub struct Inline<F, T> {
    future: F,
    inbox: Arc<Inbox<T>>,
    pack: fn(F, Pad<'_>) -> T,
}

impl<P: Policy + 'static, T> LocalSpawner<P, T> {
    pub(super) fn new(group: Spawner<P>, inbox: Arc<Inbox<T>>) -> Self {
        Self { group, inbox }
    }

    /// Gives the next task a name: `s.task("fetch").spawn(…)`.
    #[track_caller]
    pub fn task(&self, name: impl Into<Cow<'static, str>>) -> LocalTask<'_, P, T> {
        self.builder(Some(name.into()))
    }

    #[track_caller]
    fn builder(&self, name: Option<Cow<'static, str>>) -> LocalTask<'_, P, T> {
        LocalTask {
            task: TaskBuilder::new(&self.group, name),
            inbox: &self.inbox,
        }
    }

    /// The group's scope: cancelling it cancels the group.
    pub fn scope(&self) -> &CancelScope {
        self.group.scope()
    }

    /// Cancels the group. As [`Spawner::cancel`].
    #[track_caller]
    pub fn cancel(&self) -> bool {
        self.group.cancel()
    }

    /// Cancels the group, and says why. As [`Spawner::cancel_because`].
    #[track_caller]
    pub fn cancel_because(&self, reason: impl Into<Reason>) -> bool {
        self.group.cancel_because(reason)
    }

    /// Takes no more tasks. Those that are there go on.
    pub fn close(&self) {
        self.group.close();
    }

    /// Whether the group takes no more tasks.
    pub fn is_closed(&self) -> bool {
        self.group.is_closed()
    }

    /// How many tasks have not ended, and groups that were taken in.
    pub fn len(&self) -> usize {
        self.group.len()
    }

    /// Whether all tasks have ended.
    pub fn is_empty(&self) -> bool {
        self.group.is_empty()
    }

    /// What the group is called.
    pub fn name(&self) -> Option<&str> {
        self.group.name()
    }

    /// The group's number, which its tasks have as their parent's.
    pub fn id(&self) -> TaskId {
        self.group.id()
    }
}

impl<'env, P: Policy + 'static> LocalSpawner<P, SendTask<'env>> {
    /// Spawns a task, once there is room for it. As [`Spawner::spawn`], and the future may borrow.
    ///
    /// # Errors
    ///
    /// [`SpawnError`](crate::SpawnError) with the future if the group is closed, or has ended.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Spawn<'_, P, Inline<F, SendTask<'env>>>
    where
        F: Future<Output = P::Output> + Send + 'env,
    {
        self.builder(None).spawn(future)
    }

    /// Spawns a task if there is room for it.
    ///
    /// # Errors
    ///
    /// [`TrySpawnError`] with the future if the group is full, closed, or has ended.
    #[track_caller]
    pub fn try_spawn<F>(&self, future: F) -> Result<TaskId, TrySpawnError<F>>
    where
        F: Future<Output = P::Output> + Send + 'env,
    {
        self.builder(None).try_spawn(future)
    }
}

impl<'env, P: Policy + 'static> LocalSpawner<P, UnsendTask<'env>> {
    /// Spawns a task, once there is room for it. As [`Spawner::spawn`], and the future may borrow, and need not be
    /// `Send`.
    ///
    /// # Errors
    ///
    /// [`SpawnError`](crate::SpawnError) with the future if the group is closed, or has ended.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Spawn<'_, P, Inline<F, UnsendTask<'env>>>
    where
        F: Future<Output = P::Output> + 'env,
    {
        self.builder(None).spawn(future)
    }

    /// Spawns a task if there is room for it.
    ///
    /// # Errors
    ///
    /// [`TrySpawnError`] with the future if the group is full, closed, or has ended.
    #[track_caller]
    pub fn try_spawn<F>(&self, future: F) -> Result<TaskId, TrySpawnError<F>>
    where
        F: Future<Output = P::Output> + 'env,
    {
        self.builder(None).try_spawn(future)
    }
}

impl<'a, 'env, P: Policy + 'static> LocalTask<'a, P, SendTask<'env>> {
    /// Spawns it, once there is room. See [`LocalSpawner::spawn`].
    pub fn spawn<F>(self, future: F) -> Spawn<'a, P, Inline<F, SendTask<'env>>>
    where
        F: Future<Output = P::Output> + Send + 'env,
    {
        Spawn::new(self.task, Inline::send::<P>(future, self.inbox))
    }

    /// Spawns it, if there is room.
    ///
    /// # Errors
    ///
    /// [`TrySpawnError`] with the future if the group is full, closed, or has ended.
    pub fn try_spawn<F>(self, future: F) -> Result<TaskId, TrySpawnError<F>>
    where
        F: Future<Output = P::Output> + Send + 'env,
    {
        self.task.try_launch(Inline::send::<P>(future, self.inbox))
    }
}

impl<'a, 'env, P: Policy + 'static> LocalTask<'a, P, UnsendTask<'env>> {
    /// Spawns it, once there is room. See [`LocalSpawner::spawn`].
    pub fn spawn<F>(self, future: F) -> Spawn<'a, P, Inline<F, UnsendTask<'env>>>
    where
        F: Future<Output = P::Output> + 'env,
    {
        Spawn::new(self.task, Inline::unsend::<P>(future, self.inbox))
    }

    /// Spawns it, if there is room.
    ///
    /// # Errors
    ///
    /// [`TrySpawnError`] with the future if the group is full, closed, or has ended.
    pub fn try_spawn<F>(self, future: F) -> Result<TaskId, TrySpawnError<F>>
    where
        F: Future<Output = P::Output> + 'env,
    {
        self.task
            .try_launch(Inline::unsend::<P>(future, self.inbox))
    }
}

impl<F, T> Inline<F, T> {
    fn new(future: F, inbox: &Arc<Inbox<T>>, pack: fn(F, Pad<'_>) -> T) -> Self {
        Self {
            future,
            inbox: inbox.clone(),
            pack,
        }
    }
}

impl<'env, F> Inline<F, SendTask<'env>> {
    fn send<P: Policy + 'static>(future: F, inbox: &Arc<Inbox<SendTask<'env>>>) -> Self
    where
        F: Future<Output = P::Output> + Send + 'env,
    {
        Self::new(future, inbox, |future, pad| {
            let task = Tracked::<P, _>::new(pad.member, Judged { future });
            SendTask(Box::pin(task))
        })
    }
}

impl<'env, F> Inline<F, UnsendTask<'env>> {
    fn unsend<P: Policy + 'static>(future: F, inbox: &Arc<Inbox<UnsendTask<'env>>>) -> Self
    where
        F: Future<Output = P::Output> + 'env,
    {
        Self::new(future, inbox, |future, pad| {
            let task = Tracked::<P, _>::new(pad.member, Judged { future });
            UnsendTask(Box::pin(task))
        })
    }
}

impl<F, T> sealed::Sealed for Inline<F, T> {}

impl<P: Policy, F, T> Launch<P> for Inline<F, T> {
    type Work = F;
    type Given = TaskId;

    const KIND: TaskKind = TaskKind::Inline;

    fn into_work(self) -> F {
        self.future
    }

    fn launch(self, pad: Pad<'_>) -> TaskId {
        let id = pad.id();
        self.inbox.push((self.pack)(self.future, pad));
        id
    }
}

impl Future for SendTask<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl Future for UnsendTask<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl<P: Policy + 'static, T> Clone for LocalSpawner<P, T> {
    fn clone(&self) -> Self {
        Self {
            group: self.group.clone(),
            inbox: self.inbox.clone(),
        }
    }
}

impl<P: Policy + 'static, T> fmt::Debug for LocalSpawner<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.group.show("LocalSpawner", f)
    }
}

impl<P: Policy + 'static, T> fmt::Debug for LocalTask<'_, P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalTask")
            .field("task", &self.task)
            .finish_non_exhaustive()
    }
}

impl<F, T> fmt::Debug for Inline<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inline").finish_non_exhaustive()
    }
}

impl fmt::Debug for SendTask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendTask").finish_non_exhaustive()
    }
}

impl fmt::Debug for UnsendTask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsendTask").finish_non_exhaustive()
    }
}
