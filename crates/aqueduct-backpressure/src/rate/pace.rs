//! The decision: a pure function of the theoretical arrival time, the pace and the moment.
//!
//! Times are *units*, eighths of a nanosecond since a limiter's start, so that intervals that are no whole number of
//! nanoseconds lose little. Intervals are rounded up, which is what R1 asks for; the cost of `n` permits is `n` times the
//! interval and not a rounding of its own, or else `b` single permits would cost more than the burst of `b` holds (R2).

use std::time::Duration;

#[cfg(not(aqueduct_loom))]
use aqueduct_core::rt::Epoch;
#[cfg(not(aqueduct_loom))]
use tokio::time::Instant;

/// Units in a nanosecond.
const UNITS: u64 = 8;

/// The last moment up to which a rate can be used: 36 years in units. 63 bits, since the word has one for something else.
pub(super) const END: u64 = u64::MAX >> 1;

/// Ten years, and what remains of the 36 then is for moments.
const SPAN_MAX: u64 = 10 * 366 * 24 * 3600 * 1_000_000_000 * UNITS;

/// The last moment at which something is decided, so that no decision reaches beyond the end. 26 years.
pub(super) const NOW_MAX: u64 = (END - SPAN_MAX) / UNITS * UNITS;

/// A quota, as the decision needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// Units from one permit to the next.
    pub(super) interval: u64,
    pub(super) burst: u32,
    /// How far what was admitted may lie ahead of the moment: the burst, as time.
    pub(super) span: u64,
}

/// Why permits are not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// So many units too early.
    TooSoon(u64),
    /// More than the burst, which is this.
    TooMany(u32),
}

impl Pace {
    pub(super) const fn new(permits: u32, period: Duration, burst: u32) -> Self {
        let units = period.as_nanos().saturating_mul(UNITS as u128);
        let interval = units.div_ceil(permits as u128);
        let interval = if interval > END as u128 {
            END
        } else {
            interval as u64
        };
        Self {
            interval,
            burst,
            span: interval.saturating_mul(burst as u64),
        }
    }

    pub(super) const fn is_in_range(self) -> bool {
        self.span <= SPAN_MAX
    }

    pub(super) const fn interval_nanos(self) -> u64 {
        self.interval.div_ceil(UNITS)
    }

    #[inline]
    pub(super) const fn cost(self, permits: u64) -> u64 {
        self.interval.saturating_mul(permits)
    }

    /// The theoretical arrival time after `n` permits more, if they may be had now. `now` is no later than [`NOW_MAX`].
    #[inline(always)]
    pub(super) fn decide(self, tat: u64, now: u64, n: u32) -> Option<u64> {
        let ahead = tat.saturating_sub(now);
        let room = self.span.checked_sub(ahead)?;
        // Saturated only by a pace of two halves (see the parent's word), or for more than the burst.
        let cost = self.cost(n.into());
        (cost <= room && n <= self.burst).then(|| now + ahead + cost)
    }

    /// Why it is none.
    pub(super) fn denied(self, tat: u64, now: u64, n: u32) -> Denied {
        if n > self.burst {
            return Denied::TooMany(self.burst);
        }
        let ahead = tat.saturating_sub(now).saturating_add(self.cost(n.into()));
        Denied::TooSoon(ahead.saturating_sub(self.span).max(1))
    }

    /// How long until `n` permits more, which may be more than a burst, have become free one after another. None is
    /// free sooner than in one unit: it is asked after a denial.
    pub(super) fn delay(self, tat: u64, now: u64, n: u64) -> u64 {
        let ahead = (tat.max(now) - now).saturating_add(self.cost(n));
        ahead.saturating_sub(self.span).clamp(1, END)
    }

    /// How many permits are there at once.
    pub(super) fn available(self, tat: u64, now: u64) -> u32 {
        let used = tat.saturating_sub(now).div_ceil(self.interval);
        u64::from(self.burst).saturating_sub(used) as u32
    }

    /// The theoretical arrival time at this pace that stands for as many permits used as `tat` does at the pace `old`,
    /// rounded up, and for no more than the burst (R5): a thousand permits used in a second are days at ten an hour, and
    /// nobody is to be shut out for what was allowed when they were taken.
    ///
    /// Where none is used it stays as it is. Were it moved on to `now`, who asks for a moment before that would find it
    /// ahead, as if somebody had used it.
    pub(super) fn carry_over(self, old: Pace, tat: u64, now: u64) -> u64 {
        if tat <= now {
            return tat;
        }
        let ahead = u128::from(tat.saturating_sub(now));
        let scaled = (ahead * u128::from(self.interval)).div_ceil(u128::from(old.interval));
        let scaled = u64::try_from(scaled).unwrap_or(END);
        now.saturating_add(scaled.min(self.span)).min(END)
    }
}

/// So many nanoseconds since the start, as a moment. After [`NOW_MAX`] time stands still, and the limiter admits no more
/// than it holds.
pub(super) fn units(nanos: u64) -> u64 {
    nanos.min(NOW_MAX / UNITS) * UNITS
}

/// A moment of the clock, as one of a limit that has begun then.
#[cfg(not(aqueduct_loom))]
#[inline(always)]
pub(super) fn units_at(epoch: &Epoch, now: Instant) -> u64 {
    const { assert!(Epoch::NEAR <= NOW_MAX / UNITS) };
    match epoch.nanos_near(now) {
        Some(nanos) => nanos * UNITS,
        None => units(epoch.nanos_far(now)),
    }
}

/// The least whole number of nanoseconds that is no shorter.
pub(super) fn duration(units: u64) -> Duration {
    Duration::from_nanos(units.div_ceil(UNITS))
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
