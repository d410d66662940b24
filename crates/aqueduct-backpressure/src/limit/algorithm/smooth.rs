//! What algorithms remember of windows gone by.

use std::time::Duration;

/// An exponentially weighted mean, which begins as the plain mean of what came so far, so that the first value has no more
/// weight than the second.
#[derive(Clone, Debug)]
pub(super) struct Ema {
    weight: f64,
    value: f64,
    count: f64,
}

impl Ema {
    /// A mean in which a new value has this weight.
    pub(super) fn new(weight: f64) -> Self {
        Self {
            weight,
            value: 0.0,
            count: 0.0,
        }
    }

    /// A mean over about so many values.
    pub(super) fn over(values: u32) -> Self {
        Self::new(2.0 / (f64::from(values) + 1.0))
    }

    pub(super) fn add(&mut self, value: f64) -> f64 {
        self.count += 1.0;
        let weight = self.weight.max(1.0 / self.count);
        self.value += weight * (value - self.value);
        self.value
    }

    pub(super) fn value(&self) -> f64 {
        self.value
    }

    /// Makes it another value, with the weight that this one has.
    pub(super) fn scale(&mut self, factor: f64) {
        self.value *= factor;
    }
}

/// The latency of the service when nothing waits there, in seconds: the least seen, until it is too old.
///
/// ```text
///              not seen again for `every`               six windows later
///    Known ──────────────────────────────▶ Probing ────────────────────────▶ Known, as measured at the end
///      ▲ │       and `now` passes a multiple of it         the limit is lowered
///      └─┘ seen again: as low, or lower
/// ```
///
/// It is re-probed because a service may become slower for good. Forgetting it would do under a light load; under a
/// steady overload the next latency seen has a queue in it, and the baseline would creep up with the queue that it is meant
/// to measure. So the limit is lowered for some windows, until what waited is gone.
///
/// That is of use only if all who share the service do so at the same time: one of four that lowers its limit finds the
/// queue of the three others, and takes it for the service. So a probe begins when the time passes a multiple of `every`,
/// and the time of a limiter is that of the day: clients probe together without talking. (BBR's flows fall into step for the
/// same reason by another way: Cardwell et al., "BBR: Congestion-Based Congestion Control", ACM Queue 14, 2016.)
#[derive(Clone, Debug)]
pub(super) struct Baseline {
    every: Duration,
    /// Smoothed, so that the least is not that of the luckiest window.
    rtt: Ema,
    value: Option<f64>,
    seen_at: Duration,
    /// Which multiple of `every` has passed last.
    turn: u128,
    probe: Option<Probe>,
}

#[derive(Clone, Debug)]
struct Probe {
    windows: u32,
    limit_before: f64,
    kept: f64,
    sum: f64,
}

/// What the limit is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Probing {
    /// Nothing of the sort: the baseline is this.
    Not(f64),
    /// Stay low: what waits in the service is to drain.
    Drain(f64),
    /// Go back to what it was; the baseline is measured.
    Over(f64),
}

/// Seeing a latency this much above the baseline is seeing it again.
const AGAIN: f64 = 1.05;

/// At least this part of the limit is kept while probing.
const KEPT_MIN: f64 = 0.3;

/// A probe raises the baseline by no more than this. It may have found the queue of others, who did not probe.
const RISE_MAX: f64 = 1.25;

/// So many windows of a probe see what waited drain.
const DRAIN: u32 = 2;

/// So many measure.
const MEASURE: u32 = 4;

impl Baseline {
    pub(super) fn new(every: Duration) -> Self {
        Self {
            every,
            rtt: Ema::new(0.25),
            value: None,
            seen_at: Duration::ZERO,
            turn: 0,
            probe: None,
        }
    }

    /// Shows it the latency of a window that ended at `now`.
    pub(super) fn see(&mut self, now: Duration, rtt: f64, limit: f64) -> Probing {
        let turn = now.as_nanos() / self.every.as_nanos();
        let turned = std::mem::replace(&mut self.turn, turn) != turn;
        let Some(value) = self.value else {
            self.value = Some(self.rtt.add(rtt));
            self.seen_at = now;
            return Probing::Not(rtt);
        };
        if self.probe.is_some() {
            return self.probe(now, rtt, limit, value);
        }
        let smoothed = self.rtt.add(rtt);
        if smoothed <= value * AGAIN {
            self.seen_at = now;
            self.value = Some(value.min(smoothed));
        } else if turned && now.saturating_sub(self.seen_at) >= self.every / 2 {
            // By Little's law, what is in flight without a queue; and some less, to be sure.
            let kept = limit * (0.9 * value / smoothed).max(KEPT_MIN);
            self.probe = Some(Probe {
                windows: 0,
                limit_before: limit,
                kept,
                sum: 0.0,
            });
            return Probing::Drain(kept);
        }
        Probing::Not(value.min(smoothed))
    }

    /// The limit was lowered from one to the other for failures. A probe under way goes back to as much less than it would
    /// have.
    pub(super) fn lowered(&mut self, from: f64, to: f64) {
        if let Some(probe) = &mut self.probe {
            probe.limit_before *= (to / from).clamp(0.0, 1.0);
        }
    }

    /// The limit is another now: there is nothing to go back to. The next turn probes anew.
    pub(super) fn abandon(&mut self) {
        self.probe = None;
    }

    fn probe(&mut self, now: Duration, rtt: f64, limit: f64, value: f64) -> Probing {
        let Some(probe) = &mut self.probe else {
            return Probing::Not(value);
        };
        probe.windows += 1;
        if probe.windows > DRAIN {
            probe.sum += rtt;
        }
        if probe.windows < DRAIN + MEASURE {
            return Probing::Drain(limit.min(probe.kept));
        }
        let measured = probe.sum / f64::from(MEASURE);
        let before = probe.limit_before.max(limit);
        self.probe = None;
        self.rtt = Ema::new(0.25);
        self.value = Some(measured.min(value * RISE_MAX));
        self.seen_at = now;
        Probing::Over(before)
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
