//! The default: additive increase, and a decrease by what waits in the service.
//!
//! ```text
//!             latency has doubled                  latency far above the baseline, and the limit in use
//!  Starting ──────────────────────▶ Following ──────────────────────────────────────────────▶ Coming down
//!      ▲                             ▲  │  ▲                latency came down with the limit       │  │
//!      │                  6 windows  │  │  └────────────────────────────────────────────────────────┘  │
//!      │                             │  ▼ each 10 s, while the limit is in use                         │
//!      │                            Probing                                                            │
//!      └─────────────── latency did not: the service is slower, and that is the new baseline ──────────┘
//! ```
//!
//! # Invariants
//!
//! I1. One step takes no more than three tenths of the limit, but for a probe, which gives back what it took.
//! I2. The baseline rises by a quarter in a probe at most, by a tenth while the limit is not in use, and to any latency only if
//!     that did not come down when the limit did.
//! I3. It reads nothing but windows. In a common clock it only looks for company.

use std::time::Duration;

use super::descent::{Descent, Stale};
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
/// latency of a window, re-probed every 10 s while the limit is in use, by lowering it for six windows; less often where that
/// would be more than a tenth of the time.
///
/// # When the service becomes slower
///
/// Latency of three times the baseline, with the limit in use, is a queue far too long, or a service that is another than it
/// was. Which it is shows by lowering the limit: to 0.7 of it each window, from the third on. If latency comes down with it, it
/// was a queue. If what is in flight is down to 0.6 and latency is not, it was the service: that latency is the baseline, and
/// the limit goes back to where it came from. This takes some six windows. Less than three times the baseline is not told
/// from a queue so soon, and the baseline creeps up by a quarter in each probe.
///
/// What it costs is that a client which begins while others have made a queue may take that for the service, as it has seen
/// nothing else, until they probe together.
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
    descent: Descent,
    /// For how many windows latency has been far above the baseline, and the limit in use.
    slow_for: u32,
}

/// What part of those who wait the limit is lowered by.
const PULL: f64 = 0.15;

/// What is kept when operations fail.
const BACKOFF: f64 = 0.85;

/// The part of operations that may fail.
const DROPS_MAX: f64 = 0.02;

/// What is kept at least, but for failures.
const KEPT_MIN: f64 = 0.7;

/// Above the baseline by so many times it, latency is far above.
const FAR: f64 = 2.0;

/// After so many windows of that the limit is lowered to see.
const SLOW_FOR: u32 = 3;

/// By what part it grows until latency has doubled.
const START: f64 = 0.25;

impl Knee {
    /// There is nothing to choose: a limiter with it needs bounds at most.
    pub fn new() -> Self {
        Self {
            rtt: Ema::new(0.5),
            baseline: Baseline::new(Duration::from_secs(10)),
            starting: true,
            descent: Descent::default(),
            slow_for: 0,
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
            // Who gives up has no latency: what is left is those who were quick, however long the queue.
            self.descent.end();
            self.baseline.lowered(limit, limit * BACKOFF);
            return limit * BACKOFF;
        }
        // No latency at all is that of a clock that stood, and no baseline: everything is infinitely slower.
        if window.samples == 0 || window.rtt_mean.is_zero() {
            return limit;
        }
        let rtt = window.rtt_mean.as_secs_f64();
        let smoothed = self.rtt.add(rtt);
        let in_flight = window.in_flight_mean;
        let baseline = match self.baseline.see(window.now, rtt, limit, in_flight) {
            Probing::Drain(low) => {
                self.descent.end();
                return low;
            }
            Probing::Over(before) => {
                // What it remembers is of the probe.
                self.rtt = Ema::new(0.5);
                return before;
            }
            Probing::Not(baseline) => baseline,
        };
        let waiting = (smoothed / baseline - 1.0).max(0.0);
        if waiting < FAR {
            self.descent.end();
        } else if let Some(stale) = self.descent.see(limit, in_flight, smoothed) {
            return self.begin_again(window.now, stale);
        }
        self.slow_for = match waiting > FAR && window.uses(limit, 0.9) {
            true => self.slow_for + 1,
            false => 0,
        };
        if self.slow_for >= SLOW_FOR {
            return limit * KEPT_MIN;
        }
        let overloaded = waiting > 1.0;
        let in_use = (in_flight / limit).min(1.0);
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
        self.descent.end();
    }
}

impl Knee {
    /// The service is slower than it was; the limit may be far from what it needs now.
    fn begin_again(&mut self, now: Duration, stale: Stale) -> f64 {
        self.descent.end();
        self.baseline.believe(now, stale.rtt);
        self.starting = true;
        stale.limit
    }

    fn push(&mut self, limit: f64, overloaded: bool) -> f64 {
        self.starting &= !overloaded;
        if self.starting {
            limit * START
        } else {
            (limit.sqrt() / 4.0).max(1.0)
        }
    }
}
