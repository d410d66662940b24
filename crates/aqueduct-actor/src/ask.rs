//! Asking: a message with a [`Reply`], and the wait for it.

mod all;
mod cell;

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use aqueduct_channel::error::TrySendError;
use aqueduct_core::rt::{Alarm, deadline_in, poll_deadline};
use aqueduct_core::thin::{Erase, Headed, Thin};
use pin_project_lite::pin_project;
use tokio::time::Instant;

use crate::actor::Actor;
use crate::actor_ref::ActorRef;
use crate::deadlock;
use crate::mailbox::{Envelope, Note, Sending, came_back};
use crate::{AskError, Reply, Unsent};

pub(crate) use crate::error::UnsentReason;
pub use all::{AskAll, AskAllFuture, AskEach, OneAsk, ask_all};
pub(crate) use cell::{Outcome, Returned};

/// The cell of an ask whose answer is an `R`, or an `E`.
pub(crate) type AskCell<R, E> = Headed<BareCell<R, E>, dyn Note>;

/// [`AskCell`], without what a message's envelope knows it by.
pub(crate) type BareCell<R, E> = cell::Cell<Result<R, E>, UnsentReason>;

pub(crate) fn new_cell<R, E>() -> Arc<AskCell<R, E>>
where
    R: Send + 'static,
    E: Send + 'static,
{
    Arc::new(Headed::new(BareCell::new()))
}

impl<R: Send, E: Send> Note for AskCell<R, E> {
    fn unsent(&self, message: Returned, why: UnsentReason) -> Result<(), Returned> {
        BareCell::unsent(self, message, why)
    }

    #[cfg(debug_assertions)]
    fn is_waiting(&self) -> bool {
        BareCell::is_waiting(self)
    }
}

impl<R, E> Erase<dyn Note> for BareCell<R, E>
where
    R: Send + 'static,
    E: Send + 'static,
{
    fn erase(this: Arc<AskCell<R, E>>) -> Arc<dyn Note> {
        this
    }
}

/// An ask that is to be awaited. Made by [`ActorRef::ask`].
#[must_use = "nothing is asked until it is awaited"]
pub struct Ask<'a, A: Actor, R, E = Infallible> {
    actor: &'a ActorRef<A>,
    cell: Arc<AskCell<R, E>>,
    message: A::Msg,
    deadline: Option<Instant>,
    waits: bool,
}

impl<'a, A: Actor, R, E> Ask<'a, A, R, E> {
    pub(crate) fn new(
        actor: &'a ActorRef<A>,
        waits: bool,
        make: impl FnOnce(Reply<R, E>) -> A::Msg,
    ) -> Self
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        let cell = new_cell();
        Self {
            actor,
            message: make(Reply::new(cell.clone())),
            cell,
            deadline: None,
            waits,
        }
    }

    /// With a message that was made already, whose reply is of this cell.
    pub(crate) fn prepared(
        actor: &'a ActorRef<A>,
        cell: Arc<AskCell<R, E>>,
        message: A::Msg,
    ) -> Self {
        Self {
            actor,
            cell,
            message,
            deadline: None,
            waits: true,
        }
    }

    /// Waits at most so long, for room and for the answer together. If the time is up before the message is in the mailbox,
    /// it is [`Unsent`](AskError::Unsent).
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

impl<'a, A, R, E> IntoFuture for Ask<'a, A, R, E>
where
    A: Actor,
    R: Send + 'static,
    E: Send + 'static,
{
    type Output = Result<R, AskError<A::Msg, E>>;
    type IntoFuture = AskFuture<'a, A, R, E>;

    #[inline]
    fn into_future(self) -> AskFuture<'a, A, R, E> {
        let envelope = Envelope {
            message: self.message,
            note: Some(Thin::new(self.cell.clone())),
        };
        AskFuture {
            actor: self.actor,
            send: self.actor.tx.send(envelope),
            asked: Asked::<A, R, E> {
                cell: Some(self.cell),
                sent: false,
                edge: None,
                _actor: std::marker::PhantomData,
            },
            waits: self.waits,
            deadline: self.deadline,
            alarm: None,
        }
    }
}

pin_project! {
    /// Asks, and waits for the answer.
    ///
    /// # Panics
    ///
    /// If it is polled after it was ready; or if it has to wait for its deadline outside of a Tokio runtime that drives
    /// timers.
    ///
    /// # Cancel safety
    ///
    /// *Lossy, use [`Ask::within`] to wait for some time only*: dropped before there was room, its message goes with it and
    /// never runs. Dropped after that, the message may run, and its answer goes nowhere. Nobody is kept waiting.
    #[must_use = "futures do nothing unless polled"]
    pub struct AskFuture<'a, A: Actor, R, E> {
        actor: &'a ActorRef<A>,
        #[pin]
        send: Sending<'a, Envelope<A::Msg>>,
        asked: Asked<A, R, E>,
        waits: bool,
        deadline: Option<Instant>,
        alarm: Option<Alarm>,
    }
}

/// The asker's hold of the cell.
struct Asked<A: Actor, R, E> {
    /// None once there was an outcome.
    cell: Option<Arc<AskCell<R, E>>>,
    sent: bool,
    edge: Option<deadlock::Edge>,
    _actor: std::marker::PhantomData<fn() -> A>,
}

impl<A: Actor, R, E> Asked<A, R, E> {
    /// Ends the wait. What came meanwhile is given.
    fn leave(&mut self) -> Option<Outcome<Result<R, E>, UnsentReason>> {
        self.edge = None;
        self.cell.take()?.leave()
    }

    fn unsent<T>(
        &mut self,
        envelope: Envelope<A::Msg>,
        reason: UnsentReason,
    ) -> Result<T, AskError<A::Msg, E>> {
        // Before the message is the caller's: its reply shall know that nobody waits.
        self.leave();
        Err(AskError::Unsent(Unsent {
            message: envelope.message,
            reason,
        }))
    }

    fn judge(outcome: Outcome<Result<R, E>, UnsentReason>) -> Result<R, AskError<A::Msg, E>> {
        Err(match outcome {
            Outcome::Answered(Ok(answer)) => return Ok(answer),
            Outcome::Answered(Err(error)) => AskError::Handler(error),
            Outcome::Lost => AskError::Unknown,
            Outcome::Unsent(message, reason) => match message.downcast::<A::Msg>() {
                Ok(message) => AskError::Unsent(Unsent {
                    message: *message,
                    reason,
                }),
                Err(_) => unreachable!("a message comes back to who sent it"),
            },
        })
    }
}

impl<A: Actor, R, E> Drop for Asked<A, R, E> {
    fn drop(&mut self) {
        if let Some(Outcome::Unsent(message, _)) = self.leave() {
            came_back::<A>(message);
        }
    }
}

impl<A: Actor, R: Send + 'static, E: Send + 'static> AskFuture<'_, A, R, E> {
    /// Whether the mailbox has taken the message.
    pub(crate) fn is_sent(&self) -> bool {
        self.asked.sent
    }

    /// Sends the message. Ready only if that ends the ask.
    fn poll_send(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<R, AskError<A::Msg, E>>> {
        let mut this = self.project();
        if this.asked.edge.is_none() {
            let cell = &this.asked.cell;
            let ask = || -> Arc<dyn Note> { cell.clone().expect("it was not ready") };
            match deadlock::look(this.actor.shared(), this.deadline.is_some(), ask) {
                Ok(edge) => this.asked.edge = Some(edge),
                Err(reason) => {
                    let envelope = this.send.take().expect("it was not sent");
                    return Poll::Ready(this.asked.unsent(envelope, reason));
                }
            }
        }
        if this.actor.shared().control.is_refusing()
            && let Some(envelope) = this.send.as_mut().take()
        {
            return Poll::Ready(this.asked.unsent(envelope, UnsentReason::Closed));
        }
        let sent = match *this.waits {
            true => this.send.as_mut().poll(cx),
            // By another way, since `Pending` would not say whether it is full, or its task has to yield.
            false => {
                let envelope = this.send.as_mut().take().expect("it was not sent");
                let sent = this.actor.tx.try_send(envelope);
                Poll::Ready(sent.map_err(TrySendError::into_inner))
            }
        };
        if let Poll::Ready(Err(envelope)) = sent {
            let closed = this.actor.tx.is_closed();
            let reason = if closed {
                UnsentReason::Closed
            } else {
                UnsentReason::Full
            };
            return Poll::Ready(this.asked.unsent(envelope, reason));
        }
        if sent.is_ready() {
            this.asked.sent = true;
            this.actor.shared().was_sent(this.send.has_waited());
        }
        Poll::Pending
    }

    #[cold]
    fn elapsed(self: Pin<&mut Self>) -> Result<R, AskError<A::Msg, E>> {
        let this = self.project();
        if !this.asked.sent
            && let Some(envelope) = this.send.take()
        {
            return this.asked.unsent(envelope, UnsentReason::Elapsed);
        }
        match this.asked.leave() {
            // It came at the last moment.
            Some(outcome) => Asked::<A, R, E>::judge(outcome),
            None => Err(AskError::Elapsed),
        }
    }
}

impl<A: Actor, R: Send + 'static, E: Send + 'static> Future for AskFuture<'_, A, R, E> {
    type Output = Result<R, AskError<A::Msg, E>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let was_sent = self.asked.sent;
        if !was_sent {
            // Whoever is too late does not ask, though there be room.
            if let Some(deadline) = self.deadline
                && self.asked.cell.is_some()
                && deadline <= Instant::now()
            {
                return Poll::Ready(self.elapsed());
            }
            if let Poll::Ready(ended) = self.as_mut().poll_send(cx) {
                return Poll::Ready(ended);
            }
        }
        if self.asked.sent {
            let cell = self.asked.cell.as_ref();
            let cell = cell.expect("a future that was ready is not polled again");
            let polled = match was_sent {
                true => cell.poll(cx),
                // Its answer is not there, but by chance.
                false => cell.poll_first(cx),
            };
            if let Poll::Ready(outcome) = polled {
                let asked = self.project().asked;
                asked.edge = None;
                asked.cell = None;
                return Poll::Ready(Asked::<A, R, E>::judge(outcome));
            }
        }
        let this = self.as_mut().project();
        match *this.deadline {
            Some(deadline) if poll_deadline(this.alarm, deadline, cx.waker()).is_ready() => {
                Poll::Ready(self.elapsed())
            }
            _ => Poll::Pending,
        }
    }
}

impl<A: Actor, R, E> fmt::Debug for Ask<'_, A, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask")
            .field("actor", self.actor)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl<A: Actor, R, E> fmt::Debug for AskFuture<'_, A, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskFuture")
            .field("actor", self.actor)
            .field("sent", &self.asked.sent)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
