//! Starting actors.

use std::error::Error;
use std::fmt;
use std::future::ready;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_channel::oneshot;
use aqueduct_group::{Policy, Spawner};
use aqueduct_supervision::child::ChildFuture;
use aqueduct_supervision::exit::{Exit, Failure};
use aqueduct_supervision::{ChildContext, ChildId, ChildSpec, StartChild};

use crate::actor::Actor;
use crate::actor_ref::ActorRef;
use crate::child::live_as_child;
use crate::mailbox::Mailbox;
use crate::node::ActorNode;
use crate::run::{Seat, live};
use crate::scoped::stop_with_scope;
use crate::shared::{Mail, Shared, Until};

/// Begins an actor: how it is to run is said next. What a supervisor is to start again is made by a closure:
/// [`actor_with`](crate::actor_with).
///
/// ```
/// use aqueduct_actor::{Actor, Cx, Mailbox, Reply, actor};
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
///             Msg::Add(n) => self.0 += n,
///             Msg::Get(reply) => reply.send(self.0),
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let counter = actor(Counter(0)).with_mailbox(Mailbox::bounded(1024)).spawn();
/// counter.tell(Msg::Add(2)).await.unwrap();
/// counter.tell(Msg::Add(3)).await.unwrap();
/// assert_eq!(counter.ask(Msg::Get).await.unwrap(), 5);
/// # }
/// ```
#[track_caller]
pub fn actor<A: Actor>(value: A) -> ActorBuilder<A> {
    ActorBuilder {
        value,
        options: Options::new(Until::Unreachable),
    }
}

/// An actor that is not started yet.
#[must_use = "nothing runs until a method says how"]
pub struct ActorBuilder<A: Actor> {
    value: A,
    options: Options,
}

pub(crate) struct Options {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) mailbox: Mailbox,
    pub(crate) idle: Option<Duration>,
    until: Until,
    location: &'static Location<'static>,
}

impl Options {
    #[track_caller]
    pub(crate) fn new(until: Until) -> Self {
        Self {
            name: None,
            mailbox: Mailbox::default(),
            idle: None,
            until,
            location: Location::caller(),
        }
    }
}

impl<A: Actor> ActorBuilder<A> {
    /// Names it, for logs, errors and whoever lists tasks.
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

    /// Has it end, as [`Exit::Normal`], when nobody can reach it: all references are gone, its mailbox is empty, and nothing
    /// of its own is to come (a timer, a stream, a task). This is the default.
    pub fn until_unreachable(mut self) -> Self {
        self.options.until = Until::Unreachable;
        self
    }

    /// Has it live until it is told to end, with or without references.
    pub fn until_stopped(mut self) -> Self {
        self.options.until = Until::Stopped;
        self
    }

    /// Starts it as a task of its own. Whether its [`start`](Actor::start) succeeds is not waited for; messages wait in the
    /// mailbox meanwhile.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    #[track_caller]
    pub fn spawn(self) -> ActorRef<A> {
        let (actor, seat) = self.seat();
        tokio::spawn(live(seat, || {}));
        actor
    }

    /// Starts it as a task of its own, and waits until its [`start`](Actor::start) is done.
    ///
    /// # Errors
    ///
    /// If that failed or panicked, or ended it.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, it ends the actor: by a kill at the next `.await` of a start that is under way,
    /// and by a stop if it has just started.
    pub async fn spawn_started(self) -> Result<ActorRef<A>, StartError> {
        let (told, started) = oneshot::channel();
        let (actor, life) = self.prepare(|| {
            // Whoever waited may have gone.
            let _ = told.send(());
        });
        let mut unless_dropped = EndUnlessStarted {
            actor: Some(actor),
            started,
        };
        let mut task = tokio::spawn(life);
        let started = (&mut unless_dropped.started).await;
        if started.is_err() {
            // It ended before it could tell.
            let exit = (&mut task).await.unwrap_or(Exit::Killed);
            return Err(StartError { exit });
        }
        Ok(unless_dropped.started())
    }

    /// Starts it as a task of a group, once there is room for it there; whether its [`start`](Actor::start) succeeds is not
    /// waited for. When the group is cancelled the actor is told to stop, which takes as long as the group's grace allows.
    ///
    /// The group's policy does not see how it ends.
    ///
    /// # Errors
    ///
    /// [`Exit::Killed`], if the group is closed.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, it drops the actor, or the only reference to it.
    pub async fn spawn_in<P: Policy + 'static>(
        self,
        group: &Spawner<P>,
    ) -> Result<ActorRef<A>, StartError> {
        let (scope, name) = (group.scope().clone(), self.options.name.clone());
        let (actor, life) = self.prepare(|| {});
        let shared = actor.shared().clone();
        let life = async move {
            let _told = stop_with_scope(&shared, &scope, || Exit::Shutdown(None));
            drop(shared);
            life.await
        };
        let task = match name {
            Some(name) => group.task(String::from(&*name)),
            None => group.unnamed(),
        };
        match task.spawn_with_handle(life).await {
            Ok(_handle) => Ok(actor),
            Err(_) => Err(StartError { exit: Exit::Killed }),
        }
    }

    /// The child for a supervisor, and a reference to it, which can be used at once: what is told before the start waits in
    /// the mailbox. It lives until it is told to end.
    ///
    /// It is temporary, as there is one value: for one that is started again use [`actor_with`](crate::actor_with). A spec that
    /// was made permanent all the same fails to start again, and says so. It counts as started when its
    /// [`start`](Actor::start) is done, and has five seconds to stop, if the spec is not told otherwise.
    pub fn child(mut self, id: impl Into<ChildId>) -> (ChildSpec, ActorRef<A>) {
        let id = id.into();
        self.options.name.get_or_insert_with(|| id.as_str().into());
        self.options.until = Until::Stopped;
        let (actor, seat) = self.seat();
        let child = OnceChild { seat: Some(seat) };
        (ChildSpec::custom(id, child).temporary(), actor)
    }

    fn prepare(
        self,
        ack: impl FnOnce() + Send + 'static,
    ) -> (ActorRef<A>, impl Future<Output = Exit> + Send) {
        let (actor, seat) = self.seat();
        (actor, live(seat, ack))
    }

    /// All of it but what runs it.
    pub(crate) fn seat(self) -> (ActorRef<A>, Seat<A>) {
        let idle = self.options.idle;
        let (shared, mail) = prepare(self.options);
        let mut seat = Seat::new(shared.clone(), mail, idle, None);
        seat.sit(self.value);
        (ActorRef::new(shared), seat)
    }
}

/// What a supervisor has of an actor that is started once.
struct OnceChild<A: Actor> {
    seat: Option<Seat<A>>,
}

impl<A: Actor> StartChild for OnceChild<A> {
    fn start(&mut self, cx: ChildContext) -> ChildFuture {
        let Some(seat) = self.seat.take() else {
            let why = "an actor that was made of a value cannot be started again: use `actor_with`";
            return Box::pin(ready(Exit::Failed(Failure::msg(why))));
        };
        Box::pin(live_as_child(seat, cx))
    }
}

pub(crate) fn prepare<A: Actor>(options: Options) -> (Arc<Shared<A>>, Mail<A>) {
    const { assert_message::<A>() };
    let (tx, rx) = options.mailbox.open::<A>();
    let node = ActorNode::new(options.name, options.location);
    let overflow = options.mailbox.overflow_policy();
    (Arc::new(Shared::new(options.until, overflow, node, tx)), rx)
}

/// # Panics
///
/// When it is compiled, with a message that is larger than its actor says.
const fn assert_message<A: Actor>() {
    assert!(
        size_of::<A::Msg>() <= A::MESSAGE_BYTES_MAX,
        "this actor's message is larger than `Actor::MESSAGE_BYTES_MAX`, 128 bytes unless the actor says otherwise: put what \
         is large in it into a `Box` (a parameter of `#[messages]` is marked with `#[boxed]`), or have `impl Actor` say more"
    );
}

/// Ends an actor whose start is not waited for any more. A start that hangs would not hear that it shall stop.
struct EndUnlessStarted<A: Actor> {
    actor: Option<ActorRef<A>>,
    started: oneshot::Receiver<()>,
}

impl<A: Actor> EndUnlessStarted<A> {
    fn started(mut self) -> ActorRef<A> {
        self.actor.take().expect("it is taken once")
    }
}

impl<A: Actor> Drop for EndUnlessStarted<A> {
    fn drop(&mut self) {
        let Some(actor) = &self.actor else {
            return;
        };
        match self.started.try_recv() {
            Ok(()) => actor.stop(),
            Err(_) => actor.kill(),
        }
    }
}

/// An actor did not start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StartError {
    /// How it ended instead.
    pub exit: Exit,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the actor did not start: {}", self.exit)
    }
}

impl Error for StartError {}

impl<A: Actor> fmt::Debug for ActorBuilder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActorBuilder")
            .field("name", &self.options.name)
            .field("mailbox", &self.options.mailbox)
            .finish_non_exhaustive()
    }
}
