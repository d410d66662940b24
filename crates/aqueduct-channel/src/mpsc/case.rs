//! The receivers, as cases of a `Select`.

use std::task::Context;

use super::{Receiver, UnboundedReceiver};
use crate::select::{Look, Sole};

impl<T> Sole for Receiver<T> {
    type Output = Option<T>;

    fn look(&mut self) -> Look<Option<T>> {
        Look::popped(self.rx.pop())
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<Option<T>> {
        Look::received(self.rx.poll_wait(cx, |rx| rx.pop().settled()))
    }
}

impl<T> Sole for UnboundedReceiver<T> {
    type Output = Option<T>;

    fn look(&mut self) -> Look<Option<T>> {
        self.rx.look()
    }

    fn join(&mut self, cx: &mut Context<'_>) -> Look<Option<T>> {
        self.rx.join(cx)
    }
}
