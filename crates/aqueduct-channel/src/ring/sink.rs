//! A sender as a `Sink`, once for all kinds that stand on a ring.

use std::task::{Context, Poll, ready};

use super::send::{Waited, poll_line, poll_room};
use super::{Consumers, Refusal, SenderLine, SharedRing};
use crate::budget::Budget;
use crate::error::SendError;
use crate::overflow::Overflow;
use crate::place::Place;

/// A sender that keeps a ring open.
pub(crate) trait SendsIntoRing {
    type Message;
    type Receivers: Consumers;

    fn shared_ring(&self) -> &SharedRing<Self::Message, Self::Receivers>;
}

type Sinks<S> = SharedRing<<S as SendsIntoRing>::Message, <S as SendsIntoRing>::Receivers>;

/// A sender, with its place in line from one poll to the next.
pub(crate) struct RingSink<S: SendsIntoRing> {
    /// Nothing once the sink was closed.
    sender: Option<S>,
    /// A message that overflow left to wait for room.
    kept: Option<S::Message>,
    /// Whether room for one message is promised to this sink.
    promised: bool,
    place: Place<SenderLine<Sinks<S>>>,
    budget: Budget,
}

// Only the place is pinned, in its box.
impl<S: SendsIntoRing> Unpin for RingSink<S> {}

impl<S: SendsIntoRing> RingSink<S> {
    pub(crate) fn new(sender: S) -> Self {
        Self {
            sender: Some(sender),
            kept: None,
            promised: false,
            place: Place::new(),
            budget: Budget::default(),
        }
    }

    pub(crate) fn sender(&self) -> Option<&S> {
        self.sender.as_ref()
    }

    /// Gives up the place in line and the promise. Says whether there was one of the two.
    pub(crate) fn abort_send(&mut self) -> bool {
        let waited = self.place.give_up();
        let promised = std::mem::take(&mut self.promised);
        if let (true, Some(sender)) = (promised, &self.sender) {
            sender.shared_ring().unreserve(1);
        }
        waited || promised
    }

    pub(crate) fn into_inner(mut self) -> (Option<S>, Option<S::Message>) {
        self.abort_send();
        (self.sender.take(), self.kept.take())
    }

    pub(crate) fn poll_ready(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendError<Option<S::Message>>>> {
        ready!(self.poll_flush(cx))?;
        let in_line = self.place.is_waiting();
        let Some(sender) = &self.sender else {
            return Poll::Ready(Err(SendError(None)));
        };
        let ring = sender.shared_ring();
        if self.promised || ring.overflow_policy() != Overflow::Wait {
            return Poll::Ready(Ok(()));
        }
        ready!(self.budget.poll(cx));
        let at_once = if in_line {
            Err(Refusal::Full)
        } else {
            ring.reserve(1)
        };
        let waited = match at_once {
            Ok(()) => Waited::Promised,
            Err(Refusal::Closed) => Waited::Closed,
            Err(Refusal::Full) => {
                let place = self.place.get(|| SenderLine(ring.clone()));
                ready!(poll_room(place, ring, cx, 1, false, || None))
            }
        };
        self.budget.spend();
        match waited {
            Waited::Promised => {
                self.promised = true;
                Poll::Ready(Ok(()))
            }
            Waited::Sent | Waited::Closed => Poll::Ready(Err(SendError(None))),
        }
    }

    pub(crate) fn start_send(
        &mut self,
        value: S::Message,
    ) -> Result<(), SendError<Option<S::Message>>> {
        let Some(sender) = &self.sender else {
            return Err(SendError(Some(value)));
        };
        let ring = sender.shared_ring();
        if std::mem::take(&mut self.promised) {
            // SAFETY: I1: claimed just now, by the promise.
            unsafe { ring.write(ring.claim_owed(), value) };
            return Ok(());
        }
        let mut value = Some(value);
        match ring.attempt(&mut value) {
            Some(sent) => sent.map_err(|error| SendError(Some(error.0))),
            None if ring.overflow_policy() == Overflow::Reject => Err(SendError(value)),
            None => {
                self.kept = value;
                Ok(())
            }
        }
    }

    pub(crate) fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendError<Option<S::Message>>>> {
        let in_line = self.place.is_waiting();
        let (Some(sender), true) = (&self.sender, self.kept.is_some()) else {
            return Poll::Ready(Ok(()));
        };
        let ring = sender.shared_ring();
        ready!(self.budget.poll(cx));
        let at_once = if in_line {
            None
        } else {
            ring.attempt(&mut self.kept)
        };
        let sent = match at_once {
            Some(sent) => sent,
            None => {
                let place = self.place.get(|| SenderLine(ring.clone()));
                ready!(poll_line(place, ring, cx, &mut self.kept))
            }
        };
        self.budget.spend();
        Poll::Ready(sent.map_err(|error| SendError(Some(error.0))))
    }

    pub(crate) fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendError<Option<S::Message>>>> {
        ready!(self.poll_flush(cx))?;
        self.abort_send();
        self.place = Place::new();
        self.sender = None;
        Poll::Ready(Ok(()))
    }
}

impl<S: SendsIntoRing> Drop for RingSink<S> {
    fn drop(&mut self) {
        self.abort_send();
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
