//! Actors that stop when a cancel scope says so.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use aqueduct_cancel::{CancelScope, UntilCancelled};
use aqueduct_supervision::exit::Exit;

use crate::actor::Actor;
use crate::control::To;
use crate::shared::Shared;

/// Has the present incarnation of an actor stop, by the exit that is then asked for, when a scope is cancelled, until what is
/// returned is dropped. Who cancels may come to it late, when there is another one: that goes on.
///
/// The wait is polled once, with a waker that does it: so the actor's own polls have nothing to do with it.
pub(crate) fn stop_with_scope<A: Actor>(
    shared: &Arc<Shared<A>>,
    scope: &CancelScope,
    exit: impl Fn() -> Exit + Send + Sync + 'static,
) -> UntilCancelled<'static> {
    let mut cancelled = scope.cancelled_owned();
    let stop = Arc::new(StopOnWake {
        shared: shared.clone(),
        turn: shared.control.turn(),
        exit,
    });
    let waker = Waker::from(stop.clone());
    let cancelled_before = Pin::new(&mut cancelled).poll(&mut Context::from_waker(&waker));
    if cancelled_before.is_ready() {
        stop.stop();
    }
    cancelled
}

struct StopOnWake<A: Actor, F> {
    shared: Arc<Shared<A>>,
    turn: u32,
    exit: F,
}

impl<A: Actor, F: Fn() -> Exit> StopOnWake<A, F> {
    fn stop(&self) {
        self.shared.stop((self.exit)(), To::Child(self.turn));
    }
}

impl<A: Actor, F: Fn() -> Exit + Send + Sync + 'static> Wake for StopOnWake<A, F> {
    fn wake(self: Arc<Self>) {
        self.stop();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.stop();
    }
}

#[cfg(test)]
mod tests;
