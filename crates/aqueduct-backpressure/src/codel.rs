//! Telling a standing queue from a passing one, by how long those who leave it have waited.
//!
//! ```text
//!              an interval ends, its least wait > target
//!    Flowing ─────────────────────────────────────────────▶ Standing: drop who waited longer than 2 × target
//!       ▲                                                       │
//!       └──────── an interval ends, its least wait ≤ target ────┘
//! ```
//!
//! A burst makes waits long and is over soon; then somebody gets through quickly, and the least wait of the interval is
//! short. In a queue that stands nobody gets through quickly, however much capacity there is. Not the mean, which a burst
//! raises, and not the length, which says nothing without the speed.
//!
//! # Source
//!
//! The measure is that of Nichols and Jacobson's CoDel (RFC 8289). What is done about it is what Facebook's servers do
//! ("Fail at Scale", ACM Queue 13, 2015): while the queue stands, whoever waited longer than twice the target is dropped.
//!
//! # Why not RFC 8289's control law
//!
//! A router drops one packet after another, a little faster each time, because one loss makes a sender slow down. A
//! request that is rejected slows nobody down: arrivals stay as they are, and drops that grow with the square root of
//! their number take minutes to catch up with a load of twice the capacity. Here everybody beyond the cut goes at once,
//! and the queue is short after one round.

use std::time::Duration;

/// The controller: fed with the wait of each who leaves the queue, it says who is to be dropped.
///
/// Pure: `now` is the time since any fixed moment, the same for all calls. A `now` that goes backwards counts as no time
/// passed.
///
/// ```
/// use std::time::Duration;
/// use aqueduct_backpressure::codel::{Codel, Verdict};
///
/// let ms = Duration::from_millis;
/// let mut codel = Codel::new(ms(5), ms(100));
/// // A burst: nobody is dropped before an interval has shown that the queue stands.
/// assert_eq!(codel.step(ms(0), ms(40)), Verdict::Serve);
/// assert_eq!(codel.step(ms(50), ms(40)), Verdict::Serve);
/// assert_eq!(codel.step(ms(100), ms(40)), Verdict::Drop);
/// // Those who have not waited for long are served also then.
/// assert_eq!(codel.step(ms(101), ms(10)), Verdict::Serve);
/// ```
#[derive(Clone, Debug)]
pub struct Codel {
    target: Duration,
    interval: Duration,
    /// None before the first step.
    interval_end: Option<Duration>,
    /// When somebody left last.
    last: Duration,
    wait_min: Duration,
    standing: bool,
}

/// What becomes of whoever left the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It is served.
    Serve,
    /// It has waited too long in a queue that stands: serving it would make all behind it late, too.
    Drop,
}

impl Codel {
    /// A controller that takes a queue for standing when nobody in an `interval` waited less than `target`.
    ///
    /// The interval should be as long as a burst may last, some round trips; the target a tenth of that or less.
    pub const fn new(target: Duration, interval: Duration) -> Self {
        Self {
            target,
            interval,
            interval_end: None,
            last: Duration::ZERO,
            wait_min: Duration::MAX,
            standing: false,
        }
    }

    /// Somebody leaves the queue at `now`, having waited for `sojourn`.
    pub fn step(&mut self, now: Duration, sojourn: Duration) -> Verdict {
        let end = *self
            .interval_end
            .get_or_insert_with(|| now.saturating_add(self.interval));
        self.wait_min = self.wait_min.min(sojourn);
        let since_last = now.saturating_sub(std::mem::replace(&mut self.last, now));
        if now >= end {
            // If nobody left for some intervals, and this one came meanwhile, then nobody waited: this wait alone is no proof.
            // Who was there already when the one before left has waited all the time.
            let idle = now >= end.saturating_add(self.interval) && sojourn < since_last;
            self.standing = !idle && self.wait_min > self.target;
            self.interval_end = Some(now.saturating_add(self.interval));
            self.wait_min = if idle { sojourn } else { Duration::MAX };
        }
        if self.standing && sojourn > self.target.saturating_mul(2) {
            Verdict::Drop
        } else {
            Verdict::Serve
        }
    }

    /// The queue was found empty: nobody waits, so it does not stand.
    pub fn emptied(&mut self) {
        self.interval_end = None;
        self.wait_min = Duration::MAX;
        self.standing = false;
    }

    /// Whether the queue is taken for standing.
    pub fn is_standing(&self) -> bool {
        self.standing
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
