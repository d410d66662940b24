//! Pools: several actors of one type behind one reference.
//!
//! ```text
//!   tell(message) ──▶ route ──▶ a member of the table ──▶ its mailbox ──▶ worker      children of one dynamic supervisor,
//!                       │                                                worker      transient: one that dies is started
//!   round robin, least loaded, by key                                    worker      again in its slot, with its mailbox
//! ```
//!
//! # Invariants
//!
//! P1. A worker is closed when the last hold of its [`Member`] is gone, and not before. The table is one hold; each send that
//!     is under way is another. So a worker that leaves still gets what was routed to it, handles it, and then ends.
//! P2. A worker that was closed, and dies before it has handled what is inside, is started again, and is closed still.
//! P3. Keys of messages, and all else that is the user's, are looked at outside of the table's lock.
//!
//! A pool that is a child has two kinds of workers: see [`child`].
//!
//! # Why not one mailbox for all
//!
//! A mailbox that many take from is one queue whose head they fight for, has no keys, and ties the workers' restarts
//! together. Each worker has its own; what that costs is that a message waits behind the one before it though another
//! worker may be free, and [`Routing::LeastLoaded`] makes that rare.

mod child;
mod member;
mod route;

use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_core::rt::deadline_in;
use aqueduct_supervision::error::{StartChildError, StartError};
use aqueduct_supervision::{DynamicSupervisor, DynamicSupervisorRef, ShutdownReport, Supervisor};
use tokio::time::Instant;

use crate::actor::Actor;
use crate::actor_ref::ActorRef;
use crate::ask::new_cell;
use crate::error::{AskError, TellError, TryTellError, Unsent, UnsentReason};
use crate::mailbox::{Mailbox, undelivered};
use crate::recipient::{AskTarget, Asked, Request, TellTarget};
use crate::reply::Reply;

pub use child::ChildPool;
use member::{Make, Member, Table, worker};
pub use route::{Routing, RoutingKey};

/// Begins a pool of `workers` actors. `make` makes the value of each, and of each incarnation of it.
///
/// ```
/// use aqueduct_actor::{Actor, Cx, Reply, Routing, pool};
///
/// struct Hasher;
///
/// enum Msg {
///     Sum(Vec<u8>, Reply<u32>),
/// }
///
/// impl Actor for Hasher {
///     type Msg = Msg;
///
///     async fn handle(&mut self, Msg::Sum(bytes, reply): Msg, _: &mut Cx<Self>) {
///         reply.send(bytes.iter().map(|&byte| u32::from(byte)).sum());
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut pool = pool(4, || Hasher).with_routing(Routing::LeastLoaded).start().await.unwrap();
/// let sum = pool.ask(|reply| Msg::Sum(vec![1, 2, 3], reply)).await;
/// assert_eq!(sum.unwrap(), 6);
/// pool.resize(8).await.unwrap();
/// assert_eq!(pool.len(), 8);
/// pool.drain().await;
/// # }
/// ```
pub fn pool<A, F>(workers: usize, make: F) -> PoolBuilder<A>
where
    A: Actor,
    F: Fn() -> A + Send + Sync + 'static,
{
    PoolBuilder {
        workers,
        make: Make(Arc::new(make)),
        name: None,
        mailbox: Mailbox::default(),
        routing: Routing::RoundRobin,
        intensity: None,
    }
}

/// A pool to be. Made by [`pool`].
#[must_use = "nothing runs until it is started"]
pub struct PoolBuilder<A: Actor> {
    workers: usize,
    make: Make<A>,
    name: Option<Arc<str>>,
    mailbox: Mailbox,
    routing: Routing<A::Msg>,
    intensity: Option<(u32, Duration)>,
}

/// By which workers are added: what it is given is their number.
type Crew<A> = DynamicSupervisorRef<usize, Member<A>>;

/// The owner of a pool. It is a [`PoolRef`] too (by `Deref`).
///
/// [`drain`](Self::drain) has the workers handle what they have. Dropping the owner asks them to stop, as dropping a
/// supervisor does, and does not wait: what is in their mailboxes is undelivered.
#[must_use = "dropping a pool stops it"]
pub struct Pool<A: Actor> {
    supervisor: DynamicSupervisor<usize, Member<A>>,
    reference: PoolRef<A>,
}

/// By which others tell and ask a pool. Cheap to clone; it keeps no worker alive, and refuses when the pool is gone.
pub struct PoolRef<A: Actor> {
    inner: Arc<Inner<A>>,
}

struct Inner<A: Actor> {
    name: Arc<str>,
    routing: Routing<A::Msg>,
    table: Table<A>,
}

/// A pool did not start, or did not grow.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PoolError {
    /// The limits of its supervisor cannot be followed, or its runtime ends.
    Supervisor(StartError),
    /// A worker failed to start, or there is no supervisor that would start it. Those that had started before it stay.
    Worker(StartChildError),
}

impl<A: Actor> PoolBuilder<A> {
    /// Names the pool; without it, it is "pool", or the id of the child that it is. Its workers are called by it and their number: "pool-0".
    pub fn with_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Gives each worker another mailbox than one with room for 64 messages.
    pub fn with_mailbox(mut self, mailbox: Mailbox) -> Self {
        self.mailbox = mailbox;
        self
    }

    /// Which worker gets a message. Without it they take turns.
    pub fn with_routing(mut self, routing: Routing<A::Msg>) -> Self {
        self.routing = routing;
        self
    }

    /// How often workers may be started again, all together, within any such period; one in five seconds without it. With
    /// one more the pool ends; as a [`child`](Self::child) it is started again.
    pub fn with_intensity(mut self, restarts: u32, period: Duration) -> Self {
        self.intensity = Some((restarts, period));
        self
    }

    /// Starts it, and waits until all workers have started.
    ///
    /// # Errors
    ///
    /// If one of them failed to, or the supervisor; then nothing is left of it.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime that drives timers.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, what was started is stopped.
    pub async fn start(self) -> Result<Pool<A>, PoolError> {
        let (make, mailbox) = (self.make, self.mailbox);
        let pool = self.name.unwrap_or_else(|| "pool".into());
        let name = pool.clone();
        let template = move |number| worker(number, &name, mailbox.clone(), &make, None);
        let spec = Supervisor::dynamic(template).with_name(pool.clone());
        let spec = match self.intensity {
            Some((restarts, period)) => spec.with_intensity(restarts, period),
            None => spec,
        };
        let supervisor = spec.start().await.map_err(PoolError::Supervisor)?;
        let inner = Inner {
            name: pool,
            routing: self.routing,
            table: Table::new(true),
        };
        let mut pool = Pool {
            supervisor,
            reference: PoolRef {
                inner: Arc::new(inner),
            },
        };
        match pool.resize(self.workers).await {
            Ok(()) => Ok(pool),
            Err(error) => {
                pool.shutdown().await;
                Err(error)
            }
        }
    }
}

impl<A: Actor> Pool<A> {
    /// A reference to it, for others.
    pub fn reference(&self) -> PoolRef<A> {
        self.reference.clone()
    }

    /// Has so many workers from now on. New ones have started when this is ready. Those that leave get nothing new, handle
    /// what they have, and end, which is not waited for.
    ///
    /// With [`Routing::by_key`] some keys move to other workers: from each worker to new ones their share of all keys, or
    /// from those that leave all of theirs, and none besides. What was told by a key before may then be handled at the same
    /// time as what is told after.
    ///
    /// # Errors
    ///
    /// If a worker failed to start. Those before it stay.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, the pool may have a size in between, and all workers that run are in it or
    /// leave.
    pub async fn resize(&mut self, workers: usize) -> Result<(), PoolError> {
        self.inner.resize(&self.supervisor, workers).await
    }

    /// Takes nothing new, has all workers handle what they have, and waits for their end. So it does for those that are leaving
    /// by then.
    ///
    /// # Cancel safety
    ///
    /// *Lossy, use [`resize(0)`](Self::resize) to begin*: dropped before it is ready, the workers are asked to stop, and what
    /// is still in their mailboxes is undelivered.
    pub async fn drain(self) -> ShutdownReport {
        self.inner.table.shrink(0);
        for ended in self.inner.table.leaving() {
            ended.await;
        }
        self.supervisor.shutdown().await
    }

    /// Asks the workers to stop after their current message, and waits for their end. What is left in their mailboxes is
    /// undelivered.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, they stop all the same.
    pub async fn shutdown(self) -> ShutdownReport {
        let Self { supervisor, .. } = self;
        supervisor.shutdown().await
    }
}

impl<A: Actor> Inner<A> {
    async fn resize(&self, crew: &Crew<A>, workers: usize) -> Result<(), PoolError> {
        self.table.shrink(workers);
        // So many, whatever becomes of them: one that ends in an orderly way at once would be started for ever.
        for _ in self.table.len()..workers {
            let started = crew.start_child(self.table.free_number()).await;
            let (_, member) = started.map_err(PoolError::Worker)?;
            self.table.add(Arc::new(member));
        }
        // One that was started again meanwhile has those back that it was built with.
        if self.table.len() > workers {
            self.table.shrink(workers);
        }
        Ok(())
    }
}

impl<A: Actor> PoolRef<A> {
    /// Tells a worker something, waiting for room in its mailbox. One that has ended meanwhile is passed over.
    ///
    /// # Errors
    ///
    /// The message, if there is no worker, or the mailbox of the one it was for is full and rejects.
    ///
    /// # Cancel safety
    ///
    /// As [`ActorRef::tell`]: *Strict* for the mailbox, *yields its place*. The message goes with it.
    pub async fn tell(&self, message: A::Msg) -> Result<(), TellError<A::Msg>> {
        let mut message = message;
        let mut route = self.inner.route(&message);
        while let Some(member) = route.next(&self.inner.table) {
            let told = member.actor().tell(message).await;
            let Err(TellError(refused)) = told else {
                return Ok(());
            };
            if member.takes() {
                return Err(TellError(refused));
            }
            message = refused;
        }
        Err(TellError(message))
    }

    /// Tells a worker something if there is room now. Without keys, one that is full is passed over for one that is not.
    ///
    /// # Errors
    ///
    /// The message, if there is no room or no worker.
    pub fn try_tell(&self, message: A::Msg) -> Result<(), TryTellError<A::Msg>> {
        let mut message = message;
        let mut route = self.inner.route(&message);
        let mut full = false;
        while let Some(member) = route.next(&self.inner.table) {
            message = match member.actor().try_tell(message) {
                Ok(()) => return Ok(()),
                Err(TryTellError::Closed(message)) => message,
                Err(TryTellError::Full(message)) if route.is_keyed() => {
                    return Err(TryTellError::Full(message));
                }
                Err(TryTellError::Full(message)) => {
                    full = true;
                    message
                }
            };
        }
        Err(match full {
            true => TryTellError::Full(message),
            false => TryTellError::Closed(message),
        })
    }

    /// Asks a worker something, waiting for room and for the answer as long as that worker lives.
    ///
    /// # Errors
    ///
    /// [`AskError`], whose variants say whether the message ran.
    ///
    /// # Cancel safety
    ///
    /// *Lossy, use [`ask_within`](Self::ask_within) to wait for some time only*: as [`AskFuture`](crate::AskFuture).
    pub async fn ask<R, E>(
        &self,
        make: impl FnOnce(Reply<R, E>) -> A::Msg,
    ) -> Result<R, AskError<A::Msg, E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        self.ask_until(None, make).await
    }

    /// Asks a worker something, waiting at most so long for room and for the answer together.
    ///
    /// # Errors
    ///
    /// [`AskError`], whose variants say whether the message ran.
    ///
    /// # Panics
    ///
    /// If it has to wait, outside of a Tokio runtime that drives timers.
    ///
    /// # Cancel safety
    ///
    /// As [`AskFuture`](crate::AskFuture).
    pub async fn ask_within<R, E>(
        &self,
        limit: Duration,
        make: impl FnOnce(Reply<R, E>) -> A::Msg,
    ) -> Result<R, AskError<A::Msg, E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        self.ask_until(deadline_in(limit), make).await
    }

    /// It is no `async fn`, whose future would hold `make`, which may not be sent.
    fn ask_until<R, E>(
        &self,
        deadline: Option<Instant>,
        make: impl FnOnce(Reply<R, E>) -> A::Msg,
    ) -> impl Future<Output = Result<R, AskError<A::Msg, E>>> + Send
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        let cell = new_cell();
        let message = make(Reply::new(cell.clone()));
        async move {
            let mut route = self.inner.route(&message);
            let Some(member) = route.next(&self.inner.table) else {
                // Its reply shall know that nobody waits.
                drop(cell.leave());
                return Err(AskError::Unsent(Unsent {
                    message,
                    reason: UnsentReason::Closed,
                }));
            };
            let actor = member.actor().clone();
            let mut ask = crate::Ask::prepared(&actor, cell, message);
            if let Some(deadline) = deadline {
                ask = ask.until(deadline);
            }
            let mut ask = std::pin::pin!(ask.into_future());
            // Until it is in the mailbox (P1). An answer may take longer than the worker is to be kept open.
            let mut hold = Some(member);
            std::future::poll_fn(move |task| {
                let answer = ask.as_mut().poll(task);
                if ask.is_sent() {
                    drop(hold.take());
                }
                answer
            })
            .await
        }
    }

    /// Whether no worker takes anything.
    fn is_refusing(&self) -> bool {
        let takes = |members: &[Arc<Member<A>>]| members.iter().find(|one| one.takes()).map(drop);
        self.inner.table.pick(takes).is_none()
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// How many workers it has, without those that are leaving.
    pub fn len(&self) -> usize {
        self.inner.table.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its workers, without those that are leaving. To look at them, or to monitor one; what is told to one of them is not
    /// routed, and may be refused when the pool shrinks.
    pub fn workers(&self) -> Vec<ActorRef<A>> {
        let members = self.inner.table.members();
        members.iter().map(|one| one.actor().clone()).collect()
    }
}

impl<A, T> TellTarget<T> for PoolRef<A>
where
    A: Actor,
    A::Msg: From<T>,
    T: Send + 'static,
{
    async fn tell_to(&self, message: T) -> Result<(), TellError<Option<T>>> {
        if self.is_refusing() {
            return Err(TellError(Some(message)));
        }
        let told = self.tell(message.into()).await;
        told.map_err(|TellError(message)| {
            undelivered::<A>(message);
            TellError(None)
        })
    }

    fn try_tell_to(&self, message: T) -> Result<(), TryTellError<Option<T>>> {
        if self.is_refusing() {
            return Err(TryTellError::Closed(Some(message)));
        }
        self.try_tell(message.into()).map_err(|error| match error {
            TryTellError::Full(message) => {
                undelivered::<A>(message);
                TryTellError::Full(None)
            }
            TryTellError::Closed(message) => {
                undelivered::<A>(message);
                TryTellError::Closed(None)
            }
        })
    }
}

impl<A, Q> AskTarget<Q> for PoolRef<A>
where
    A: Actor,
    A::Msg: From<Asked<Q>>,
    Q: Request,
{
    async fn ask_to(&self, request: Q) -> Result<Q::Answer, AskError<Option<Q>, Q::Error>> {
        let make = |reply| Asked { request, reply }.into();
        let asked = self.ask(make).await;
        asked.map_err(|error| {
            error.map_message(|message| {
                undelivered::<A>(message);
                None
            })
        })
    }
}

impl<A: Actor> Deref for Pool<A> {
    type Target = PoolRef<A>;

    fn deref(&self) -> &PoolRef<A> {
        &self.reference
    }
}

impl<A: Actor> Clone for PoolRef<A> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

impl<A: Actor> PartialEq for PoolRef<A> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl<A: Actor> Eq for PoolRef<A> {}

impl<A: Actor> fmt::Debug for PoolBuilder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuilder")
            .field("name", &self.name)
            .field("workers", &self.workers)
            .field("mailbox", &self.mailbox)
            .field("routing", &self.routing)
            .finish_non_exhaustive()
    }
}

impl<A: Actor> fmt::Debug for Pool<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.reference).finish()
    }
}

impl<A: Actor> fmt::Debug for PoolRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolRef")
            .field("name", &self.inner.name)
            .field("workers", &self.len())
            .field("routing", &self.inner.routing)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supervisor(error) => write!(f, "the pool did not start: {error}"),
            Self::Worker(error) => write!(f, "a worker of the pool did not start: {error}"),
        }
    }
}

impl Error for PoolError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Supervisor(error) => error.source(),
            Self::Worker(error) => error.source(),
        }
    }
}
