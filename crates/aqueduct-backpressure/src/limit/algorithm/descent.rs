//! Whether latency comes down with the limit.

/// What is asked is who makes latency: those whom the limit lets in, or the service.
///
/// A queue is as long as there are too many inside. If the limit comes down and latency with it, the limit was too high, and
/// the baseline may stand. If the limit has come down a good deal and latency is what it was, nobody waits for those who
/// are let in: the service has become slower, and the baseline is stale. That is knee detection by slope: beyond the knee
/// latency is in proportion to what is in flight, below it is flat.
///
/// ```text
///            far above the baseline              in flight below 0.6 of that, for two windows
///    Idle ──────────────────────────▶ High ──────────────────────────────────────────────▶ latency fell: goes on looking
///      ▲                                │                                              └──▶ latency did not: stale
///      └──── no longer far above ───────┘
/// ```
///
/// It needs no clock and no agreement: all who share a service find it far too slow at the same time, so all come down at
/// the same time.
///
/// # Why not a probe
///
/// A client that lowers its limit alone, as a probe does where clocks differ, moves the latency of a shared queue by its
/// share of it, however far it goes. That looks flat, too.
#[derive(Clone, Debug, Default)]
pub(super) struct Descent {
    high: Option<High>,
    /// What was in flight in the window before: that is whom this window's latencies are of.
    before: f64,
    low: Low,
}

/// Where it comes down from.
#[derive(Clone, Copy, Debug)]
struct High {
    limit: f64,
    in_flight: f64,
    rtt: f64,
}

/// The sums of the windows in which it is down.
#[derive(Clone, Copy, Debug, Default)]
struct Low {
    windows: f64,
    in_flight: f64,
    rtt: f64,
}

/// The service has become slower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stale {
    /// The limit from before the descent, which was in vain.
    pub(super) limit: f64,
    /// The latency of the service now, in seconds.
    pub(super) rtt: f64,
}

/// It is down when so much is left of what was in flight.
const DOWN: f64 = 0.6;

/// It looks at so many windows there at least.
const WINDOWS: f64 = 2.0;

/// A latency that has risen so far meanwhile is another one to come down from: that of a queue which still grew.
const RISEN: f64 = 1.08;

/// Latency that goes with less than this power of what is in flight does not come down: 0 where it is flat, 1 before a
/// queue. On the near side of the middle, as chance is smaller than a mistake is dear.
const FLAT: f64 = 0.4;

/// A limit below this cannot be lowered, and counts as down.
const LIMIT_MIN: f64 = 2.0;

impl Descent {
    /// Latency is no longer far above the baseline, or says nothing.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    /// Shows it a window with latency far above the baseline.
    pub(super) fn see(&mut self, limit: f64, in_flight: f64, rtt: f64) -> Option<Stale> {
        let inside = in_flight.max(self.before);
        self.before = in_flight;
        let high = self.high.get_or_insert(High {
            limit,
            in_flight: inside,
            rtt,
        });
        if inside > high.in_flight * DOWN && limit >= LIMIT_MIN {
            if rtt > high.rtt * RISEN {
                (high.in_flight, high.rtt) = (inside, rtt);
            }
            self.low = Low::default();
            return None;
        }
        let low = &mut self.low;
        low.windows += 1.0;
        low.in_flight += inside;
        low.rtt += rtt;
        if low.windows < WINDOWS {
            return None;
        }
        let (inside, rtt) = (low.in_flight / low.windows, low.rtt / low.windows);
        let part = (inside / high.in_flight).min(1.0);
        let stale = Stale {
            limit: high.limit,
            rtt,
        };
        (rtt > high.rtt * part.powf(FLAT)).then_some(stale)
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
