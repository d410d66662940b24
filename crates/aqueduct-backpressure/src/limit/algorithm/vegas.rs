//! Keeping a few waiting in the service.

use std::time::Duration;

use super::smooth::{Baseline, Ema, Probing};
use super::{Algorithm, Window};

/// Estimates how many of those in flight wait in the service, and keeps that between three and six times the decimal
/// logarithm of the limit.
///
/// By Little's law, of `limit` in flight the part `1 - baseline / latency` waits. Steady, and gentle to the service; but a
/// few waiting are few for a service with many slots, so under a load that comes in bursts it leaves some of them idle,
/// and it takes many windows to go far.
///
/// Source: Brakmo and Peterson, "TCP Vegas", 1995; the thresholds are those of Netflix' concurrency-limits. Stepped once a
/// window, by the median; the baseline is re-probed every 10 s by lowering the limit.
#[derive(Clone, Debug)]
pub struct Vegas {
    rtt: Ema,
    baseline: Baseline,
}

impl Vegas {
    /// With the published thresholds.
    pub fn new() -> Self {
        Self {
            rtt: Ema::new(0.5),
            baseline: Baseline::new(Duration::from_secs(10)),
        }
    }
}

impl Default for Vegas {
    fn default() -> Self {
        Self::new()
    }
}

impl Algorithm for Vegas {
    fn step(&mut self, limit: f64, window: &Window) -> f64 {
        let unit = limit.log10().max(1.0);
        if window.drops > 0 {
            self.baseline.lowered(limit, limit - unit);
            return limit - unit;
        }
        // No latency at all is that of a clock that stood, and no baseline.
        if window.samples == 0 || window.rtt_p50.is_zero() {
            return limit;
        }
        let rtt = window.rtt_p50.as_secs_f64();
        let smoothed = self.rtt.add(rtt);
        let in_flight = window.in_flight_mean;
        let seen = self.baseline.see(window.now, rtt, limit, in_flight);
        let baseline = match seen {
            Probing::Drain(low) => return low,
            Probing::Over(before) => return before,
            Probing::Not(baseline) => baseline,
        };
        let waiting = (limit * (1.0 - baseline / smoothed)).max(0.0).ceil();
        if waiting > 6.0 * unit {
            limit - unit
        } else if !window.uses(limit, 0.5) {
            limit
        } else if waiting <= unit {
            limit + 6.0 * unit
        } else if waiting < 3.0 * unit {
            limit + unit
        } else {
            limit
        }
    }

    fn limit_was_set(&mut self, _: f64) {
        self.baseline.abandon();
    }
}
