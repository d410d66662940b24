//! A seat in a rendezvous, as a case of a `Select`.

use std::task::Context;

use aqueduct_core::sync::Arc;

use super::line::Key;
use super::shared::Shared;
use crate::select::{Join, Look};

/// A place in the receivers' line.
pub(crate) struct SeatLine<T> {
    place: Option<Key>,
    shared: Arc<Shared<T>>,
}

impl<T> SeatLine<T> {
    pub(super) fn new(shared: &Arc<Shared<T>>) -> Self {
        Self {
            place: None,
            shared: shared.clone(),
        }
    }
}

impl<T> Join for SeatLine<T> {
    type Output = Option<T>;
    const SHARED: bool = true;

    fn look(&mut self, cx: &mut Context<'_>) -> Look<Option<T>> {
        if self.place.is_some() {
            return self.join(cx);
        }
        Look::popped(self.shared.try_recv())
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<Option<T>> {
        Look::received(self.shared.poll_recv(&mut self.place, cx.waker()))
    }

    fn stand_back(&mut self) -> bool {
        match self.place.take() {
            Some(key) => {
                self.shared.leave_seat(key);
                true
            }
            None => false,
        }
    }
}

impl<T> Drop for SeatLine<T> {
    fn drop(&mut self) {
        self.stand_back();
    }
}
