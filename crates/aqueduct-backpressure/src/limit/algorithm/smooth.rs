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
///              not seen again for half of `every`, and
///              `now` passes a multiple of it, or others probe         six windows later
///    Known ────────────────────────────────────────────▶ Probing ─────────────────────▶ Known, as measured at the end
///      ▲ │                                                     the limit is lowered
///      └─┘ seen again: as low, or lower; or believed
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
///
/// # Clocks that differ
///
/// One that probes makes latency dip, for all. Whoever sees a dip that it did not make, and is to probe soon anyway, takes it
/// for a call, and probes now. So those whose clocks differ still probe together, if there are few enough of them for the dip
/// of one to be seen: four are, and twenty would not be. A dip by chance costs a probe, at half of `every` at most.
///
/// # When there is nothing to probe for
///
/// A limit that is not in use makes no queue, so lowering it would show nothing, and reject the next burst. A baseline that has
/// not been seen for long then is the latency of a lucky moment: it rises to what is usual, by a tenth at most each time.
///
/// # Slow services
///
/// A probe lasts six windows, and a window no less than a round trip. So that it is a tenth of the time and no more, a slow
/// service is probed at each second multiple of `every`, or each fourth, and so on: always at a multiple at which those probe,
/// too, who take it for a quicker one.
#[derive(Clone, Debug)]
pub(super) struct Baseline {
    every: Duration,
    /// Smoothed, so that the least is not that of the luckiest window.
    rtt: Ema,
    /// Over a longer time, to see what is a dip.
    usual: Ema,
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
    rtt_before: f64,
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

/// Latency that is down to this part of what is usual is so because somebody probes.
const DIP: f64 = 0.97;

/// The part of a limit that is in use when something may wait for it.
const IN_USE: f64 = 0.6;

/// A latency that is no further above the baseline than this, of a limit that is not in use, is no queue.
const USUAL: f64 = 1.3;

/// By no more than this the baseline rises to it at a time.
const USUAL_RISE_MAX: f64 = 1.1;

/// The time between probes is no less than so many times the baseline.
const ROUND_TRIPS: f64 = 60.0;

/// At least this part of the limit is kept while probing: a probe that is too deep, as the baseline is that of a lucky moment, is
/// to cost less than it brings.
const KEPT_MIN: f64 = 0.5;

/// A probe raises the baseline by no more than this.
const RISE_MAX: f64 = 1.25;

/// And by no more than this if latency came down with the limit, then there was a queue, and what was
/// measured may be what is left of it, as others did not probe.
const RISE_MAX_IN_A_QUEUE: f64 = 1.17;

/// Latency that is still this part of what it was, or more, did not come down.
const FLAT: f64 = 0.93;

/// So many windows of a probe see what waited drain.
const DRAIN: u32 = 2;

/// So many measure.
const MEASURE: u32 = 4;

impl Baseline {
    pub(super) fn new(every: Duration) -> Self {
        Self {
            every,
            rtt: Ema::new(0.25),
            usual: Ema::new(0.05),
            value: None,
            seen_at: Duration::ZERO,
            turn: 0,
            probe: None,
        }
    }

    /// Shows it the latency of a window that ended at `now`, and how many were in flight.
    pub(super) fn see(&mut self, now: Duration, rtt: f64, limit: f64, in_flight: f64) -> Probing {
        let every = self.every();
        let turn = now.as_nanos() / every.as_nanos();
        let turned = std::mem::replace(&mut self.turn, turn) != turn;
        let Some(value) = self.value else {
            self.value = Some(self.rtt.add(rtt));
            self.usual.add(rtt);
            self.seen_at = now;
            return Probing::Not(rtt);
        };
        if self.probe.is_some() {
            return self.probe(now, rtt, limit, value);
        }
        let (smoothed, usual) = (self.rtt.add(rtt), self.usual.add(rtt));
        let due = now.saturating_sub(self.seen_at) >= every / 2;
        if smoothed <= value * AGAIN {
            self.seen_at = now;
            self.value = Some(value.min(smoothed));
        } else if due && in_flight >= limit * IN_USE && (turned || smoothed < usual * DIP) {
            // By Little's law, what is in flight without a queue; and some less, to be sure. A limiter lets in whole ones,
            // and with half of one too few a small service would stand idle.
            let kept = limit * (0.9 * value / smoothed).max(KEPT_MIN);
            let kept = kept.round().clamp(1.0, limit.max(1.0));
            self.probe = Some(Probe {
                windows: 0,
                limit_before: limit,
                rtt_before: smoothed,
                kept,
                sum: 0.0,
            });
            return Probing::Drain(kept);
        } else if due && turned && smoothed < value * USUAL {
            self.value = Some(usual.min(value * USUAL_RISE_MAX));
        }
        Probing::Not(value.min(smoothed))
    }

    /// The time between probes.
    fn every(&self) -> Duration {
        let least = self.value.unwrap_or_default() * ROUND_TRIPS;
        let mut every = self.every;
        while every.as_secs_f64() < least {
            every *= 2;
        }
        every
    }

    /// The service has become slower, and this is its latency.
    pub(super) fn believe(&mut self, now: Duration, rtt: f64) {
        self.begin(now, rtt);
        self.probe = None;
    }

    fn begin(&mut self, now: Duration, value: f64) {
        self.rtt = Ema::new(0.25);
        self.usual = Ema::new(0.05);
        self.value = Some(value);
        self.seen_at = now;
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
        let rtt_before = probe.rtt_before;
        self.probe = None;
        let rise = match measured >= rtt_before * FLAT {
            true => RISE_MAX,
            false => RISE_MAX_IN_A_QUEUE,
        };
        self.begin(now, measured.min(value * rise));
        Probing::Over(before)
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
