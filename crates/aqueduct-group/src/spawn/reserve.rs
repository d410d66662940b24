//! Room for a task before there is a task.
//!
//! A [`Permit`] is a place in the group, with its number in the order of spawning, and counts like a task that is being
//! spawned: against the limit, and for whoever waits for the group's end. It has a handle of its own and no lifetime, for a
//! count more; so there is one kind, to keep where one likes.
//!
//! # Why who reserves does not lend its place
//!
//! A task that waits to [`spawn`](crate::Spawner::spawn) into its own full group lends its place meanwhile, and has it back
//! once another task has ended: that may be the one it has spawned. What is only reserved does not end before its owner
//! goes on, so with a limit of one the two would wait for each other.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::rt::poll_proceed;
use aqueduct_core::wait_queue::{Wait, WaitQueue};
use pin_project_lite::pin_project;

use super::{
    Async, Blocking, Handed, Launch, Local, TaskBuilder, TaskHandle, give_back, poll_room,
};
use crate::group::Spawner;
use crate::info::TaskId;
use crate::members::{Ask, Reserved, Want};
use crate::policy::Policy;

/// Room for one task of a group. See [`Spawner::reserve`].
///
/// Dropped unused, it gives the room to the next in line. While it lives the group does not end, also if it is closed
/// meanwhile; what is spawned in it then still runs, unless the group is aborted, which drops it at once.
#[must_use = "dropping it gives the room back"]
pub struct Permit<P: Policy + 'static> {
    spawner: Spawner<P>,
    name: Option<Cow<'static, str>>,
    /// Some, until it is used.
    index: Option<usize>,
}

/// The group is closed: there will be no more room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReserveError(());

/// Why no room was reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryReserveError {
    /// As many tasks as the group lets run are running.
    Full,
    /// The group takes no more tasks.
    Closed,
}

impl<P: Policy + 'static> Spawner<P> {
    /// Waits for room for a task that is not there yet: for a server that accepts a connection only when it may serve it.
    ///
    /// ```
    /// # use aqueduct_group::{Discard, group};
    /// # use tokio::net::{TcpListener, TcpStream};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let _client = TcpStream::connect(listener.local_addr()?).await?;
    /// let connections = group().with_limit(1000).open(Discard::new());
    /// # let serve = |stream: TcpStream| async move { drop(stream) };
    /// # for _ in 0..1 {
    /// // loop {
    ///     let permit = connections.reserve().await?;
    ///     let (stream, peer) = listener.accept().await?;
    ///     permit.with_name(peer.to_string()).spawn(serve(stream));
    /// // }
    /// # }
    /// # connections.join().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It is served in line with those who wait to [`spawn`](Self::spawn). A task of the group that waits here keeps its
    /// own place, other than one that waits to spawn: where tasks of a group reserve room in it, they may wait for each other
    /// for ever.
    ///
    /// # Errors
    ///
    /// [`ReserveError`] if the group is closed, or is closed while this waits.
    pub fn reserve(&self) -> Reserve<'_, P> {
        Reserve {
            spawner: self,
            wait: None,
        }
    }

    /// Room for a task, if there is any. See [`reserve`](Self::reserve).
    ///
    /// # Errors
    ///
    /// [`TryReserveError`] if the group is full or closed.
    pub fn try_reserve(&self) -> Result<Permit<P>, TryReserveError> {
        match self.take_place() {
            Reserved::Index(index) => Ok(Permit::new(self, index)),
            Reserved::Full => Err(TryReserveError::Full),
            Reserved::Closed => Err(TryReserveError::Closed),
        }
    }
}

impl<P: Policy + 'static> Permit<P> {
    fn new(spawner: &Spawner<P>, index: usize) -> Self {
        Self {
            spawner: spawner.clone(),
            name: None,
            index: Some(index),
        }
    }

    /// Gives the task a name.
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Spawns the task on the runtime.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, if the group was not used on one before. So do the others.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> TaskId
    where
        F: Future<Output = P::Output> + Send + 'static,
    {
        self.launch(Async::new::<P>(future))
    }

    /// Runs a closure on a thread where it may block. See [`TaskBuilder::spawn_blocking`].
    #[track_caller]
    pub fn spawn_blocking<W>(self, work: W) -> TaskId
    where
        W: FnOnce() -> P::Output + Send + 'static,
    {
        self.launch(Blocking::new::<P>(work))
    }

    /// Spawns the task on this thread. See [`TaskBuilder::spawn_local`].
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> TaskId
    where
        F: Future<Output = P::Output> + 'static,
    {
        self.launch(Local::new::<P>(future))
    }

    /// Spawns a task of any type, whose value its handle gives. See [`TaskBuilder::spawn_with_handle`].
    #[track_caller]
    pub fn spawn_with_handle<F>(self, future: F) -> TaskHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        self.launch(Handed::new::<P>(future))
    }

    #[track_caller]
    fn launch<L: Launch<P>>(mut self, task: L) -> L::Given {
        let index = self.index.take().expect("it is used once");
        let builder = TaskBuilder::new(&self.spawner, self.name.take());
        builder.launch(index, task)
    }
}

impl<P: Policy + 'static> Drop for Permit<P> {
    fn drop(&mut self) {
        if self.index.is_some() {
            self.spawner.shared().members.unreserve();
        }
    }
}

pin_project! {
    /// Waits for room. See [`Spawner::reserve`].
    ///
    /// # Cancel safety
    ///
    /// *Yields its place*: dropped before it is ready, it has reserved nothing, and its place in line goes to the next.
    #[must_use = "nothing is reserved until this is awaited"]
    pub struct Reserve<'a, P>
    where
        P: Policy,
        P: 'static,
    {
        spawner: &'a Spawner<P>,
        #[pin]
        wait: Option<Wait<&'a WaitQueue<Ask>>>,
    }

    impl<P> PinnedDrop for Reserve<'_, P>
    where
        P: Policy,
        P: 'static,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let _ = give_back(this.spawner, this.wait);
        }
    }
}

impl<P: Policy + 'static> Future for Reserve<'_, P> {
    type Output = Result<Permit<P>, ReserveError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let coop = ready!(poll_proceed(cx));
        let reserved = match this.wait.as_ref().get_ref() {
            None => this.spawner.take_place(),
            Some(_) => Reserved::Full,
        };
        let reserved = match reserved {
            Reserved::Full => ready!(poll_room(this.spawner, this.wait.as_mut(), cx, Want::Place)),
            reserved => reserved,
        };
        coop.made_progress();
        Poll::Ready(match reserved {
            Reserved::Index(index) => Ok(Permit::new(this.spawner, index)),
            // A place in line ends with a place in the group, or with the group.
            Reserved::Full | Reserved::Closed => Err(ReserveError(())),
        })
    }
}

impl<P: Policy + 'static> fmt::Debug for Reserve<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve")
            .field("group", self.spawner)
            .finish_non_exhaustive()
    }
}

impl<P: Policy + 'static> fmt::Debug for Permit<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("group", &self.spawner)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ReserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the group is closed")
    }
}

impl Error for ReserveError {}

impl fmt::Display for TryReserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the group runs as many tasks as its limit lets it",
            Self::Closed => "the group is closed",
        })
    }
}

impl Error for TryReserveError {}
