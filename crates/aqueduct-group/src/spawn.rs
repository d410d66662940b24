//! Spawning: what is told of a task before it runs, the wait for room, and the ways in which it may run.

mod error;
mod handle;
mod launch;
mod reserve;
mod start;

use std::borrow::Cow;
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use aqueduct_core::rt::poll_proceed;
use aqueduct_core::wait_queue::{Place, Wait, WaitQueue};
use pin_project_lite::pin_project;

use crate::group::Spawner;
use crate::info::{Loans, Member, Record, TaskId, TaskKind, Told};
use crate::members::{Ask, Reserved, Want};
use crate::policy::Policy;

pub use error::{SpawnError, TrySpawnError};
pub use handle::{NoOutput, TaskHandle};
pub use launch::{Async, Blocking, Handed, HandedBlocking, Launch, Local};
pub(crate) use launch::{Judged, Pad, sealed};
pub use reserve::{Permit, Reserve, ReserveError, TryReserveError};
pub use start::{Ready, StartError};

/// A task before it is spawned: by whom, its name, and from where.
#[must_use = "nothing is spawned until a method says how"]
pub struct TaskBuilder<'a, P: Policy + 'static> {
    spawner: &'a Spawner<P>,
    name: Option<Cow<'static, str>>,
    location: &'static Location<'static>,
}

impl<'a, P: Policy + 'static> TaskBuilder<'a, P> {
    #[track_caller]
    #[inline]
    pub(crate) fn new(spawner: &'a Spawner<P>, name: Option<Cow<'static, str>>) -> Self {
        Self {
            spawner,
            name,
            location: Location::caller(),
        }
    }

    /// Spawns it on the runtime, once there is room. See [`Spawner::spawn`].
    pub fn spawn<F>(self, future: F) -> Spawn<'a, P, Async<F>>
    where
        F: Future<Output = P::Output> + Send + 'static,
    {
        Spawn::new(self, Async::new::<P>(future))
    }

    /// Spawns it on the runtime, if there is room.
    ///
    /// # Errors
    ///
    /// [`TrySpawnError`] with the future if the group is full or closed.
    #[inline]
    pub fn try_spawn<F>(self, future: F) -> Result<TaskId, TrySpawnError<F>>
    where
        F: Future<Output = P::Output> + Send + 'static,
    {
        self.try_launch(Async::new::<P>(future))
    }

    /// Runs a closure on a thread where it may block, once there is room.
    ///
    /// A closure that has not begun when the group is aborted never runs: it is dropped then, wherever in the runtime's
    /// queue it is. One that has cannot be stopped: the group
    /// does not wait for it any longer then, its [`Report`](crate::Report) names it, and the group around waits for it.
    pub fn spawn_blocking<W>(self, work: W) -> Spawn<'a, P, Blocking<W>>
    where
        W: FnOnce() -> P::Output + Send + 'static,
    {
        Spawn::new(self, Blocking::new::<P>(work))
    }

    /// Spawns it on this thread, once there is room: the future need not be `Send`.
    ///
    /// # Panics
    ///
    /// The returned future, outside of a [`LocalSet`](tokio::task::LocalSet) or local runtime, as Tokio's
    /// `spawn_local`.
    pub fn spawn_local<F>(self, future: F) -> Spawn<'a, P, Local<F>>
    where
        F: Future<Output = P::Output> + 'static,
    {
        Spawn::new(self, Local::new::<P>(future))
    }

    /// Spawns a task of any type, once there is room, whose value its handle gives. The policy sees only whether it
    /// panicked.
    pub fn spawn_with_handle<F>(self, future: F) -> Spawn<'a, P, Handed<F>>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        Spawn::new(self, Handed::new::<P>(future))
    }

    /// Runs a closure that returns anything on a thread where it may block, once there is room; its handle gives the value.
    /// As [`spawn_blocking`](Self::spawn_blocking) else.
    ///
    /// ```
    /// # use aqueduct_group::{group, Discard};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let group = group().open(Discard::<()>::new());
    /// let hash = group.task("hash").spawn_blocking_with_handle(|| 6 * 7).await?;
    /// assert_eq!(hash.await?, 42);
    /// # Ok(())
    /// # }
    /// ```
    pub fn spawn_blocking_with_handle<W, T>(self, work: W) -> Spawn<'a, P, HandedBlocking<W, T>>
    where
        W: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Spawn::new(self, HandedBlocking::new::<P>(work))
    }

    /// Spawns a task and waits until it says that it is ready: `make` gets a [`Ready`] to say so with, and a value.
    ///
    /// ```
    /// # use aqueduct_group::{group, Discard};
    /// # use tokio::net::TcpListener;
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let group = group().open(Discard::new());
    /// let address = group
    ///     .task("server")
    ///     .start(|ready| async move {
    ///         let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    ///         ready.ready(listener.local_addr().expect("it is bound"));
    ///         // … accept connections
    ///     })
    ///     .await?;
    /// assert_ne!(address.port(), 0);
    /// # group.join().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`] if the group is closed, or if the task ends (or drops its [`Ready`]) without having been ready.
    ///
    /// # Cancel safety
    ///
    /// *Strict* as far as the task goes: once spawned it goes on without anybody waiting for it to be ready.
    pub async fn start<A, F, M>(self, make: M) -> Result<A, StartError>
    where
        A: Send + 'static,
        M: FnOnce(Ready<A>) -> F,
        F: Future<Output = P::Output> + Send + 'static,
    {
        let (ready, value) = Ready::new();
        let spawned = self.spawn(make(ready)).await;
        spawned.map_err(|_| StartError::Closed)?;
        value.await.map_err(|_| StartError::Ended)
    }

    /// As [`start`](Self::start), of a task of any type, whose value its handle gives.
    ///
    /// ```
    /// # use aqueduct_group::{group, Discard};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let group = group().open(Discard::<()>::new());
    /// let (port, server) = group
    ///     .task("server")
    ///     .start_with_handle(|ready| async move {
    ///         ready.ready(8080);
    ///         "served"
    ///     })
    ///     .await?;
    /// assert_eq!((port, server.await?), (8080, "served"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start). The handle is lost then, and the value with it.
    ///
    /// # Cancel safety
    ///
    /// *Strict* as far as the task goes, as [`start`](Self::start). Its handle is lost.
    pub async fn start_with_handle<A, F, M>(
        self,
        make: M,
    ) -> Result<(A, TaskHandle<F::Output>), StartError>
    where
        A: Send + 'static,
        M: FnOnce(Ready<A>) -> F,
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let (ready, value) = Ready::new();
        let spawned = self.spawn_with_handle(make(ready)).await;
        let handle = spawned.map_err(|_| StartError::Closed)?;
        let value = value.await.map_err(|_| StartError::Ended)?;
        Ok((value, handle))
    }

    #[inline]
    pub(crate) fn try_launch<L: Launch<P>>(
        self,
        task: L,
    ) -> Result<L::Given, TrySpawnError<L::Work>> {
        match self.spawner.take_place() {
            Reserved::Index(index) => Ok(self.launch(index, task)),
            Reserved::Full => Err(TrySpawnError::Full(task.into_work())),
            Reserved::Closed => Err(TrySpawnError::Closed(task.into_work())),
        }
    }

    /// Spawns a task whose place is reserved.
    #[inline]
    fn launch<L: Launch<P>>(self, index: usize, task: L) -> L::Given {
        let shared = self.spawner.shared();
        let unused = Unused(self.spawner);
        let runtime = shared.runtime();
        let told = Told {
            name: self.name,
            location: self.location,
            index,
            kind: L::KIND,
        };
        let seats = shared.members.enlist(|| shared.clone(), Record::new(told));
        let member = Member::new(seats);
        if L::KIND == TaskKind::Blocking {
            shared.members.note_blocking();
        }
        // From here on the task gives its place back, also where it is dropped instead of spawned.
        std::mem::forget(unused);
        let keep = |handle| shared.handles.keep(handle, || shared.members.about());
        task.launch(launch::Pad {
            runtime,
            keep: &keep,
            member,
        })
    }
}

/// Gives a reserved place back unless it was used: there may be no runtime.
struct Unused<'a, P: Policy + 'static>(&'a Spawner<P>);

impl<P: Policy + 'static> Drop for Unused<'_, P> {
    fn drop(&mut self) {
        self.0.shared().members.unreserve();
    }
}

impl<P: Policy + 'static> fmt::Debug for TaskBuilder<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskBuilder")
            .field("group", self.spawner)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// Waits for room, and then spawns. See [`Spawner::spawn`].
    ///
    /// Gives the task's number, or its handle.
    ///
    /// # Errors
    ///
    /// [`SpawnError`] with the future, or closure, if the group is closed, or is closed while this waits.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, if the group was not used on one before.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, it has spawned nothing, or, where a task of the same group waits to have its
    /// own place back, just what it was asked to. Its place in line goes to the next.
    #[must_use = "nothing is spawned until this is awaited"]
    pub struct Spawn<'a, P, L: Launch<P>>
    where
        P: Policy,
        P: 'static,
    {
        // Some, until it is launched or handed back.
        task: Option<(TaskBuilder<'a, P>, L)>,
        // What to give once the lent place is back.
        given: Option<L::Given>,
        spawner: &'a Spawner<P>,
        // The task whose own place is lent to others while this waits.
        lender: Option<Arc<Loans>>,
        #[pin]
        wait: Option<Wait<&'a WaitQueue<Ask>>>,
    }

    impl<P, L: Launch<P>> PinnedDrop for Spawn<'_, P, L>
    where
        P: Policy,
        P: 'static,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let ask = give_back(this.spawner, this.wait);
            let seat_is_back = matches!(ask, Some(Ask { want: Want::Seat(_), got: Some(Reserved::Index(_)), .. }));
            if let Some(lender) = this.lender.take() && !seat_is_back {
                this.spawner.shared().members.claim_seat(&lender);
            }
        }
    }
}

impl<'a, P: Policy + 'static, L: Launch<P>> Spawn<'a, P, L> {
    pub(crate) fn new(task: TaskBuilder<'a, P>, launch: L) -> Self {
        Self {
            spawner: task.spawner,
            task: Some((task, launch)),
            given: None,
            lender: None,
            wait: None,
        }
    }

    /// Waits in line for what is wanted.
    fn poll_room(self: Pin<&mut Self>, cx: &mut Context<'_>, want: Want) -> Poll<Reserved> {
        let this = self.project();
        poll_room(this.spawner, this.wait, cx, want)
    }
}

type InLine<'a> = Option<Wait<&'a WaitQueue<Ask>>>;

/// Waits in line for what is wanted. For the first time, gets in line.
fn poll_room<'a, P: Policy + 'static>(
    spawner: &'a Spawner<P>,
    mut wait: Pin<&mut InLine<'a>>,
    cx: &mut Context<'_>,
    want: Want,
) -> Poll<Reserved> {
    let shared = spawner.shared();
    let members = &shared.members;
    if wait.is_none() {
        wait.set(Some(Wait::new(members.room())));
    }
    let wait = wait.as_mut().as_pin_mut().expect("made above");
    let ask = || Ask {
        want,
        got: None,
        group: shared.clone(),
    };
    let served = wait.poll_wait(cx, Place::Back, 0, ask, |ask| members.grant(ask), || {});
    members.settle();
    // Closing serves everybody, whatever they have got.
    served.map(|ask| ask.got.unwrap_or(Reserved::Closed))
}

/// Leaves the line. A place that was given meanwhile goes to the next; what was asked for is returned.
fn give_back<'a, P: Policy + 'static>(
    spawner: &'a Spawner<P>,
    wait: Pin<&mut InLine<'a>>,
) -> Option<Ask> {
    let (ask, _) = wait.as_pin_mut().and_then(Wait::leave)?;
    if let (Want::Place, Some(Reserved::Index(_))) = (&ask.want, ask.got) {
        spawner.shared().members.unreserve();
    }
    Some(ask)
}

impl<P: Policy + 'static, L: Launch<P>> Future for Spawn<'_, P, L> {
    type Output = Result<L::Given, SpawnError<L::Work>>;

    /// It spends the task's budget: whoever spawns in a loop lets the tasks run now and then, before all of them lie in
    /// memory that has gone cold meanwhile.
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let coop = ready!(poll_proceed(cx));
        let spawned = ready!(self.as_mut().poll_spawn(cx));
        coop.made_progress();
        Poll::Ready(spawned)
    }
}

impl<P: Policy + 'static, L: Launch<P>> Spawn<'_, P, L> {
    fn poll_spawn(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<L::Given, SpawnError<L::Work>>> {
        if self.task.is_some() {
            let reserved = if self.wait.is_none() {
                let reserved = self.spawner.take_place();
                if reserved == Reserved::Full {
                    let shared = self.spawner.shared();
                    if let Some(lender) = shared.seat_here() {
                        shared.members.lend_seat(&lender);
                        *self.as_mut().project().lender = Some(lender);
                    }
                    ready!(self.as_mut().poll_room(cx, Want::Place))
                } else {
                    reserved
                }
            } else {
                ready!(self.as_mut().poll_room(cx, Want::Place))
            };
            let this = self.as_mut().project();
            let (task, launch) = this.task.take().expect("looked above");
            match reserved {
                Reserved::Index(index) => *this.given = Some(task.launch(index, launch)),
                // A place in line ends with a place in the group, or with the group.
                Reserved::Full | Reserved::Closed => {
                    return Poll::Ready(Err(SpawnError(launch.into_work())));
                }
            }
        }
        if let Some(lender) = self.lender.clone() {
            let _ = ready!(self.as_mut().poll_room(cx, Want::Seat(lender)));
            *self.as_mut().project().lender = None;
        }
        let given = self.project().given.take();
        Poll::Ready(Ok(given.expect("polled until it was ready")))
    }
}

impl<P: Policy + 'static, L: Launch<P>> fmt::Debug for Spawn<'_, P, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawn")
            .field("task", &self.task.as_ref().map(|(task, _)| task))
            .finish_non_exhaustive()
    }
}
