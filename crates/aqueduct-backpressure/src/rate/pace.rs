//! The decision: a pure function of the theoretical arrival time, the pace and the moment.
//!
//! Times are *units*, eighths of a nanosecond since a limiter's start, so that intervals that are no whole number of
//! nanoseconds lose little. Intervals are rounded up, which is what R1 asks for; the cost of `n` permits is `n` times the
//! interval and not a rounding of its own, or else `b` single permits would cost more than the burst of `b` holds (R2).

use std::time::Duration;

/// Units in a nanosecond.
const UNITS: u64 = 8;

/// The last moment that there is: 36 years in units. 63 bits, since the word has one for something else.
pub(super) const END: u64 = u64::MAX >> 1;

/// Ten years, and what remains of the 36 then is for moments.
const SPAN_MAX: u64 = 10 * 366 * 24 * 3600 * 1_000_000_000 * UNITS;

/// A quota, as the decision needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// Units from one permit to the next.
    pub(super) interval: u64,
    pub(super) burst: u32,
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
        Self {
            interval: if interval > END as u128 {
                END
            } else {
                interval as u64
            },
            burst,
        }
    }

    pub(super) const fn is_in_range(self) -> bool {
        self.span() <= SPAN_MAX
    }

    pub(super) const fn interval_nanos(self) -> u64 {
        self.interval.div_ceil(UNITS)
    }

    /// How far what was admitted may lie ahead of the moment.
    #[inline]
    pub(super) const fn span(self) -> u64 {
        self.cost(self.burst as u64)
    }

    #[inline]
    pub(super) const fn cost(self, permits: u64) -> u64 {
        self.interval.saturating_mul(permits)
    }

    /// The theoretical arrival time after `n` permits more, if they may be had now.
    #[inline]
    pub(super) fn decide(self, tat: u64, now: u64, n: u32) -> Result<u64, Denied> {
        if n > self.burst {
            return Err(Denied::TooMany(self.burst));
        }
        // Saturated only by a pace of two halves (see the parent's word), which then is denied.
        let end = tat.max(now).saturating_add(self.cost(n.into()));
        let ahead = end - now;
        let span = self.span();
        if ahead > span || end > END {
            return Err(Denied::TooSoon(ahead.saturating_sub(span).max(1)));
        }
        Ok(end)
    }

    /// How long until `n` permits more, which may be more than a burst, have become free one after another. None is
    /// free sooner than in one unit: it is asked after a denial.
    pub(super) fn delay(self, tat: u64, now: u64, n: u64) -> u64 {
        let ahead = (tat.max(now) - now).saturating_add(self.cost(n));
        ahead.saturating_sub(self.span()).clamp(1, END)
    }

    /// How many permits are there at once.
    pub(super) fn available(self, tat: u64, now: u64) -> u32 {
        let used = tat.saturating_sub(now).div_ceil(self.interval);
        u64::from(self.burst).saturating_sub(used) as u32
    }

    /// The theoretical arrival time at this pace that stands for as many permits used as `tat` does at the pace `old`,
    /// rounded up, and for no more than the burst (R5): a thousand permits used in a second are days at ten an hour, and
    /// nobody is to be shut out for what was allowed when they were taken.
    pub(super) fn carry_over(self, old: Pace, tat: u64, now: u64) -> u64 {
        let ahead = u128::from(tat.saturating_sub(now));
        let scaled = (ahead * u128::from(self.interval)).div_ceil(u128::from(old.interval));
        let scaled = u64::try_from(scaled).unwrap_or(END);
        now.saturating_add(scaled.min(self.span())).min(END)
    }
}

/// So long since the start, as a moment. After [`END`] time stands still, and the limiter admits no more than it holds.
#[inline]
pub(super) fn units(since_start: Duration) -> u64 {
    let nanos = since_start
        .as_secs()
        .saturating_mul(1_000_000_000)
        .saturating_add(since_start.subsec_nanos().into());
    nanos.saturating_mul(UNITS).min(END)
}

/// The least whole number of nanoseconds that is no shorter.
pub(super) fn duration(units: u64) -> Duration {
    Duration::from_nanos(units.div_ceil(UNITS))
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
