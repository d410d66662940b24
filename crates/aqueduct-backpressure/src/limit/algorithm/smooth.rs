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
///              not seen again for `every`           `drain` windows later
///    Known ──────────────────────────────▶ Probing ────────────────────────▶ Known, as measured at the end
///      ▲ │                                    the limit is lowered
///      └─┘ seen again: as low, or lower
/// ```
///
/// It is re-probed because a service may become slower for good. Forgetting it would do under a light load; under a
/// steady overload the next latency seen has a queue in it, and the baseline would creep up with the queue that it is meant
/// to measure. So the limit is lowered for some windows, until what waited is gone.
///
/// Clients that share a service probe together, without talking: the first to lower its limit lets all the others see the
/// low latency, which puts their own probes off to the same moment. (The idea is that of BBR's ProbeRTT, Cardwell et al.,
/// "BBR: Congestion-Based Congestion Control", ACM Queue 14, 2016.)
#[derive(Clone, Debug)]
pub(super) struct Baseline {
    every: Duration,
    drain: u32,
    value: Option<f64>,
    seen_at: Duration,
    probe: Option<Probe>,
}

#[derive(Clone, Debug)]
struct Probe {
    left: u32,
    limit_before: f64,
    kept: f64,
    least: f64,
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

/// Seeing a latency this much above the baseline is seeing it again: medians of a window are no more exact.
const AGAIN: f64 = 1.05;

/// At least this part of the limit is kept while probing.
const KEPT_MIN: f64 = 0.3;

/// A probe raises the baseline by no more than this. It may have found the queue of others, who did not probe.
const RISE_MAX: f64 = 1.1;

impl Baseline {
    pub(super) fn new(every: Duration, drain: u32) -> Self {
        Self {
            every,
            drain,
            value: None,
            seen_at: Duration::ZERO,
            probe: None,
        }
    }

    /// Shows it the latency of a window that ended at `now`.
    pub(super) fn see(&mut self, now: Duration, rtt: f64, limit: f64) -> Probing {
        let value = *self.value.get_or_insert(rtt);
        if let Some(probe) = &mut self.probe {
            probe.least = probe.least.min(rtt);
            probe.left = probe.left.saturating_sub(1);
            if probe.left > 0 {
                return Probing::Drain(limit.min(probe.kept));
            }
            let probe = self.probe.take().expect("it is here");
            self.value = Some(probe.least.min(value * RISE_MAX));
            self.seen_at = now;
            return Probing::Over(probe.limit_before);
        }
        if rtt <= value * AGAIN || self.seen_at.is_zero() {
            self.seen_at = now;
            self.value = Some(value.min(rtt));
        } else if now.saturating_sub(self.seen_at) >= self.every {
            // By Little's law, what is in flight without a queue; and some less, to be sure.
            let kept = limit * (0.9 * value / rtt).max(KEPT_MIN);
            self.probe = Some(Probe {
                left: self.drain.max(1),
                limit_before: limit,
                kept,
                least: f64::INFINITY,
            });
            return Probing::Drain(kept);
        }
        Probing::Not(value.min(rtt))
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
