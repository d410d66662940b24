//! How a group ends: ask, wait, abort, wait, give up. Phases go forward only.
//!
//! ```text
//!            cancelled            grace over                     linger over
//!  Running ────────────▶ Grace ─────────────▶ Aborted ──────────────────────▶ GivenUp
//!      └──────── cancelled with no grace, or the owner is dropped ──▲
//! ```
//!
//! [`Phase::advance`] decides, and knows neither clock nor runtime: the shell tells it the time, aborts, and sets the
//! alarm it asks for.

use std::time::Duration;

use tokio::time::Instant;

use crate::tree::GroupPhase;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Running,
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
    Abort,
    GiveUp,
}

/// The times that a group was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) grace: Duration,
    pub(crate) linger: Duration,
}

impl Phase {
    /// Goes one step on, if it is time to; to be asked again after [`Act::Abort`].
    pub(crate) fn advance(&mut self, now: Instant, cancelled: bool, patience: Patience) -> Act {
        match *self {
            Self::Running if !cancelled => Act::Nothing,
            Self::Running if patience.grace.is_zero() => self.abort(now, patience),
            Self::Running => {
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
            Self::Grace { until } | Self::Aborted { until } => until,
            Self::Running | Self::GivenUp => None,
        }
    }

    /// Aborts at once, unless that was done.
    pub(crate) fn abort(&mut self, now: Instant, patience: Patience) -> Act {
        match self {
            Self::Running | Self::Grace { .. } => {
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
