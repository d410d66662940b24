//! Actors as children of a supervisor: one slot, many incarnations.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};
use std::time::Duration;

use aqueduct_cancel::UntilCancelled;
use aqueduct_supervision::child::ChildFuture;
use aqueduct_supervision::exit::{Exit, catch_panic};
use aqueduct_supervision::{ChildContext, ChildId, ChildSpec, Fate, StartChild};
use pin_project_lite::pin_project;

use crate::actor::Actor;
use crate::actor_ref::ActorRef;
use crate::mailbox::Mailbox;
use crate::run::{Seat, live};
use crate::scoped::stop_with_scope;
use crate::shared::{Shared, Until};
use crate::start::{Options, prepare};

/// Begins an actor that can be started again: `make` makes a new value for each incarnation. What takes time, or may fail,
/// belongs into [`Actor::start`].
///
/// ```
/// use aqueduct_actor::{Actor, Cx, Reply, actor_with};
/// use aqueduct_supervision::Supervisor;
///
/// struct Counter(u64);
///
/// enum Msg {
///     Add(u64),
///     Get(Reply<u64>),
/// }
///
/// impl Actor for Counter {
///     type Msg = Msg;
///
///     async fn handle(&mut self, message: Msg, _: &mut Cx<Self>) {
///         match message {
///             Msg::Add(0) => panic!("nothing to add"),
///             Msg::Add(n) => self.0 += n,
///             Msg::Get(reply) => reply.send(self.0),
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # std::panic::set_hook(Box::new(|_| ()));
/// let (spec, counter) = actor_with(|| Counter(100)).child("counter");
/// let supervisor = Supervisor::one_for_one().with_child(spec).start().await.unwrap();
///
/// counter.tell(Msg::Add(0)).await.unwrap();
/// // The value is a new one, the reference is the same, and what was told waits in the mailbox.
/// counter.tell(Msg::Add(1)).await.unwrap();
/// assert_eq!(counter.ask(Msg::Get).await.unwrap(), 101);
/// supervisor.shutdown().await;
/// # }
/// ```
#[track_caller]
pub fn actor_with<A, F>(make: F) -> FactoryBuilder<A, F>
where
    A: Actor,
    F: FnMut() -> A + Send + 'static,
{
    FactoryBuilder {
        make,
        options: Options::new(Until::Gone),
        _actor: PhantomData,
    }
}

/// An actor that can be started again. Made by [`actor_with`].
#[must_use = "nothing runs until its child is given to a supervisor"]
pub struct FactoryBuilder<A, F> {
    make: F,
    options: Options,
    _actor: PhantomData<fn() -> A>,
}

impl<A, F> FactoryBuilder<A, F>
where
    A: Actor,
    F: FnMut() -> A + Send + 'static,
{
    /// Names it otherwise than by its id as a child.
    pub fn with_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.options.name = Some(name.into());
        self
    }

    /// Gives it another mailbox than one with room for 64 messages.
    pub fn with_mailbox(mut self, mailbox: Mailbox) -> Self {
        self.options.mailbox = mailbox;
        self
    }

    /// Has [`Signal::Idle`](crate::Signal::Idle) come after so long without a message; if it is not handled, it ends the actor.
    pub fn with_idle_timeout(mut self, limit: Duration) -> Self {
        self.options.idle = Some(limit);
        self
    }

    /// The child for a supervisor, and a reference to it, which stays the same over all restarts and can be used at once:
    /// what is told before the start waits in the mailbox.
    ///
    /// It is permanent, counts as started when its [`start`](Actor::start) is done, and has five seconds to stop, if the
    /// spec is not told otherwise.
    pub fn child(self, id: impl Into<ChildId>) -> (ChildSpec, ActorRef<A>) {
        let id = id.into();
        let (child, actor) = self.slot(id.as_str().into(), None);
        (ChildSpec::custom(id, child), actor)
    }

    /// What a supervisor is to have of the slot, and a reference to it. `busy` is to say whether it handles a message.
    pub(crate) fn slot(
        mut self,
        name: Arc<str>,
        busy: Option<Arc<AtomicBool>>,
    ) -> (impl StartChild, ActorRef<A>) {
        self.options.name.get_or_insert(name);
        let idle = self.options.idle;
        let (shared, mail) = prepare(self.options);
        shared.park(mail, None);
        let child = ActorChild {
            shared: shared.clone(),
            make: self.make,
            idle,
            busy,
        };
        (child, ActorRef::new(shared))
    }
}

/// What a supervisor has of the slot.
struct ActorChild<A: Actor, F> {
    shared: Arc<Shared<A>>,
    make: F,
    idle: Option<Duration>,
    busy: Option<Arc<AtomicBool>>,
}

impl<A, F> StartChild for ActorChild<A, F>
where
    A: Actor,
    F: FnMut() -> A + Send + 'static,
{
    fn start(&mut self, cx: ChildContext) -> ChildFuture {
        // Who is only to end needs no value.
        let told = self.shared.control.held();
        let value = match told {
            Some(told) => Err(told),
            None => catch_panic(&mut self.make).map_err(Exit::Panicked),
        };
        let shared = self.shared.clone();
        let idle = self.idle;
        let busy = self.busy.clone();
        Box::pin(async move {
            let (mail, front) = loop {
                match shared.begin() {
                    Some(begun) => break begun,
                    // Somebody sweeps it, for a moment.
                    None => tokio::task::yield_now().await,
                }
            };
            let mut seat = Seat::new(shared.clone(), mail, idle, front);
            if let Some(busy) = busy {
                seat.tells_busy(busy);
            }
            match value {
                Ok(value) => seat.sit(value),
                Err(exit) => {
                    seat.end(exit.clone());
                    if exit.is_orderly() {
                        // It did not fail to start, which would be tried again.
                        cx.ready();
                    }
                    return exit;
                }
            }
            live_as_child(seat, cx).await
        })
    }

    fn settled(&mut self, _: &Exit, fate: Fate) {
        match fate {
            Fate::Resting => self.shared.rest(),
            Fate::Gone => self.shared.gone(),
            _ => {}
        }
    }
}

/// Lives one incarnation, and stops when its supervisor says so.
pub(crate) fn live_as_child<A: Actor>(
    seat: Seat<A>,
    cx: ChildContext,
) -> impl Future<Output = Exit> + Send {
    let (scope, told) = (cx.scope().clone(), cx.clone());
    let told = stop_with_scope(seat.shared(), &scope, move || {
        match told.exit_of(Exit::Normal) {
            Exit::Normal => Exit::Shutdown(None),
            told => told,
        }
    });
    LivesAsChild {
        life: live(seat, move || cx.ready()),
        _told: told,
    }
}

pin_project! {
    // No `async fn`, which would have room for the life twice.
    struct LivesAsChild<F> {
        #[pin]
        life: F,
        _told: UntilCancelled<'static>,
    }
}

impl<F: Future<Output = Exit>> Future for LivesAsChild<F> {
    type Output = Exit;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Exit> {
        self.project().life.poll(cx)
    }
}

impl<A: Actor, F> Drop for ActorChild<A, F> {
    fn drop(&mut self) {
        self.shared.gone();
    }
}

impl<A, F> fmt::Debug for FactoryBuilder<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FactoryBuilder")
            .field("name", &self.options.name)
            .field("mailbox", &self.options.mailbox)
            .finish_non_exhaustive()
    }
}
