//! References to actors.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use aqueduct_channel::Stats;
use aqueduct_channel::error::TrySendError;
use aqueduct_core::rt;
use aqueduct_supervision::exit::Exit;
use aqueduct_supervision::watch::{Downs, Linkable, Monitor, Watch};

use crate::Reply;
use crate::actor::Actor;
use crate::ask::Ask;
use crate::control::{Bits, To};
use crate::error::{TellError, TellWithinError, TryTellError};
use crate::mailbox::{Envelope, MailTx};
use crate::node::ActorId;
use crate::shared::{Held, Shared};
use crate::tell::Tell;

/// Tells and asks an actor. Cheap to clone; equal to all others of the same actor, and the same after restarts.
///
/// What one task sends by it, or by its clones, is handled in that order.
///
/// Control ([`stop`](Self::stop), [`kill`](Self::kill), [`freeze`](Self::freeze), …) does not wait in the mailbox, and takes
/// effect between two messages.
pub struct ActorRef<A: Actor> {
    // Dropped before the hold, which counts those that are left.
    pub(crate) tx: MailTx<Envelope<A::Msg>>,
    held: Held<A>,
}

impl<A: Actor> ActorRef<A> {
    pub(crate) fn new(shared: Arc<Shared<A>>) -> Self {
        Self {
            tx: shared.tx.clone(),
            held: Held(shared),
        }
    }

    #[inline(always)]
    pub(crate) fn shared(&self) -> &Arc<Shared<A>> {
        &self.held.0
    }

    /// Whether a message would be refused, full mailbox or not.
    pub(crate) fn is_refusing(&self) -> bool {
        self.shared().control.is_refusing() || self.tx.is_closed()
    }

    /// Tells it something, waiting for room in its mailbox.
    ///
    /// # Errors
    ///
    /// The message, if the actor takes none any more, or its mailbox is full and rejects.
    #[inline(always)]
    pub fn tell(&self, message: A::Msg) -> Tell<'_, A> {
        Tell::new(self, message)
    }

    /// Tells it something if there is room now.
    ///
    /// # Errors
    ///
    /// The message, if there is no room or the actor takes none any more.
    #[inline]
    pub fn try_tell(&self, message: A::Msg) -> Result<(), TryTellError<A::Msg>> {
        if self.shared().control.is_refusing() {
            return Err(TryTellError::Closed(message));
        }
        match self.tx.try_send(Envelope::tell(message)) {
            Ok(()) => {
                self.shared().was_sent(false);
                Ok(())
            }
            Err(TrySendError::Full(envelope)) => Err(TryTellError::Full(envelope.message)),
            Err(TrySendError::Closed(envelope)) => Err(TryTellError::Closed(envelope.message)),
        }
    }

    /// Tells it something, waiting at most so long for room.
    ///
    /// # Errors
    ///
    /// The message, if there was no room in time or the actor takes none any more.
    ///
    /// # Panics
    ///
    /// If it has to wait, outside of a Tokio runtime that drives timers.
    ///
    /// # Cancel safety
    ///
    /// As [`tell`](Self::tell): *Strict* for the mailbox, *yields its place*.
    pub async fn tell_within(
        &self,
        message: A::Msg,
        limit: Duration,
    ) -> Result<(), TellWithinError<A::Msg>> {
        let mut tell = pin!(self.tell(message));
        match rt::until(rt::deadline_in(limit), tell.as_mut()).await {
            Some(Ok(())) => Ok(()),
            Some(Err(TellError(message))) => Err(TellWithinError::Closed(message)),
            None => match tell.take() {
                Some(message) => Err(TellWithinError::Elapsed(message)),
                None => Ok(()),
            },
        }
    }

    /// Hands on what this actor's caller asked: [`tell`](Self::tell), by the name that says so. The [`Reply`] in the message
    /// goes with it, and who gets it answers.
    ///
    /// # Errors
    ///
    /// As [`tell`](Self::tell).
    pub fn forward(&self, message: A::Msg) -> Tell<'_, A> {
        self.tell(message)
    }

    /// Asks it something, waiting for room and for the answer. `make` puts the reply into a message; the constructor of a
    /// variant that has nothing else will do: `actor.ask(Msg::Get)`.
    ///
    /// Without [`within`](Ask::within) it waits as long as the actor lives.
    ///
    /// # Errors
    ///
    /// [`AskError`](crate::AskError), whose variants say whether the message ran.
    #[inline]
    pub fn ask<R, E>(&self, make: impl FnOnce(Reply<R, E>) -> A::Msg) -> Ask<'_, A, R, E>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        Ask::new(self, true, make)
    }

    /// [`ask`](Self::ask), without waiting for room: it is [`Unsent`](crate::AskError::Unsent) if there is none.
    #[inline]
    pub fn try_ask<R, E>(&self, make: impl FnOnce(Reply<R, E>) -> A::Msg) -> Ask<'_, A, R, E>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        Ask::new(self, false, make)
    }

    /// Asks it to end after the current message. What is left in the mailbox is undelivered.
    ///
    /// A supervisor counts it as an orderly end: it starts a permanent child again, and no other.
    ///
    /// # Of a child that is being started again
    ///
    /// A request to end is for the address, and not for the incarnation that it happens to find:
    ///
    /// | | while it runs, or starts | between two incarnations | at rest, or ended |
    /// |---|---|---|---|
    /// | [`close`](Self::close) | nothing new; what is inside, then `Normal` | the same: the next one handles what is inside | |
    /// | `stop` | after the current message, or the start | the next one ends at once, without its [`start`](Actor::start) | |
    /// | [`kill`](Self::kill) | at the next `.await` | nothing: there is nothing to kill, and a new start is under way | |
    ///
    /// If the incarnation fails before it has ended as it was asked to, the request holds for the next one. It is answered by
    /// an orderly end, but for one that the supervisor asked for; after that end a permanent child is started again, open, and
    /// knows nothing of it. A transient one rests or is gone, and a temporary one is gone. In back-off, the new start that is
    /// only to end counts as any other does. To end a permanent child for good, ask its supervisor to terminate it.
    pub fn stop(&self) {
        self.stop_with(Exit::Shutdown(None));
    }

    /// [`stop`](Self::stop), and says how it is to end. The first who says so is heard.
    ///
    /// An exit that is no orderly one asks for a new incarnation: it does not hold where one is about to be started anyway.
    pub fn stop_with(&self, exit: Exit) {
        self.shared().stop(exit, To::Address);
    }

    /// Takes nothing new. The actor handles what is inside and then ends as [`Exit::Normal`].
    ///
    /// A child that fails before it has come to that goes on closed in its next incarnation: see [`stop`](Self::stop).
    pub fn close(&self) {
        self.shared().control.close();
    }

    /// Ends it at its next `.await`: what it does is dropped there, and [`Actor::stop`] does not run.
    ///
    /// A handler that never awaits is not ended by it.
    pub fn kill(&self) {
        self.kill_with(Exit::Killed);
    }

    /// [`kill`](Self::kill), and says how it ended then, for who monitors it, and for a supervisor that decides by it: with
    /// [`Exit::Shutdown`] a transient child is not started again. The first who says so is heard.
    ///
    /// With an orderly exit it holds as [`stop`](Self::stop) does, between two incarnations too.
    pub fn kill_with(&self, exit: Exit) {
        self.shared().kill(exit);
    }

    /// Has it leave its mailbox alone from the next message on, until [`thaw`](Self::thaw). Signals and control go on. It ends
    /// with the last reference to an actor that lives until it is unreachable, since nobody could thaw it then.
    pub fn freeze(&self) {
        self.shared().control.raise(Bits::FREEZE);
    }

    /// Ends a [`freeze`](Self::freeze).
    pub fn thaw(&self) {
        self.shared().control.lower(Bits::FREEZE);
    }

    /// Whether it is frozen.
    pub fn is_frozen(&self) -> bool {
        self.shared().control.bits().has(Bits::FREEZE)
    }

    /// Whether it has not ended for good. Between two incarnations it is alive.
    pub fn is_alive(&self) -> bool {
        !self.shared().control.bits().has(Bits::ENDED)
    }

    /// A future of the end of the present incarnation: exactly one [`Down`](aqueduct_supervision::watch::Down), at once if
    /// it has ended already. A restart is an end.
    pub fn monitor(&self) -> Monitor {
        self.shared().watch().monitor()
    }

    /// The [`Down`](aqueduct_supervision::watch::Down)s of all incarnations, each once, from the present one on, or the last
    /// one, if none lives. There is none after the end after which it is not started again. A loop around
    /// [`monitor`](Self::monitor) would spin between two incarnations.
    pub fn downs(&self) -> Downs {
        self.shared().downs()
    }

    /// A future of the end after which it is not started again.
    pub fn ended(&self) -> Monitor {
        self.shared().watch_slot().monitor()
    }

    /// Its number.
    pub fn id(&self) -> ActorId {
        ActorId(self.shared().node.id)
    }

    /// Its name, if it was given one.
    pub fn name(&self) -> Option<&str> {
        self.shared().node.name.as_deref()
    }

    /// The figures of its mailbox.
    pub fn stats(&self) -> Stats {
        self.tx.stats()
    }

    /// A reference that does not keep the actor alive.
    #[must_use = "a weak reference does nothing unless it is upgraded"]
    pub fn downgrade(&self) -> WeakActorRef<A> {
        WeakActorRef {
            id: self.id(),
            shared: Arc::downgrade(self.shared()),
        }
    }
}

/// An actor is there from when it was made: a link to one that was not started yet is of its first incarnation. If the other
/// one ends before, that ends as soon as it is started, and a permanent child is started again, linked to nobody.
impl<A: Actor> Linkable for ActorRef<A> {
    fn watch(&self) -> Watch {
        self.shared().watch()
    }

    fn stopper(&self) -> Box<dyn FnOnce(Exit) + Send> {
        let actor = self.downgrade();
        let turn = self.shared().control.turn();
        Box::new(move |exit| {
            if let Some(shared) = actor.shared.upgrade() {
                shared.stop(exit, To::Turn(turn));
            }
        })
    }
}

impl<A: Actor> Clone for ActorRef<A> {
    fn clone(&self) -> Self {
        Self {
            tx: self.tx.clone(),
            held: self.held.clone(),
        }
    }
}

impl<A: Actor> PartialEq for ActorRef<A> {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl<A: Actor> Eq for ActorRef<A> {}

impl<A: Actor> Hash for ActorRef<A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl<A: Actor> fmt::Debug for ActorRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = f.debug_struct("ActorRef");
        s.field("id", &self.id().as_u64());
        if let Some(name) = self.name() {
            s.field("name", &name);
        }
        s.field("alive", &self.is_alive()).finish_non_exhaustive()
    }
}

/// A reference that does not keep its actor alive. Made by [`ActorRef::downgrade`].
pub struct WeakActorRef<A: Actor> {
    id: ActorId,
    shared: Weak<Shared<A>>,
}

impl<A: Actor> WeakActorRef<A> {
    /// A reference, unless the actor is gone.
    pub fn upgrade(&self) -> Option<ActorRef<A>> {
        let shared = self.shared.upgrade()?;
        let alive = !shared.control.bits().has(Bits::ENDED);
        alive.then(|| ActorRef::new(shared))
    }

    /// The actor's number.
    pub fn id(&self) -> ActorId {
        self.id
    }
}

impl<A: Actor> Clone for WeakActorRef<A> {
    fn clone(&self) -> Self {
        Self {
            id: self.id,
            shared: self.shared.clone(),
        }
    }
}

impl<A: Actor> PartialEq for WeakActorRef<A> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<A: Actor> Eq for WeakActorRef<A> {}

impl<A: Actor> Hash for WeakActorRef<A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl<A: Actor> fmt::Debug for WeakActorRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakActorRef")
            .field("id", &self.id.as_u64())
            .finish_non_exhaustive()
    }
}
