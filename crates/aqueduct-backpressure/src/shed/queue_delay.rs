//! Shedding by how long requests have waited. The controller is [`Codel`](crate::codel); this shares it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aqueduct_core::sync::Lock;
use tokio::time::Instant;

use super::Shed;
use crate::codel::{Codel, Verdict};

/// Sheds what has waited too long in a queue that stands: for whoever has a queue, and asks when taking from it.
///
/// A queue that a burst has filled, and that drains, sheds nothing. One in which nobody has waited less than `target` for
/// a whole `interval` stands, and from then on who has waited longer than twice the target is shed: by the time it would
/// be served, its client has likely given up.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use aqueduct_backpressure::shed::QueueDelay;
/// use tokio::time::Instant;
///
/// let ms = Duration::from_millis;
/// let delay = QueueDelay::new(ms(5), ms(100));
/// let start = Instant::now();
/// // Each request waited for 40 ms, for longer than an interval.
/// let shed = (0..200).filter(|n| delay.check_at(start + ms(*n), ms(40)).is_err());
/// assert_eq!(shed.count(), 100);
/// ```
#[derive(Debug)]
pub struct QueueDelay {
    codel: Lock<Codel>,
    start: Instant,
    admitted: AtomicU64,
    shed: AtomicU64,
}

/// What [`QueueDelay::stats`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueDelayStats {
    /// Whether the queue is taken for one that stands.
    pub standing: bool,
    /// How many were let through.
    pub admitted: u64,
    /// How many were shed.
    pub shed: u64,
}

impl QueueDelay {
    /// Sheds when nobody in an `interval` has waited less than `target`.
    ///
    /// The interval should be as long as a burst may last, 100 ms for most; the target a tenth of that or less.
    pub fn new(target: Duration, interval: Duration) -> Self {
        Self {
            codel: Lock::new(Codel::new(target, interval)),
            start: Instant::now(),
            admitted: AtomicU64::new(0),
            shed: AtomicU64::new(0),
        }
    }

    /// Whether a request that came to the queue at `enqueued` is still to be served.
    pub fn check(&self, enqueued: Instant) -> Result<(), Shed> {
        let now = Instant::now();
        self.check_at(now, now.saturating_duration_since(enqueued))
    }

    /// As [`check`](Self::check), at a moment of the caller's, for a request that has `waited` for so long.
    pub fn check_at(&self, now: Instant, waited: Duration) -> Result<(), Shed> {
        let now = now.saturating_duration_since(self.start);
        let verdict = self.codel.lock().step(now, waited);
        match verdict {
            Verdict::Serve => {
                self.admitted.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Verdict::Drop => {
                self.shed.fetch_add(1, Ordering::Relaxed);
                Err(Shed::QueueDelay { waited })
            }
        }
    }

    /// The queue was found empty: it does not stand.
    pub fn emptied(&self) {
        self.codel.lock().emptied();
    }

    /// What there is to tell.
    pub fn stats(&self) -> QueueDelayStats {
        QueueDelayStats {
            standing: self.codel.lock().is_standing(),
            admitted: self.admitted.load(Ordering::Relaxed),
            shed: self.shed.load(Ordering::Relaxed),
        }
    }
}
