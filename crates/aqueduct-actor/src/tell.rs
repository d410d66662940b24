//! Telling: a message without an answer.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::actor::Actor;
use crate::actor_ref::ActorRef;
use crate::error::TellError;
use crate::mailbox::{Envelope, Sending};

pin_project! {
    /// Tells an actor something, waiting for room. Made by [`ActorRef::tell`].
    ///
    /// # Panics
    ///
    /// If it is polled after it was ready.
    ///
    /// # Cancel safety
    ///
    /// *Strict* for the mailbox, *yields its place*: a dropped one has either put its message in or not, and the room it was
    /// given goes to the next in line. The message goes with it; [`take`](Self::take) saves it.
    #[must_use = "nothing is told until it is awaited"]
    pub struct Tell<'a, A: Actor> {
        actor: &'a ActorRef<A>,
        #[pin]
        send: Sending<'a, Envelope<A::Msg>>,
    }
}

impl<'a, A: Actor> Tell<'a, A> {
    #[inline(always)]
    pub(crate) fn new(actor: &'a ActorRef<A>, message: A::Msg) -> Self {
        Self {
            actor,
            send: actor.tx.send(Envelope::tell(message)),
        }
    }

    /// Takes the message back, if it is not in the mailbox yet. The future is then to be dropped.
    pub fn take(self: Pin<&mut Self>) -> Option<A::Msg> {
        let envelope = self.project().send.take();
        envelope.map(|envelope| envelope.message)
    }
}

impl<A: Actor> Future for Tell<'_, A> {
    type Output = Result<(), TellError<A::Msg>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let shared = this.actor.shared();
        if shared.control.is_refusing()
            && let Some(envelope) = this.send.as_mut().take()
        {
            return Poll::Ready(Err(TellError(envelope.message)));
        }
        this.send.as_mut().poll(cx).map(|sent| match sent {
            Ok(()) => {
                shared.was_sent(this.send.has_waited());
                Ok(())
            }
            Err(envelope) => Err(TellError(envelope.message)),
        })
    }
}

impl<A: Actor> fmt::Debug for Tell<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tell")
            .field("actor", self.actor)
            .finish_non_exhaustive()
    }
}
