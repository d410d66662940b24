//! The receivers of an unbounded channel, as cases of a `Select`.

use std::task::Context;

use aqueduct_core::sync::Arc;
use aqueduct_core::wait_queue::WaitQueue;

use super::shared::poll_line;
use super::{Chan, Line, SoleRx};
use crate::place::Place;
use crate::select::{Join, Look, Sole};

impl<T> Sole for SoleRx<T> {
    type Output = Option<T>;

    fn look(&mut self) -> Look<Option<T>> {
        Look::popped(self.pop())
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<Option<T>> {
        Look::received(self.poll_wait(cx, |rx| rx.pop().settled()))
    }
}

/// A place in the receivers' line.
pub(crate) struct RecvLine<T> {
    place: Place<Line<T>>,
    chan: Arc<Chan<T, WaitQueue<()>>>,
}

impl<T> RecvLine<T> {
    pub(crate) fn new(chan: &Arc<Chan<T, WaitQueue<()>>>) -> Self {
        Self {
            place: Place::new(),
            chan: chan.clone(),
        }
    }
}

impl<T> Join for RecvLine<T> {
    type Output = Option<T>;
    const SHARED: bool = true;

    fn look(&mut self, cx: &mut Context<'_>) -> Look<Option<T>> {
        if self.place.is_waiting() {
            return self.join(cx);
        }
        Look::popped(self.chan.list.pop())
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<Option<T>> {
        let place = self.place.get(|| Line(self.chan.clone()));
        Look::received(poll_line(place, cx, &self.chan))
    }

    fn stand_back(&mut self) -> bool {
        self.place.give_up()
    }
}
