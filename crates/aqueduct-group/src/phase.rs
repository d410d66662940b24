//! How a group ends: ask, wait, abort, wait, give up. Phases go forward only.
//!
//! ```text
//!            cancelled            grace over                     linger over
//!  Running ────────────▶ Grace ─────────────▶ Aborted ──────────────────────▶ GivenUp
//!   │  └──────── cancelled with no grace, or the owner is dropped ──▲
//!   │                      ▲
//!   └ drains ─▶ Draining ──┘ cancelled, by others or since the time to drain is over
//! ```
//!
//! Draining is a phase of groups that were given a time for it. Of others it is no business: nothing follows from it.
//!
//! [`Phase::advance`] decides, and knows neither clock nor runtime: the shell tells it the time, cancels, aborts, and sets
//! the alarm it asks for.

use std::time::Duration;

use tokio::time::Instant;

use crate::tree::GroupPhase;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Running,
    /// Members finish what they have, and may take until then.
    Draining {
        until: Option<Instant>,
    },
    /// Members have been asked to stop, and may take until then.
    Grace {
        until: Option<Instant>,
    },
    /// Members have been aborted; those that do not stop are waited for until then.
    Aborted {
        until: Option<Instant>,
    },
    /// Some did not stop.
    GivenUp,
}

/// What is to be done.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Nothing,
    /// Come again at this moment.
    WakeAt(Instant),
    Cancel,
    Abort,
    GiveUp,
}

/// What the group's scope asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Nothing,
    Drain,
    Cancel,
}

/// The times that a group was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// None if it does not end by draining.
    pub(crate) drain: Option<Duration>,
    pub(crate) grace: Duration,
    pub(crate) linger: Duration,
}

impl Phase {
    /// Goes one step on, if it is time to; to be asked again after [`Act::Cancel`] and [`Act::Abort`].
    pub(crate) fn advance(&mut self, now: Instant, asked: Asked, patience: Patience) -> Act {
        match *self {
            Self::Running if asked == Asked::Nothing => Act::Nothing,
            Self::Running if asked == Asked::Drain => {
                let Some(drain) = patience.drain else {
                    return Act::Nothing;
                };
                let until = now.checked_add(drain);
                *self = Self::Draining { until };
                match drain.is_zero() {
                    true => Act::Cancel,
                    false => wake_at(until),
                }
            }
            Self::Draining { until } if asked != Asked::Cancel => match until {
                Some(until) if until <= now => Act::Cancel,
                _ => wake_at(until),
            },
            Self::Running | Self::Draining { .. } if patience.grace.is_zero() => {
                self.abort(now, patience)
            }
            Self::Running | Self::Draining { .. } => {
                // A grace that the clock cannot express has no end.
                let until = now.checked_add(patience.grace);
                *self = Self::Grace { until };
                wake_at(until)
            }
            Self::Grace { until } if until.is_some_and(|until| until <= now) => {
                self.abort(now, patience)
            }
            Self::Aborted { until } if until.is_some_and(|until| until <= now) => {
                *self = Self::GivenUp;
                Act::GiveUp
            }
            Self::Grace { until } | Self::Aborted { until } => wake_at(until),
            Self::GivenUp => Act::Nothing,
        }
    }

    /// The moment at which it ends by itself.
    pub(crate) fn until(self) -> Option<Instant> {
        match self {
            Self::Draining { until } | Self::Grace { until } | Self::Aborted { until } => until,
            Self::Running | Self::GivenUp => None,
        }
    }

    /// Aborts at once, unless that was done.
    pub(crate) fn abort(&mut self, now: Instant, patience: Patience) -> Act {
        match self {
            Self::Running | Self::Draining { .. } | Self::Grace { .. } => {
                *self = Self::Aborted {
                    until: now.checked_add(patience.linger),
                };
                Act::Abort
            }
            Self::Aborted { .. } | Self::GivenUp => Act::Nothing,
        }
    }
}

impl From<Phase> for GroupPhase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Running => Self::Running,
            Phase::Draining { .. } => Self::Draining,
            Phase::Grace { .. } => Self::Grace,
            Phase::Aborted { .. } => Self::Aborted,
            Phase::GivenUp => Self::GivenUp,
        }
    }
}

fn wake_at(until: Option<Instant>) -> Act {
    until.map_or(Act::Nothing, Act::WakeAt)
}

#[cfg(test)]
mod tests;
