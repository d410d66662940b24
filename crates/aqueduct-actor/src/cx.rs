//! What an actor's functions are given: the actor as it sees itself.

mod extras;
mod monitors;
mod timers;

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_core::rt::Instant;
use aqueduct_group::{Discard, TaskGroup, group};
use aqueduct_supervision::exit::Exit;
use aqueduct_supervision::watch::{Down, Linkable, MonitorId, Watch};

use crate::actor::{Actor, Signal};
use crate::actor_ref::ActorRef;
use crate::control::Bits;
use crate::guard::ignore_panic;
use crate::node::ActorId;
use crate::shared::Shared;
use extras::Running;
pub(crate) use extras::{Extras, Messages};
use futures_core::Stream;
pub(crate) use monitors::Monitors;
use pin_project_lite::pin_project;

pub use timers::{Drift, TimerId};

/// The actor's own side: handed to each of its functions.
pub struct Cx<A: Actor> {
    pub(crate) shared: Arc<Shared<A>>,
    /// How it is to end after what it does now.
    pub(crate) stopping: Option<Box<Exit>>,
    /// How many signals came since the last message.
    pub(crate) signals: u8,
    pub(crate) extras: Option<Box<Extras<A>>>,
}

impl<A: Actor> Cx<A> {
    /// `front` is what an incarnation before has left to be handled first.
    pub(crate) fn new(
        shared: Arc<Shared<A>>,
        idle: Option<Duration>,
        front: Option<Messages<A>>,
    ) -> Self {
        let mut cx = Self {
            shared,
            stopping: None,
            signals: 0,
            extras: None,
        };
        if idle.is_some() {
            cx.set_idle_timeout(idle);
        }
        if let Some(front) = front {
            cx.extras().put_front(front);
        }
        cx
    }

    pub(crate) fn tells_busy(&mut self, busy: Arc<AtomicBool>) {
        self.extras().tells_busy(busy);
    }

    fn extras(&mut self) -> &mut Extras<A> {
        let shared = &self.shared;
        self.extras.get_or_insert_with(|| Extras::new(shared))
    }

    /// The actor's number.
    pub fn id(&self) -> ActorId {
        ActorId(self.shared.node.id)
    }

    /// The actor's name, if it was given one.
    pub fn name(&self) -> Option<&str> {
        self.shared.node.name.as_deref()
    }

    /// A reference to the actor, to give to others. While it is kept in the actor itself, the actor is reachable.
    pub fn me(&self) -> ActorRef<A> {
        ActorRef::new(self.shared.clone())
    }

    /// Ends the actor after what it does now. What is left in the mailbox is undelivered. The first exit is the one that
    /// stays.
    pub fn stop(&mut self, exit: Exit) {
        self.stopping.get_or_insert_with(|| Box::new(exit));
    }

    /// Leaves the mailbox alone from the next message on, until somebody says [`ActorRef::thaw`].
    pub fn freeze(&self) {
        self.shared.control.raise(Bits::FREEZE);
    }

    /// Ends a [`freeze`](Self::freeze), its own or another's: where a signal says that it may go on.
    pub fn thaw(&self) {
        self.shared.control.lower(Bits::FREEZE);
    }

    /// Tells the actor something after so long. It does not wait in the mailbox, and comes between two messages. It is gone
    /// with the incarnation.
    ///
    /// # Panics
    ///
    /// When the actor goes to sleep on a runtime without timers.
    pub fn send_after(&mut self, wait: Duration, message: A::Msg) -> TimerId {
        let at = Instant::now();
        let extras = self.extras();
        extras.look_again();
        extras.timers.once(timers::after(at, wait), message)
    }

    /// Tells the actor something in intervals, the first after one period. `drift` says what becomes of moments that it was
    /// too busy for. As [`send_after`](Self::send_after) else.
    ///
    /// # Panics
    ///
    /// If the period is zero. As [`send_after`](Self::send_after).
    #[track_caller]
    pub fn send_every(
        &mut self,
        period: Duration,
        drift: Drift,
        make: impl FnMut() -> A::Msg + Send + 'static,
    ) -> TimerId {
        assert!(
            !period.is_zero(),
            "an interval without a length would never end"
        );
        let extras = self.extras();
        extras.look_again();
        let now = Instant::now();
        extras.timers.every(now, period, drift, Box::new(make))
    }

    /// Takes a timer back. False if it is over, its message handled or about to be.
    pub fn cancel_timer(&mut self, timer: TimerId) -> bool {
        let extras = self.extras.as_mut();
        extras.is_some_and(|extras| extras.timers.cancel(timer))
    }

    /// Puts a message aside, until [`unstash_all`](Self::unstash_all). What is in the stash at a restart goes to the front of
    /// the mailbox, and at the end to [`Actor::undelivered`].
    ///
    /// # Errors
    ///
    /// The message, if there are [`Actor::STASH_MAX`] in the stash.
    pub fn stash(&mut self, message: A::Msg) -> Result<(), StashError<A::Msg>> {
        let stash = &mut self.extras().stash;
        if stash.len() >= A::STASH_MAX {
            return Err(StashError(message));
        }
        stash.push_back(message);
        Ok(())
    }

    /// Has all that is in the stash handled next, before what is in the mailbox, in the order in which it was put aside.
    pub fn unstash_all(&mut self) {
        if let Some(extras) = &mut self.extras {
            extras.unstash();
        }
    }

    /// How many messages are in the stash.
    pub fn stashed(&self) -> usize {
        self.extras.as_ref().map_or(0, |extras| extras.stash.len())
    }

    /// Has the items of a stream come as messages, in turn with those of the mailbox. The actor polls it itself; where nobody
    /// takes messages, as in a [freeze](Self::freeze), the stream waits. It is gone with the incarnation.
    pub fn attach<S>(&mut self, stream: S, map: impl FnMut(S::Item) -> A::Msg + Send + 'static)
    where
        S: Stream + Send + 'static,
    {
        let extras = self.extras();
        extras.look_again();
        extras.streams.push(Box::pin(Mapped { stream, map }));
    }

    /// Runs a future as a task, and has its output come as a message: the actor handles others meanwhile. The message does
    /// not wait in the mailbox. The task is gone with the incarnation, and a panic of it is told by the panic hook only.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn pipe<F>(&mut self, future: F, map: impl FnOnce(F::Output) -> A::Msg + Send + 'static)
    where
        F: Future + Send + 'static,
    {
        let running = Running::new(&self.extras().piped);
        self.spawn_in_group(async move {
            let message = map(future.await);
            running.send(message);
        });
    }

    /// Runs a future as a task that is aborted when the actor, or this incarnation of it, ends; which waits for that.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn spawn(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        let running = Running::new(&self.extras().piped);
        self.spawn_in_group(async move {
            future.await;
            drop(running);
        });
    }

    fn spawn_in_group(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        let tasks = &mut self.extras().tasks;
        let tasks = tasks.get_or_insert_with(|| group().open(Discard::new()));
        tasks
            .try_spawn(future)
            .expect("it is closed when the actor has ended");
    }

    /// A scope that is cancelled when the actor shall end: for handlers that take long, and may end early then.
    pub fn scope(&mut self) -> CancelScope {
        self.shared.scope()
    }

    /// Sets, or takes away, the time without a message after which [`Signal::Idle`] comes; again after each.
    pub fn set_idle_timeout(&mut self, limit: Option<Duration>) {
        self.extras().set_idle(limit);
    }

    /// The incarnation ends: what it had besides its mailbox goes, but for what was to be handled before that.
    pub(crate) fn leave(&mut self) -> Option<Messages<A>> {
        let mut extras = self.extras.take()?;
        let left = extras.take_left();
        ignore_panic(|| drop(extras));
        (!left.is_empty()).then_some(left)
    }

    pub(crate) fn take_tasks(&mut self) -> Option<TaskGroup<Discard>> {
        self.extras.as_mut()?.tasks.take()
    }

    /// Watches something: its end comes as [`Signal::Down`], exactly once, also if it has ended already.
    pub fn monitor(&self, other: &impl Linkable) -> MonitorId {
        self.on_down(&other.watch(), |down| Some(Signal::Down(down)))
    }

    /// Takes back a [`monitor`](Self::monitor) of what lives there at present. True if there was no signal and will be none.
    pub fn demonitor(&self, other: &impl Linkable, id: MonitorId) -> bool {
        // By its number: what was started again since may have another's monitor by that id.
        self.shared.demonitor(other.watch().id(), id)
    }

    /// Links the actor to something: when the one ends by anything but [`Exit::Normal`], the other is told. This actor by
    /// [`Signal::Linked`], the other by being asked to stop.
    ///
    /// It is of the two incarnations that live at present, and holds until one of them ends, or [`unlink`](Self::unlink).
    pub fn link(&self, other: &impl Linkable) -> LinkId {
        // In this order: where it is started again in between, what is watched has ended, which is told at once; and what would
        // be stopped is another one, which is not linked.
        let watch = other.watch();
        let stop = other.stopper();
        let own = self.shared.watch();
        let linked = watch.clone();
        let id = own.on_down(move |down| {
            if !down.exit.is_normal() && linked.is_alive() {
                stop(Exit::shutdown(format!("linked to {down}")));
            }
        });
        let here = own.clone();
        let there = self.on_down(&watch, move |down| {
            // There is nobody left to stop.
            own.demonitor(id);
            (!down.exit.is_normal()).then_some(Signal::Linked(down))
        });
        LinkId {
            own: (here, id),
            other: (watch, there),
        }
    }

    /// Takes a link back. True if neither was told of the other's end, and none will be.
    pub fn unlink(&self, link: LinkId) -> bool {
        let (own, id) = link.own;
        let (other, there) = link.other;
        let was_told = !self.shared.demonitor(other.id(), there);
        own.demonitor(id) && !was_told
    }

    fn on_down(
        &self,
        watch: &Watch,
        signal: impl FnOnce(Down) -> Option<Signal> + Send + 'static,
    ) -> MonitorId {
        let shared = Arc::downgrade(&self.shared);
        let turn = self.shared.control.turn();
        let id = watch.on_down(move |down| {
            if let Some(signal) = signal(down)
                && let Some(shared) = shared.upgrade()
            {
                // Who has ended does not want it, nor who came after.
                drop(shared.control.signal(turn, signal));
            }
        });
        self.shared.has_monitor(watch.clone(), id);
        id
    }
}

/// A link of an actor, to [take it back](Cx::unlink) by.
#[derive(Debug)]
pub struct LinkId {
    own: (Watch, MonitorId),
    other: (Watch, MonitorId),
}

pin_project! {
    /// A stream whose items are messages.
    struct Mapped<S, F> {
        #[pin]
        stream: S,
        map: F,
    }
}

impl<S: Stream, M, F: FnMut(S::Item) -> M> Stream for Mapped<S, F> {
    type Item = M;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<M>> {
        let this = self.project();
        let item = ready!(this.stream.poll_next(cx));
        Poll::Ready(item.map(this.map))
    }
}

/// The stash is full. The message comes back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StashError<M>(pub M);

impl<M> fmt::Display for StashError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the actor's stash is full")
    }
}

impl<M> fmt::Debug for StashError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StashError").finish_non_exhaustive()
    }
}

impl<M> Error for StashError<M> {}

impl<A: Actor> fmt::Debug for Cx<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx")
            .field("id", &self.id().as_u64())
            .field("name", &self.name())
            .field("stopping", &self.stopping)
            .finish_non_exhaustive()
    }
}
