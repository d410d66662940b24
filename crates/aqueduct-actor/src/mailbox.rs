//! Mailboxes: a channel, chosen when the actor is built, and what lies in it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_channel::error::{TryRecvError, TrySendError};
use aqueduct_channel::{MemorySpill, Overflow, Stats, mpmc, mpsc};
use aqueduct_core::rt::poll_proceed;
use aqueduct_core::thin::Thin;
use pin_project_lite::pin_project;

use crate::actor::Actor;
use crate::ask::{Returned, UnsentReason};
use crate::guard::ignore_panic;

/// How many messages an actor's mailbox holds, and what becomes of one more. Room for 64, and senders that wait, if nothing
/// else is said.
///
/// | `overflow` | `tell` | `ask` |
/// |---|---|---|
/// | `Wait` | waits for room | waits for room |
/// | `Reject` | gives the message back | `Unsent` with `Full` |
/// | `DropNewest`, `DropOldest` | drops one message | drops one; the asker of a dropped one gets `Unsent` with `Evicted` |
/// | `Spill` | waits when the second queue is full, too | the same |
///
/// What is dropped goes to its asker, or to [`Actor::undelivered`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    capacity: Option<usize>,
    overflow: Overflow,
    spill_max: usize,
}

impl Mailbox {
    /// Room for `capacity` messages, which is allocated with the actor.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn bounded(capacity: usize) -> Self {
        assert!(
            capacity > 0,
            "a mailbox needs room for at least one message; use `Mailbox::unbounded()` if there is no real limit"
        );
        Self {
            capacity: Some(capacity),
            overflow: Overflow::Wait,
            spill_max: 0,
        }
    }

    /// Room for any number of messages. Nothing holds back who tells faster than the actor handles.
    pub fn unbounded() -> Self {
        Self {
            capacity: None,
            overflow: Overflow::Wait,
            spill_max: 0,
        }
    }

    /// What becomes of a message for which there is no room. Nothing in an unbounded one.
    ///
    /// # Panics
    ///
    /// If it is `Spill`, for which [`spill`](Self::spill) says how many.
    #[must_use]
    #[track_caller]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        assert!(
            overflow != Overflow::Spill,
            "a mailbox that spills needs a limit for it: use `Mailbox::spill(max)`"
        );
        self.overflow = overflow;
        self
    }

    /// `Overflow::Spill`: up to `max` messages more go to a second queue, whose memory is given back when it is drained.
    #[must_use]
    pub fn spill(mut self, max: usize) -> Self {
        self.overflow = Overflow::Spill;
        self.spill_max = max;
        self
    }

    /// How many messages it holds. None if there is no limit.
    pub fn capacity(&self) -> Option<usize> {
        self.capacity
    }

    pub(crate) fn overflow_policy(&self) -> Overflow {
        self.overflow
    }

    pub(crate) fn open<A: Actor>(&self) -> (MailTx<Envelope<A::Msg>>, MailRx<Envelope<A::Msg>>) {
        let Some(capacity) = self.capacity else {
            let (tx, rx) = mpsc::unbounded_channel();
            return (MailTx::Unbounded(tx), MailRx::Unbounded(rx));
        };
        let evicted = |envelope: Envelope<A::Msg>| envelope.unsent::<A>(UnsentReason::Evicted);
        if self.overflow == Overflow::DropOldest {
            let builder = mpmc::Builder::new(capacity).overflow(self.overflow);
            let (tx, rx) = builder.on_drop(evicted).build();
            return (MailTx::DropOldest(tx), MailRx::DropOldest(rx));
        }
        let builder = mpsc::Builder::new(capacity);
        let (tx, rx) = match self.overflow {
            Overflow::Wait => builder.build(),
            Overflow::Spill => builder.spill(MemorySpill::new(self.spill_max)).build(),
            other => builder.overflow(other).on_drop(evicted).build(),
        };
        (MailTx::Bounded(tx), MailRx::Bounded(rx))
    }
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::bounded(64)
    }
}

/// Told what becomes of an ask's message.
pub(crate) trait Note: Send + Sync {
    /// The message was not taken. It comes back if the asker is gone.
    fn unsent(&self, message: Returned, why: UnsentReason) -> Result<(), Returned>;

    /// Whether there is no outcome yet.
    #[cfg(debug_assertions)]
    fn is_waiting(&self) -> bool;
}

/// A message in a mailbox. The note is an ask's.
pub(crate) struct Envelope<M> {
    pub(crate) message: M,
    pub(crate) note: Option<Thin<dyn Note>>,
}

impl<M: Send + 'static> Envelope<M> {
    #[inline(always)]
    pub(crate) fn tell(message: M) -> Self {
        Self {
            message,
            note: None,
        }
    }

    /// It will not be handled: the message goes to its asker, or else to the actor's type.
    pub(crate) fn unsent<A: Actor<Msg = M>>(self, why: UnsentReason) {
        let Some(note) = self.note else {
            return undelivered::<A>(self.message);
        };
        if let Err(returned) = note.into_arc().unsent(Box::new(self.message), why) {
            came_back::<A>(returned);
        }
    }
}

/// Hands on a message that will not be handled. A panic there is not the fault of who found that out: it may be anybody who
/// tells, or in the middle of another panic.
pub(crate) fn undelivered<A: Actor>(message: A::Msg) {
    ignore_panic(|| A::undelivered(message));
}

/// Hands on a message that came back and whose asker is gone.
pub(crate) fn came_back<A: Actor>(returned: Returned) {
    if let Ok(message) = returned.downcast::<A::Msg>() {
        undelivered::<A>(*message);
    }
}

pub(crate) enum MailTx<T> {
    Bounded(mpsc::Sender<T>),
    Unbounded(mpsc::UnboundedSender<T>),
    DropOldest(mpmc::Sender<T>),
}

impl<T> MailTx<T> {
    #[inline(always)]
    pub(crate) fn send(&self, value: T) -> Sending<'_, T> {
        match self {
            Self::Bounded(tx) => Sending::Waits {
                send: tx.send(value),
            },
            tx => Sending::Now {
                tx,
                value: Some(value),
            },
        }
    }

    #[inline]
    pub(crate) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        match self {
            Self::Bounded(tx) => tx.try_send(value),
            Self::Unbounded(tx) => tx.send(value).map_err(TrySendError::from),
            Self::DropOldest(tx) => tx.try_send(value),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::Bounded(tx) => tx.is_closed(),
            Self::Unbounded(tx) => tx.is_closed(),
            Self::DropOldest(tx) => tx.is_closed(),
        }
    }

    /// Whether a `try_send` of one more would find no room, as far as is known.
    pub(crate) fn is_full(&self) -> bool {
        match self {
            Self::Bounded(tx) => tx.capacity() == 0,
            Self::Unbounded(_) => false,
            Self::DropOldest(tx) => tx.capacity() == 0,
        }
    }

    /// How many senders there are.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Bounded(tx) => tx.strong_count(),
            Self::Unbounded(tx) => tx.strong_count(),
            Self::DropOldest(tx) => tx.strong_count(),
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        match self {
            Self::Bounded(tx) => tx.stats(),
            Self::Unbounded(tx) => tx.stats(),
            Self::DropOldest(tx) => tx.stats(),
        }
    }
}

impl<T> Clone for MailTx<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Bounded(tx) => Self::Bounded(tx.clone()),
            Self::Unbounded(tx) => Self::Unbounded(tx.clone()),
            Self::DropOldest(tx) => Self::DropOldest(tx.clone()),
        }
    }
}

pub(crate) enum MailRx<T> {
    Bounded(mpsc::Receiver<T>),
    Unbounded(mpsc::UnboundedReceiver<T>),
    DropOldest(mpmc::Receiver<T>),
}

impl<T> MailRx<T> {
    #[inline(always)]
    pub(crate) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        match self {
            Self::Bounded(rx) => rx.poll_recv(cx),
            Self::Unbounded(rx) => rx.poll_recv(cx),
            Self::DropOldest(rx) => rx.poll_recv(cx),
        }
    }

    /// Whoever polls it no more is to leave the line. What is promised there nobody else gets, and nothing is evicted for it.
    pub(crate) fn leave_line(&mut self) {
        if let Self::DropOldest(rx) = self {
            rx.abort_recv();
        }
    }

    /// It is not in line. `Disconnected` if it was closed, and nobody is promised room who may still come.
    pub(crate) fn try_recv(&mut self) -> Result<T, TryRecvError> {
        match self {
            Self::Bounded(rx) => rx.try_recv(),
            Self::Unbounded(rx) => rx.try_recv(),
            Self::DropOldest(rx) => rx.try_recv(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Bounded(rx) => rx.is_empty(),
            Self::Unbounded(rx) => rx.is_empty(),
            Self::DropOldest(rx) => rx.is_empty(),
        }
    }

    pub(crate) fn close(&mut self) {
        match self {
            Self::Bounded(rx) => rx.close(),
            Self::Unbounded(rx) => rx.close(),
            Self::DropOldest(rx) => rx.close(),
        }
    }
}

pin_project! {
    /// A send into a mailbox.
    #[project = SendingProject]
    pub(crate) enum Sending<'a, T> {
        Waits { #[pin] send: mpsc::SendFuture<'a, T> },
        // Into a mailbox for which nobody waits.
        Now { tx: &'a MailTx<T>, value: Option<T> },
    }
}

impl<T> Sending<'_, T> {
    /// Whether it has been in line, and may have sent by a promise.
    pub(crate) fn has_waited(&self) -> bool {
        match self {
            Self::Waits { send } => send.has_waited(),
            Self::Now { .. } => false,
        }
    }

    /// The message, if it was not sent. It is not polled again.
    pub(crate) fn take(self: Pin<&mut Self>) -> Option<T> {
        match self.project() {
            SendingProject::Waits { send } => send.take(),
            SendingProject::Now { value, .. } => value.take(),
        }
    }
}

impl<T> Future for Sending<'_, T> {
    /// The error has the message that was refused.
    type Output = Result<(), T>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), T>> {
        match self.project() {
            SendingProject::Waits { send } => send.poll(cx).map_err(|refused| refused.0),
            SendingProject::Now { tx, value } => {
                // It never waits, but others are to run.
                let coop = ready!(poll_proceed(cx));
                coop.made_progress();
                let value = value
                    .take()
                    .expect("a future that was ready is not polled again");
                Poll::Ready(tx.try_send(value).map_err(TrySendError::into_inner))
            }
        }
    }
}

impl<T> fmt::Debug for Sending<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
