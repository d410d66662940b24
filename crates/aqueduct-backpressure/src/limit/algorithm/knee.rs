//! The default: additive increase, and a decrease by what waits in the service.

use std::time::Duration;

use super::smooth::{Baseline, Ema, Probing};
use super::{Algorithm, Window};

/// Finds the knee of a service, the load from which on latency rises and throughput does not, and stays near it.
///
/// Each window adds a little to a limit that is in use, and takes away in proportion to what waits:
///
/// ```text
///   waiting = smoothed latency / baseline - 1          what part more than the service needs
///   use     = mean in flight / limit                   whether it is this limit that makes them wait
///   limit  += max(1, √limit / 4) - 0.15 · limit · waiting · use⁴
/// ```
///
/// The two are equal where a service of 20 slots has about 8 waiting; there the limit stays, without swinging. It is lowered
/// by a sixth when more than one operation in fifty fails, and never by more than three tenths at once. Until latency
/// has doubled once it grows by a quarter a window, so that a large service is soon in use. The baseline is the least mean
/// latency of a window, re-probed every 10 s.
///
/// # Why in proportion, and not at a threshold
///
/// Clients that share a service never agree on its baseline exactly. With a threshold ("lower the limit when latency is twice
/// the baseline") those with the least baseline back off, again and again, and those with a higher one never do: the
/// first starve. In proportion, a baseline that is a tenth off costs a fifth of the share, and no more.
///
/// # Why the use has a say
///
/// A burst in a load that the service can bear makes latencies rise, for a moment, with a limit that nobody has reached.
/// Lowering it then would reject the next burst for no gain. Under overload the limit is in use all the time, and the
/// factor is near 1.
#[derive(Clone, Debug)]
pub struct Knee {
    rtt: Ema,
    baseline: Baseline,
    /// Latency has not doubled yet.
    starting: bool,
}

/// What part of those who wait the limit is lowered by.
const PULL: f64 = 0.15;

/// What is kept when operations fail.
const BACKOFF: f64 = 0.85;

/// The part of operations that may fail.
const DROPS_MAX: f64 = 0.02;

/// What is kept at least, but for failures.
const KEPT_MIN: f64 = 0.7;

/// By what part it grows until latency has doubled.
const START: f64 = 0.25;

impl Knee {
    /// There is nothing to choose: a limiter with it needs bounds at most.
    pub fn new() -> Self {
        Self {
            rtt: Ema::new(0.5),
            baseline: Baseline::new(Duration::from_secs(10)),
            starting: true,
        }
    }
}

impl Default for Knee {
    fn default() -> Self {
        Self::new()
    }
}

impl Algorithm for Knee {
    fn step(&mut self, limit: f64, window: &Window) -> f64 {
        if window.drop_ratio() > DROPS_MAX {
            self.starting = false;
            self.baseline.lowered(limit, limit * BACKOFF);
            return limit * BACKOFF;
        }
        // No latency at all is that of a clock that stood, and no baseline: everything is infinitely slower.
        if window.samples == 0 || window.rtt_mean.is_zero() {
            return limit;
        }
        let rtt = window.rtt_mean.as_secs_f64();
        let smoothed = self.rtt.add(rtt);
        let baseline = match self.baseline.see(window.now, rtt, limit) {
            Probing::Drain(low) => return low,
            Probing::Over(before) => return before,
            Probing::Not(baseline) => baseline,
        };
        let waiting = (smoothed / baseline - 1.0).max(0.0);
        let overloaded = waiting > 1.0;
        let in_use = (window.in_flight_mean / limit).min(1.0);
        let pull = PULL * limit * waiting * in_use.powi(4);
        let next = if window.uses(limit, 0.9) {
            limit + self.push(limit, overloaded) - pull
        } else if overloaded {
            // Room that is not used is not kept for later: then it would be used all at once.
            (limit - pull).min(1.1 * window.in_flight_max as f64)
        } else {
            limit
        };
        next.max(limit * KEPT_MIN)
    }

    fn limit_was_set(&mut self, _: f64) {
        self.baseline.abandon();
    }
}

impl Knee {
    fn push(&mut self, limit: f64, overloaded: bool) -> f64 {
        self.starting &= !overloaded;
        if self.starting {
            limit * START
        } else {
            (limit.sqrt() / 4.0).max(1.0)
        }
    }
}
