//! What a group's scope asks for, and how long the group waits then.

use std::task::Waker;
use std::time::Duration;

use aqueduct_cancel::{Reason, ReasonKind};
use aqueduct_core::rt::drives_timers;
use tokio::time::Instant;

use super::{Shared, Shell};
use crate::phase::{Asked, Patience};
use crate::policy::Policy;
use crate::signals::{FirstSignal, Listening};

impl<P: Policy + 'static> Shared<P> {
    /// What the scope asks for. Draining is nothing to a group that was given no time for it.
    pub(super) fn asked(&self) -> Asked {
        match self.options.patience.drain {
            _ if self.scope.is_cancelled() => Asked::Cancel,
            Some(_) if self.scope.is_draining() => Asked::Drain,
            _ => Asked::Nothing,
        }
    }

    pub(super) fn listen(&self, waker: &Waker) -> Listening {
        let first = match self.options.patience.drain {
            None => FirstSignal::Cancels,
            Some(_) => FirstSignal::Drains,
        };
        self.options.signals.listen(&self.scope, first, waker)
    }

    /// Cancels the group since the time to drain is over.
    pub(super) fn cancel_drained(&self) {
        let signal = self.shell.get().and_then(|shell| shell.signals.first());
        let reason = match signal {
            Some(signal) => Reason::new(ReasonKind::Signal, signal),
            None => Reason::new(ReasonKind::Deadline, "its group's time to drain is over"),
        };
        self.cancel_here(reason);
    }

    /// The times that the group was given, where its runtime tells time. Where none does, nobody would say that they are
    /// over. Then there is no grace, and who was aborted is waited for. To drain has no end by itself: it is the end that
    /// loses nothing, and who wants another cancels.
    ///
    /// A thread that goes away, and has lost its part of Tokio, cannot set an alarm either; there nothing is waited for.
    pub(super) fn patience(&self, asked: Asked) -> Patience {
        let given = self.options.patience;
        let drain = match self.shell.get().filter(|_| asked != Asked::Nothing) {
            None => return given,
            Some(shell) => match shell.enter() {
                Some(_entered) if drives_timers() => return given,
                Some(_entered) => given
                    .drain
                    .filter(Duration::is_zero)
                    .or(Some(Duration::MAX)),
                None => Some(Duration::ZERO),
            },
        };
        Patience {
            drain: given.drain.and(drain),
            grace: Duration::ZERO,
            linger: Duration::MAX,
        }
    }

    pub(super) fn now(&self) -> Instant {
        // The clock of the group's runtime, which may be a paused one.
        match self.shell.get().map(Shell::enter) {
            Some(Some(_)) | None => Instant::now(),
            Some(None) => Instant::from_std(std::time::Instant::now()),
        }
    }
}
