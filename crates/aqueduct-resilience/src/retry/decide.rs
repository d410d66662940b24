//! What comes after a try that failed: a pause, or the end.
//!
//! | | what ends it | since |
//! |---|---|---|
//! | 1 | the classifier says so | no limit matters for what would not be tried again |
//! | 2 | no tries are left | |
//! | 3 | the hint is longer than may be, and such are not shortened | to come earlier than one was asked to is no better later |
//! | 4 | the pause would end at the total limit or after it | a try at the limit has no time; to sleep for that is waste |
//! | 5 | the budget is empty | asked last, so that nothing is taken for a retry that something else forbids |
//!
//! A pause is the back-off's, or a hint that is longer, with its jitter. A service tells the same to all that it turns away
//! at a moment, and if they did as they are told they would all come back at one: so a random part of the hint is *added*.
//! Nothing is taken off, since that would be earlier than the service asked for. A hint that is shorter than the back-off
//! changes nothing: it may be 0 because a clock is ahead, and the back-off is spread by itself. No call ends for what is
//! added: that is at most half of the time that the hint leaves before the total limit, and the rest is for the try.
//!
//! The first four are decided here, by values alone; whether the budget is to be asked is part of the answer.

use std::num::NonZeroU32;
use std::time::Duration;

use super::error::RetryErrorKind;
use crate::backoff::scaled;

/// What is to be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Try again after the back-off.
    Retry,
    /// Try again after this time, for which the service asked, and not before the back-off has passed, either. A random
    /// part of it is added ([`with_hint_jitter`](crate::Retry::with_hint_jitter)). See
    /// [`parse_retry_after`](crate::parse_retry_after).
    RetryAfter(Duration),
    /// Try again, and take nothing from the budget: the try did not reach the service, as an open circuit, a full
    /// bulkhead or a limit on this side turned it away. It counts as a try all the same
    /// ([`with_tries_max`](crate::Retry::with_tries_max)). The pause is the longer of `after` and the back-off.
    RetryFree {
        /// After how long it is worth trying again, if that is known.
        after: Option<Duration>,
    },
    /// Give up: another try would fail as well, or do harm.
    Stop,
}

/// What bounds a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) tries_max: Option<NonZeroU32>,
    pub(crate) total_max: Option<Duration>,
    pub(crate) hint_max: Duration,
    pub(crate) hint_over_max: HintOverMax,
    /// The most that is added to a hint, as a part of it.
    pub(crate) hint_jitter: f64,
}

/// What is to be done when a [hint](Decision::RetryAfter) is longer than [it may be](crate::Retry::with_hint_max).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HintOverMax {
    /// Shorten it to the most, and try again then: *before* the time that the service asked for. A service that is
    /// confused keeps nobody away for long.
    #[default]
    Clamp,
    /// Give up at once, with [`RetryErrorKind::HintTooLong`]: for who must not come before the time, as a polite crawler,
    /// and for who has something better to do than to wait.
    GiveUp,
}

/// A try that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failed {
    /// How many there were, with this one.
    pub(crate) tries: u32,
    /// Since the call began.
    pub(crate) elapsed: Duration,
    pub(crate) decision: Decision,
    /// What the back-off would have.
    pub(crate) backoff: Duration,
    /// How much of the jitter a hint gets, from 0 to 1: drawn.
    pub(crate) jitter: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Sleep, and try again; if it `spends`, the budget has to allow it.
    Retry {
        delay: Duration,
        spends: bool,
    },
    End(RetryErrorKind),
}

#[must_use]
pub(crate) fn decide(limits: &Limits, failed: Failed) -> Step {
    let (hint, spends) = match failed.decision {
        Decision::Stop => return Step::End(RetryErrorKind::NotRetryable),
        Decision::Retry => (None, true),
        Decision::RetryAfter(hint) => (Some(hint), true),
        Decision::RetryFree { after } => (after, false),
    };
    if limits
        .tries_max
        .is_some_and(|max| failed.tries >= max.get())
    {
        return Step::End(RetryErrorKind::Exhausted);
    }
    let hint = hint.unwrap_or_default();
    if hint > limits.hint_max && limits.hint_over_max == HintOverMax::GiveUp {
        return Step::End(RetryErrorKind::HintTooLong);
    }
    let hint = hint.min(limits.hint_max);
    let left = limits
        .total_max
        .map(|max| max.saturating_sub(failed.elapsed));
    let jitter_max = scaled(hint, limits.hint_jitter);
    let jitter_max = match left {
        Some(left) => jitter_max.min(left.saturating_sub(hint) / 2),
        None => jitter_max,
    };
    let jitter = scaled(jitter_max, failed.jitter);
    let delay = hint.saturating_add(jitter).max(failed.backoff);
    if left.is_some_and(|left| delay >= left) {
        return Step::End(RetryErrorKind::TotalElapsed);
    }
    Step::Retry { delay, spends }
}

#[cfg(test)]
mod tests;
