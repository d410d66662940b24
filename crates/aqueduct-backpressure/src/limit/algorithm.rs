//! How large a limit should be, decided once a window.
//!
//! An [`Algorithm`] is shown what a [`Window`] of finished operations was like, and says the next limit. It reads no clock
//! and draws no random numbers: the same windows give the same limits, which is how they are tested.
//!
//! ```text
//!    finished operations ──▶ Window ──▶ step(limit, window) ──▶ clamped by the limiter ──▶ the limit
//!      one by one            10 a second                                                  of the next window
//! ```
//!
//! # Why once a window, not once a sample
//!
//! A change of the limit shows in latency one round trip later at the earliest. Until then every sample tells of the limit
//! before. Whoever steps at each of them takes the same news for new ones twenty times, and answers twenty times; the limit
//! swings between its bounds. `docs/why/backpressure.md` has figures.
//!
//! # Why the limit is a fraction
//!
//! A limit of 8 that grows by a tenth each window would stay at 8 for ever if it were rounded at each step. Algorithms
//! compute with fractions; the limiter admits the whole part.

mod aimd;
mod descent;
mod fixed;
mod gradient2;
mod knee;
mod miad;
mod smooth;
mod vegas;

use std::fmt;
use std::time::Duration;

pub use aimd::Aimd;
pub use fixed::Fixed;
pub use gradient2::Gradient2;
pub use knee::Knee;
pub use miad::Miad;
pub use vegas::Vegas;

/// A rule by which a limit follows what the window before was like.
///
/// Object safe. A limiter calls it from one thread at a time, under no lock.
///
/// ```
/// use aqueduct_backpressure::limit::{Algorithm, Window};
///
/// /// As many as there were, and one more.
/// #[derive(Debug)]
/// struct Follow;
///
/// impl Algorithm for Follow {
///     fn step(&mut self, _limit: f64, window: &Window) -> f64 {
///         window.in_flight_max as f64 + 1.0
///     }
/// }
///
/// let mut window = Window::default();
/// window.in_flight_max = 7;
/// assert_eq!(Follow.step(20.0, &window), 8.0);
/// ```
pub trait Algorithm: Send + fmt::Debug {
    /// The next limit, where `limit` is the present one, which the limiter may have clamped since the last step.
    ///
    /// What is not a number leaves the limit as it is.
    fn step(&mut self, limit: f64, window: &Window) -> f64;

    /// Somebody has set the limit by hand. The next step is from there; whatever is under way for the limit before is over.
    fn limit_was_set(&mut self, limit: f64) {
        let _ = limit;
    }

    /// Whether it looks at windows at all. If not, a limiter measures no latencies, which is cheaper.
    fn is_adaptive(&self) -> bool {
        true
    }
}

impl<A: Algorithm + ?Sized> Algorithm for Box<A> {
    fn step(&mut self, limit: f64, window: &Window) -> f64 {
        (**self).step(limit, window)
    }

    fn limit_was_set(&mut self, limit: f64) {
        (**self).limit_was_set(limit);
    }

    fn is_adaptive(&self) -> bool {
        (**self).is_adaptive()
    }
}

/// What finished in a stretch of time.
///
/// The latencies are those of successes; all zero if there were none.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Window {
    /// When it ended: the time since any fixed moment, the same for all limiters before a service.
    pub now: Duration,
    /// How long it was.
    pub length: Duration,
    /// How many succeeded.
    pub samples: u64,
    /// How many failed in a way that tells of overload.
    pub drops: u64,
    /// The most that were in flight when one ended, itself included.
    pub in_flight_max: usize,
    /// The mean of the same.
    pub in_flight_mean: f64,
    /// The least latency.
    pub rtt_min: Duration,
    /// The mean latency.
    pub rtt_mean: Duration,
    /// The median latency, to within 6 %.
    pub rtt_p50: Duration,
    /// The latency that one in ten exceeded, to within 6 %.
    pub rtt_p90: Duration,
}

impl Window {
    /// The part of those that ended which were drops, from 0 to 1.
    pub fn drop_ratio(&self) -> f64 {
        match self.samples + self.drops {
            0 => 0.0,
            ended => self.drops as f64 / ended as f64,
        }
    }

    /// Whether at least this part of `limit` was in use at some time. A limit that nobody reaches says nothing about the
    /// service, and is not raised.
    pub fn uses(&self, limit: f64, part: f64) -> bool {
        self.in_flight_max as f64 >= (limit.floor() * part).max(1.0)
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
