//! References that are narrowed to one type of message, and the seam for what stands between caller and actor.

mod weak;

use std::fmt;
use std::future::poll_fn;
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use aqueduct_channel::Overflow;
use aqueduct_core::rt::{Instant, deadline_in, poll_proceed};

use crate::Reply;
use crate::actor::Actor;
use crate::actor_ref::ActorRef;
use crate::error::{AskError, TellError, TryTellError};
use crate::mailbox::undelivered;
use crate::node::ActorId;

pub use weak::WeakRecipient;
pub(crate) use weak::{Identity, NarrowWeak};

pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// What comes of a request; what is unsent comes back, if that can be given back.
pub(crate) type Answered<T> =
    Result<<T as Request>::Answer, AskError<Option<T>, <T as Request>::Error>>;

/// Tells one type of message to an actor that may be of any type: one whose [`Msg`](Actor::Msg) can be made from a `T`.
/// Made by [`ActorRef::recipient`].
///
/// It keeps its actor alive as any reference does. A message that is refused comes back unless it had become the actor's own
/// type by then; it has not run in any case, and went to [`Actor::undelivered`].
pub struct Recipient<T> {
    actor: Arc<dyn Narrow<T>>,
}

/// A question that is a type of its own, so that it can be asked of actors of any type. The actor's message is made from an
/// [`Asked`].
pub trait Request: Send + 'static {
    /// The answer.
    type Answer: Send + 'static;
    /// What the answer may be instead. `Infallible` if nothing.
    type Error: Send + 'static;
}

/// A request, and where its answer goes.
#[derive(Debug)]
pub struct Asked<T: Request> {
    /// What is asked.
    pub request: T,
    /// Where the answer goes.
    pub reply: Reply<T::Answer, T::Error>,
}

/// Asks one type of request of an actor that may be of any type. Made by [`ActorRef::ask_recipient`].
pub struct AskRecipient<T: Request> {
    actor: Arc<dyn NarrowAsk<T>>,
}

/// An ask that is to be awaited. Made by [`AskRecipient::ask`].
#[must_use = "nothing is asked until it is awaited"]
pub struct RecipientAsk<'a, T: Request> {
    recipient: &'a AskRecipient<T>,
    request: T,
    pub(crate) deadline: Option<Instant>,
}

/// Asks, and waits for the answer.
///
/// # Panics
///
/// As [`AskFuture`](crate::AskFuture).
///
/// # Cancel safety
///
/// *Lossy, use [`RecipientAsk::within`] to wait for some time only*: as [`AskFuture`](crate::AskFuture).
#[must_use = "futures do nothing unless polled"]
pub struct RecipientAskFuture<'a, T: Request> {
    asking: Boxed<'a, Answered<T>>,
}

/// What can be told a `T`. The seam for what stands between the caller and an actor, such as a bulkhead or a breaker, and
/// what stands for several actors: they take any `TellTarget`, and are one.
pub trait TellTarget<T>: Send + Sync {
    /// Tells it, waiting for room.
    ///
    /// # Errors
    ///
    /// If it is not taken; with the message, if that can be given back.
    fn tell_to(&self, message: T) -> impl Future<Output = Result<(), TellError<Option<T>>>> + Send;

    /// Tells it if there is room now.
    ///
    /// # Errors
    ///
    /// If it is not taken; with the message, if that can be given back.
    fn try_tell_to(&self, message: T) -> Result<(), TryTellError<Option<T>>>;
}

/// What can be asked a `T`. As [`TellTarget`].
pub trait AskTarget<T: Request>: Send + Sync {
    /// Asks it, and waits for the answer.
    ///
    /// # Errors
    ///
    /// As [`ActorRef::ask`]; what is unsent comes back, if that can be given back.
    fn ask_to(
        &self,
        request: T,
    ) -> impl Future<Output = Result<T::Answer, AskError<Option<T>, T::Error>>> + Send;
}

pub(crate) trait Narrow<T>: Identity {
    fn downgrade(self: Arc<Self>) -> Arc<dyn NarrowWeak<T>>;
    fn try_tell(&self, message: T) -> Result<(), TryTellError<Option<T>>>;
    fn tell(&self, message: T) -> Told<'_, T>;
}

/// A tell that need not wait, mostly.
pub(crate) enum Told<'a, T> {
    Now(Result<(), TellError<Option<T>>>),
    Waits(Boxed<'a, Result<(), TellError<Option<T>>>>),
}

pub(crate) trait NarrowAsk<T: Request>: Identity {
    fn ask(&self, request: T, deadline: Option<Instant>) -> Boxed<'_, Answered<T>>;
}

impl<A: Actor> ActorRef<A> {
    /// A reference that is narrowed to one type of message.
    pub fn recipient<T>(&self) -> Recipient<T>
    where
        T: Send + 'static,
        A::Msg: From<T>,
    {
        Recipient {
            actor: Arc::new(self.clone()),
        }
    }

    /// A reference that is narrowed to one type of request.
    pub fn ask_recipient<T>(&self) -> AskRecipient<T>
    where
        T: Request,
        A::Msg: From<Asked<T>>,
    {
        AskRecipient {
            actor: Arc::new(self.clone()),
        }
    }
}

impl<A: Actor> ActorRef<A> {
    async fn ask_until<T>(&self, request: T, deadline: Option<Instant>) -> Answered<T>
    where
        T: Request,
        A::Msg: From<Asked<T>>,
    {
        let mut ask = self.ask(|reply| Asked { request, reply }.into());
        if let Some(deadline) = deadline {
            ask = ask.until(deadline);
        }
        ask.await.map_err(|error| {
            error.map_message(|message| {
                undelivered::<A>(message);
                None
            })
        })
    }

    /// Whether there is no room now, as far as is known, and none is made.
    fn would_be_full(&self) -> bool {
        let refuses = matches!(self.shared().overflow, Overflow::Wait | Overflow::Reject);
        refuses && self.tx.is_full()
    }
}

/// It had become the actor's own type by then.
fn refused<A: Actor, T>(TellError(message): TellError<A::Msg>) -> TellError<Option<T>> {
    undelivered::<A>(message);
    TellError(None)
}

impl<A, T> TellTarget<T> for ActorRef<A>
where
    A: Actor,
    T: Send + 'static,
    A::Msg: From<T>,
{
    async fn tell_to(&self, message: T) -> Result<(), TellError<Option<T>>> {
        if self.is_refusing() {
            return Err(TellError(Some(message)));
        }
        self.tell(message.into()).await.map_err(refused::<A, T>)
    }

    fn try_tell_to(&self, message: T) -> Result<(), TryTellError<Option<T>>> {
        if self.is_refusing() {
            return Err(TryTellError::Closed(Some(message)));
        }
        if self.would_be_full() {
            return Err(TryTellError::Full(Some(message)));
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

impl<A, T> AskTarget<T> for ActorRef<A>
where
    A: Actor,
    T: Request,
    A::Msg: From<Asked<T>>,
{
    fn ask_to(&self, request: T) -> impl Future<Output = Answered<T>> + Send {
        self.ask_until(request, None)
    }
}

impl<A, T> Narrow<T> for ActorRef<A>
where
    A: Actor,
    T: Send + 'static,
    A::Msg: From<T>,
{
    fn downgrade(self: Arc<Self>) -> Arc<dyn NarrowWeak<T>> {
        Arc::new(Self::downgrade(&self))
    }

    fn try_tell(&self, message: T) -> Result<(), TryTellError<Option<T>>> {
        self.try_tell_to(message)
    }

    fn tell(&self, message: T) -> Told<'_, T> {
        if self.is_refusing() {
            return Told::Now(Err(TellError(Some(message))));
        }
        let waits = matches!(self.shared().overflow, Overflow::Wait | Overflow::Spill);
        if !waits && self.would_be_full() {
            return Told::Now(Err(TellError(Some(message))));
        }
        match self.try_tell(message.into()) {
            Ok(()) => Told::Now(Ok(())),
            // It is the actor's type by now, and waits as that.
            Err(TryTellError::Full(message)) if waits => Told::Waits(Box::pin(async move {
                self.tell(message).await.map_err(refused::<A, T>)
            })),
            Err(error) => Told::Now(Err(refused::<A, T>(TellError(error.into_inner())))),
        }
    }
}

impl<A, T> NarrowAsk<T> for ActorRef<A>
where
    A: Actor,
    T: Request,
    A::Msg: From<Asked<T>>,
{
    fn ask(&self, request: T, deadline: Option<Instant>) -> Boxed<'_, Answered<T>> {
        Box::pin(self.ask_until(request, deadline))
    }
}

impl<T: Send + 'static> Recipient<T> {
    /// Tells it, waiting for room. Allocates only where it has to wait.
    ///
    /// # Errors
    ///
    /// If it is not taken; with the message, if that can be given back.
    ///
    /// # Cancel safety
    ///
    /// As [`ActorRef::tell`]: *Strict* for the mailbox, *yields its place*; the message goes with the future.
    pub async fn tell(&self, message: T) -> Result<(), TellError<Option<T>>> {
        // Where it never waits, others are to run all the same.
        poll_fn(|cx| poll_proceed(cx).map(|coop| coop.made_progress())).await;
        match self.actor.tell(message) {
            Told::Now(told) => told,
            Told::Waits(waits) => waits.await,
        }
    }

    /// Tells it if there is room now.
    ///
    /// # Errors
    ///
    /// If it is not taken; with the message, if that can be given back.
    pub fn try_tell(&self, message: T) -> Result<(), TryTellError<Option<T>>> {
        self.actor.try_tell(message)
    }

    /// The actor's number.
    pub fn id(&self) -> ActorId {
        self.actor.id()
    }
}

impl<T: Request> AskRecipient<T> {
    /// Asks it, and waits for room and for the answer.
    ///
    /// Without [`within`](RecipientAsk::within) it waits as long as the actor lives.
    ///
    /// # Errors
    ///
    /// As [`ActorRef::ask`]; what is unsent does not come back, but went to [`Actor::undelivered`].
    pub fn ask(&self, request: T) -> RecipientAsk<'_, T> {
        RecipientAsk {
            recipient: self,
            request,
            deadline: None,
        }
    }

    /// The actor's number.
    pub fn id(&self) -> ActorId {
        self.actor.id()
    }
}

impl<T: Send + 'static> TellTarget<T> for Recipient<T> {
    fn tell_to(&self, message: T) -> impl Future<Output = Result<(), TellError<Option<T>>>> + Send {
        self.tell(message)
    }

    fn try_tell_to(&self, message: T) -> Result<(), TryTellError<Option<T>>> {
        self.try_tell(message)
    }
}

impl<T: Request> AskTarget<T> for AskRecipient<T> {
    fn ask_to(
        &self,
        request: T,
    ) -> impl Future<Output = Result<T::Answer, AskError<Option<T>, T::Error>>> + Send {
        self.ask(request).into_future()
    }
}

impl<'a, T: Request> RecipientAsk<'a, T> {
    /// Waits at most so long, for room and for the answer together.
    pub fn within(mut self, limit: Duration) -> Self {
        self.deadline = deadline_in(limit);
        self
    }

    /// Waits at most until then.
    pub fn until(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

impl<'a, T: Request> IntoFuture for RecipientAsk<'a, T> {
    type Output = Answered<T>;
    type IntoFuture = RecipientAskFuture<'a, T>;

    fn into_future(self) -> RecipientAskFuture<'a, T> {
        RecipientAskFuture {
            asking: self.recipient.actor.ask(self.request, self.deadline),
        }
    }
}

impl<T: Request> Future for RecipientAskFuture<'_, T> {
    type Output = Answered<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answered<T>> {
        self.asking.as_mut().poll(cx)
    }
}

impl<T> Clone for Recipient<T> {
    fn clone(&self) -> Self {
        Self {
            actor: self.actor.clone(),
        }
    }
}

impl<T: Request> Clone for AskRecipient<T> {
    fn clone(&self) -> Self {
        Self {
            actor: self.actor.clone(),
        }
    }
}

impl<T> PartialEq for Recipient<T> {
    fn eq(&self, other: &Self) -> bool {
        self.actor.id() == other.actor.id()
    }
}

impl<T> Eq for Recipient<T> {}

impl<T> Hash for Recipient<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.actor.id().hash(state);
    }
}

impl<T: Request> PartialEq for AskRecipient<T> {
    fn eq(&self, other: &Self) -> bool {
        self.actor.id() == other.actor.id()
    }
}

impl<T: Request> Eq for AskRecipient<T> {}

impl<T: Request> Hash for AskRecipient<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.actor.id().hash(state);
    }
}

impl<T> fmt::Debug for Recipient<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipient")
            .field("id", &self.actor.id().as_u64())
            .finish_non_exhaustive()
    }
}

impl<T: Request> fmt::Debug for RecipientAsk<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecipientAsk")
            .field("recipient", self.recipient)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl<T: Request> fmt::Debug for RecipientAskFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecipientAskFuture").finish_non_exhaustive()
    }
}

impl<T: Request> fmt::Debug for AskRecipient<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskRecipient")
            .field("id", &self.actor.id().as_u64())
            .finish_non_exhaustive()
    }
}
