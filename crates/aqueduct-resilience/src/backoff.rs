//! How long to wait before the next try.
//!
//! [`Backoff`] is the policy: a value that knows no clock and no runtime. [`Delays`] is one caller's way through it.
//!
//! ```text
//! ceiling(n) = min(cap, base · factorⁿ)                n = 0, 1, 2, …
//!
//! None          ceiling(n)
//! Full          U[0, ceiling(n)]
//! Equal         ceiling(n) / 2 + U[0, ceiling(n) / 2]
//! Decorrelated  dₙ = U[base, min(cap, factor · dₙ₋₁)]  d₋₁ = base
//! ```
//!
//! 1. A delay is drawn *inside* of the cap; nothing is clamped after it was drawn. Clamping gives all that lies above the
//!    cap the same value, so that clients which were spread come back together, just when there has been trouble for long.
//! 2. `ceiling` is computed from `n`, not from the delay before: one of 1 ns that grows by a tenth would be rounded to
//!    1 ns for ever.
//! 3. All is defined for every input: what does not fit into a [`Duration`] is its greatest value, hence the cap.
//!
//! The generator is fastrand's: eight bytes, seeded from the operating system's randomness at the first use in a thread,
//! and nothing in it is worth more than spreading calls. It is in no signature, so that it can be replaced.

use std::time::Duration;

/// How long to wait between tries: a base, a factor, a cap, and jitter.
///
/// It is a plain value: keep it in a configuration, copy it, and take the [`delays`](Self::delays) where there is something
/// to wait for. How *often* to try is not its business.
///
/// ```
/// use std::time::Duration;
/// use aqueduct_resilience::{Backoff, Jitter};
///
/// let backoff = Backoff::exponential(Duration::from_millis(100))
///     .with_cap(Duration::from_secs(2))
///     .with_jitter(Jitter::None);
/// let delays: Vec<_> = backoff.delays().take(6).map(|delay| delay.as_millis()).collect();
/// assert_eq!(delays, [100, 200, 400, 800, 1600, 2000]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    base: Duration,
    factor: f64,
    cap: Duration,
    jitter: Jitter,
}

/// How delays are spread, so that clients that failed together do not come back together.
///
/// The kinds and their names are those of Marc Brooker's "Exponential Backoff And Jitter" in the AWS Architecture Blog.
/// There the cap cuts what `Decorrelated` drew; here it bounds the range that is drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Jitter {
    /// Delays are exact. For a single client, and for tests.
    None,
    /// Anything from nothing to the ceiling: the least load on the service for the same number of clients.
    #[default]
    Full,
    /// Half of the ceiling, and up to as much again: for who wants to be sure of a pause.
    Equal,
    /// Anything from the base to `factor` times the delay before: a walk that knows no number of tries.
    Decorrelated,
}

impl Backoff {
    /// `base`, 2·`base`, 4·`base`, …, at most 60 s, with [full jitter](Jitter::Full).
    #[must_use]
    pub const fn exponential(base: Duration) -> Self {
        Self {
            base,
            factor: 2.0,
            cap: Self::DEFAULT_CAP,
            jitter: Jitter::Full,
        }
    }

    /// Always `delay`, without jitter and without a cap.
    #[must_use]
    pub const fn constant(delay: Duration) -> Self {
        Self {
            base: delay,
            factor: 1.0,
            cap: Duration::MAX,
            jitter: Jitter::None,
        }
    }

    /// From `base` up to three times the delay before, at most 60 s: [decorrelated jitter](Jitter::Decorrelated).
    #[must_use]
    pub const fn decorrelated(base: Duration) -> Self {
        Self {
            base,
            factor: 3.0,
            cap: Self::DEFAULT_CAP,
            jitter: Jitter::Decorrelated,
        }
    }

    /// No pause at all.
    #[must_use]
    pub const fn none() -> Self {
        Self::constant(Duration::ZERO)
    }

    /// By how much the ceiling grows from try to try. One is no growth.
    ///
    /// # Panics
    ///
    /// If it is less than one, infinite or not a number.
    #[must_use]
    pub const fn with_factor(mut self, factor: f64) -> Self {
        let grows = factor >= 1.0 && factor.is_finite();
        assert!(grows, "a factor of a back-off is one or more, and finite");
        self.factor = factor;
        self
    }

    /// The longest delay. [`Duration::MAX`] is no cap; one less than the base is the base, too.
    #[must_use]
    pub const fn with_cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// How delays are spread.
    #[must_use]
    pub const fn with_jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The first ceiling.
    #[must_use]
    pub const fn base(&self) -> Duration {
        self.base
    }

    /// By how much the ceiling grows from try to try.
    #[must_use]
    pub const fn factor(&self) -> f64 {
        self.factor
    }

    /// The longest delay.
    #[must_use]
    pub const fn cap(&self) -> Duration {
        self.cap
    }

    /// How delays are spread.
    #[must_use]
    pub const fn jitter(&self) -> Jitter {
        self.jitter
    }

    /// The longest that delay number `n` can be, from 0: `min(cap, base · factorⁿ)`, whatever the jitter.
    ///
    /// Exact up to what an `f64` holds: to the nanosecond for 104 days, and 16 digits beyond.
    #[must_use]
    pub fn ceiling(&self, n: u32) -> Duration {
        if n == 0 || self.factor == 1.0 || self.base.is_zero() {
            return self.base.min(self.cap);
        }
        let growth = self.factor.powi(i32::try_from(n).unwrap_or(i32::MAX));
        scaled(self.base, growth).min(self.cap)
    }

    /// The delays of one caller, from the first, spread by chance.
    #[must_use]
    pub fn delays(&self) -> Delays {
        self.delays_from(fastrand::Rng::new())
    }

    /// The delays of one caller, the same ones for the same seed and version of this crate. For tests.
    #[must_use]
    pub fn delays_seeded(&self, seed: u64) -> Delays {
        self.delays_from(fastrand::Rng::with_seed(seed))
    }

    fn delays_from(&self, rng: fastrand::Rng) -> Delays {
        Delays {
            backoff: *self,
            drawn: 0,
            previous: self.base,
            rng,
        }
    }

    const DEFAULT_CAP: Duration = Duration::from_secs(60);
}

/// 100 ms, doubled up to 60 s, with full jitter.
impl Default for Backoff {
    fn default() -> Self {
        Self::exponential(Duration::from_millis(100))
    }
}

/// The delays that a [`Backoff`] gives to one caller, one after the other, without end.
///
/// ```
/// use std::time::Duration;
/// use aqueduct_resilience::Backoff;
///
/// let mut delays = Backoff::exponential(Duration::from_millis(100)).delays();
/// assert!(delays.next_delay() <= Duration::from_millis(100));
/// assert!(delays.next_delay() <= Duration::from_millis(200));
/// // It worked: the next failure begins anew.
/// delays.reset();
/// assert!(delays.next_delay() <= Duration::from_millis(100));
/// ```
#[derive(Debug)]
pub struct Delays {
    backoff: Backoff,
    /// How many have been drawn since the beginning.
    drawn: u32,
    /// What was drawn last, or the base. Only decorrelated jitter looks at it.
    previous: Duration,
    rng: fastrand::Rng,
}

impl Delays {
    /// The next delay.
    #[must_use]
    pub fn next_delay(&mut self) -> Duration {
        let Backoff {
            base, factor, cap, ..
        } = self.backoff;
        let ceiling = self.backoff.ceiling(self.drawn);
        let (least, most) = match self.backoff.jitter {
            Jitter::None => (ceiling, ceiling),
            Jitter::Full => (Duration::ZERO, ceiling),
            Jitter::Equal => (ceiling / 2, ceiling),
            Jitter::Decorrelated => {
                let least = base.min(cap);
                (least, scaled(self.previous, factor).clamp(least, cap))
            }
        };
        self.drawn = self.drawn.saturating_add(1);
        self.previous = draw(&mut self.rng, least, most);
        self.previous
    }

    /// Begins anew: the next delay is a first one. The generator goes on.
    pub fn reset(&mut self) {
        self.drawn = 0;
        self.previous = self.backoff.base;
    }

    /// From 0 to 1, for what else is to be spread.
    pub(crate) fn next_fraction(&mut self) -> f64 {
        self.rng.f64()
    }

    /// How many delays there were since the beginning or the last [`reset`](Self::reset).
    #[must_use]
    pub fn drawn(&self) -> u32 {
        self.drawn
    }

    /// What the delays are drawn from.
    #[must_use]
    pub fn backoff(&self) -> Backoff {
        self.backoff
    }
}

/// A clone has come as far, and draws by itself from there, also where the first was seeded: with the same draws, clients
/// that are given clones would all come back together.
impl Clone for Delays {
    fn clone(&self) -> Self {
        Self {
            rng: fastrand::Rng::new(),
            ..*self
        }
    }
}

/// Never ends.
impl Iterator for Delays {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(self.next_delay())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

impl std::iter::FusedIterator for Delays {}

/// The product, or the longest there is.
pub(crate) fn scaled(duration: Duration, by: f64) -> Duration {
    if duration.is_zero() {
        return duration;
    }
    Duration::try_from_secs_f64(duration.as_secs_f64() * by).unwrap_or(Duration::MAX)
}

/// Uniform over the nanoseconds from `least` to `most`, both included.
fn draw(rng: &mut fastrand::Rng, least: Duration, most: Duration) -> Duration {
    if least == most {
        return most;
    }
    let (least, most) = (least.as_nanos(), most.as_nanos());
    match (u64::try_from(least), u64::try_from(most)) {
        (Ok(least), Ok(most)) => Duration::from_nanos(rng.u64(least..=most)),
        // Longer than 584 years.
        _ => from_nanos(rng.u128(least..=most)),
    }
}

fn from_nanos(nanos: u128) -> Duration {
    const SECOND: u128 = 1_000_000_000;
    // Drawn between two durations, so that both parts fit.
    Duration::new((nanos / SECOND) as u64, (nanos % SECOND) as u32)
}

#[cfg(test)]
mod tests;
