//! A ring's lines, as cases of a `Select`.

use std::task::{Context, Poll};

use aqueduct_core::sync::spin_loop;

use super::recv::InLine;
use super::send::{Waited, poll_room};
use super::{Consumers, Many, Permit, Pop, ReceiverLine, Refusal, Ring, SenderLine, SharedRing};
use crate::error::SendError;
use crate::place::Place;
use crate::select::{Join, Look};

/// A place in the receivers' line.
pub(crate) struct RecvLine<T> {
    place: Place<ReceiverLine<SharedRing<T, Many>>>,
    ring: SharedRing<T, Many>,
}

impl<T> RecvLine<T> {
    pub(crate) fn new(ring: &SharedRing<T, Many>) -> Self {
        Self {
            place: Place::new(),
            ring: ring.clone(),
        }
    }
}

impl<T> Join for RecvLine<T> {
    type Output = Option<T>;
    const SHARED: bool = true;

    fn look(&mut self, cx: &mut Context<'_>) -> Look<Option<T>> {
        if self.place.is_waiting() {
            // What it was promised is here.
            return self.join(cx);
        }
        let pop = self.ring.pop_ready(|_| spin_loop()).map(Pop::Value);
        Look::popped(pop.unwrap_or_else(|| self.ring.pop()))
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<Option<T>> {
        let place = self.place.get(|| ReceiverLine(self.ring.clone()));
        Look::received(place.poll_line(&self.ring, cx))
    }

    fn stand_back(&mut self) -> bool {
        self.place.give_up()
    }
}

/// A place in the senders' line, for one message.
pub(crate) struct RoomLine<'a, T, C: Consumers> {
    place: Place<SenderLine<&'a Ring<T, C>>>,
    ring: &'a Ring<T, C>,
}

impl<'a, T, C: Consumers> RoomLine<'a, T, C> {
    pub(crate) fn new(ring: &'a Ring<T, C>) -> Self {
        Self {
            place: Place::new(),
            ring,
        }
    }

    fn found(&self, room: Waited) -> Look<Result<Permit<'a, T>, SendError<()>>> {
        match room {
            Waited::Promised => Look::Ready(Ok(Permit::new(self.ring))),
            Waited::Closed | Waited::Sent => Look::Last(Err(SendError(()))),
        }
    }
}

impl<'a, T, C: Consumers> Join for RoomLine<'a, T, C> {
    type Output = Result<Permit<'a, T>, SendError<()>>;
    const SHARED: bool = true;

    fn look(&mut self, cx: &mut Context<'_>) -> Look<Self::Output> {
        if self.place.is_waiting() {
            return self.join(cx);
        }
        match self.ring.reserve(1) {
            Ok(()) => self.found(Waited::Promised),
            Err(Refusal::Closed) => self.found(Waited::Closed),
            Err(Refusal::Full) => Look::Nothing,
        }
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<Self::Output> {
        let place = self.place.get(|| SenderLine(self.ring));
        match poll_room(place, self.ring, cx, 1, false, || None) {
            Poll::Ready(room) => self.found(room),
            Poll::Pending => Look::Nothing,
        }
    }

    fn stand_back(&mut self) -> bool {
        self.place.give_up()
    }
}
