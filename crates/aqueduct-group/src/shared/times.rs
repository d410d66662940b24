//! What a group's scope asks for, and for how long it waits: the times that it was given, and those it has from the groups
//! around it.

use std::task::Waker;
use std::time::Duration;

use aqueduct_cancel::{Reason, ReasonKind};
use aqueduct_core::rt::drives_timers;
use tokio::time::Instant;

use super::{Shared, Shell};
use crate::phase::{Asked, Patience, Phase};
use crate::policy::Policy;
use crate::signals::{FirstSignal, Listening};

impl<P: Policy + 'static> Shared<P> {
    /// What the scope asks for. Draining is nothing to a group that was given no time for it.
    pub(super) fn asked(&self) -> Asked {
        match self.options.drain {
            _ if self.scope.is_cancelled() => Asked::Cancel,
            Some(_) if self.scope.is_draining() => Asked::Drain,
            _ => Asked::Nothing,
        }
    }

    pub(super) fn listen(&self, waker: &Waker) -> Listening {
        let first = match self.options.drain {
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

    /// The group's own, or what is left of that around it.
    fn grace(&self, asked: Asked) -> Duration {
        match (self.options.grace, &self.outward) {
            (Some(grace), _) => grace,
            (None, Some(outward)) if asked == Asked::Cancel && self.options.follows_outer() => {
                outward.grace_left()
            }
            _ => Duration::ZERO,
        }
    }

    /// See [`Enclosing::grace_left`](crate::enclosing::Enclosing::grace_left). It may not have learnt yet that it was
    /// cancelled, as a scope tells those below first or last: then its grace begins now.
    pub(super) fn grace_left_here(&self) -> Option<Duration> {
        if !self.scope.is_cancelled() {
            // Who asks was cancelled by itself.
            return Some(Duration::ZERO);
        }
        let phase = self.ending.lock().phase;
        match phase {
            Phase::Running | Phase::Draining { .. } => match self.options.follows_outer() {
                true => self.options.grace,
                false => Some(self.options.grace.unwrap_or_default()),
            },
            Phase::Grace { until } => {
                let left = |until: Instant| until.saturating_duration_since(self.now());
                Some(until.map_or(Duration::MAX, left))
            }
            Phase::Aborted { .. } | Phase::GivenUp => Some(Duration::ZERO),
        }
    }

    /// The times that the group was given, where its runtime tells time. Where none does, nobody would say that the grace
    /// is over: there is none; nor when to give tasks up that were aborted: they are waited for.
    pub(super) fn patience(&self, asked: Asked) -> Patience {
        let tells_time = match self.shell.get() {
            Some(shell) if asked != Asked::Nothing => shell.enter().is_some() && drives_timers(),
            _ => true,
        };
        let drain = self.options.drain;
        match tells_time {
            true => Patience {
                drain,
                grace: self.grace(asked),
                linger: self.options.linger,
            },
            false => Patience {
                drain: drain.map(|_| Duration::ZERO),
                grace: Duration::ZERO,
                linger: Duration::MAX,
            },
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
