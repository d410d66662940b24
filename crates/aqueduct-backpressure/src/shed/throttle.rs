//! Not to make calls that the server will most likely reject.
//!
//! To reject a request costs the server something, and a server that does nothing but reject is as good as down. So the
//! client counts what becomes of its calls, and makes fewer when few are accepted.
//!
//! # Source
//!
//! "Handling Overload" in Google's *Site Reliability Engineering* (2016): with `requests` that were wanted and `accepts` of
//! the server over two minutes, a call is not made with probability
//!
//! ```text
//!     max(0, (requests − K × accepts) / (requests + 1))
//! ```
//!
//! so that the server sees about `K` times what it accepts; K is 2. What was not made counts as wanted, or the
//! probability would fall as it takes effect.
//!
//! The probability is capped at 0.9 here: of a server that accepts nothing, a tenth of the calls still asks whether it
//! has recovered. (Of the formula alone only one in `requests + 1` would.) Finagle caps at 0.75, which leaves a quarter of
//! the load on a server that is down; failsafe-go at 0.9.
//!
//! The two minutes are twelve buckets of ten seconds: the oldest goes as a whole.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_core::sync::Lock;
use tokio::time::Instant;

use super::Shed;

const BUCKETS: usize = 12;

/// Makes fewer calls to a server that accepts few. Clones share it: one throttle a server.
///
/// # Examples
///
/// ```
/// use aqueduct_backpressure::shed::Throttle;
///
/// # fn send() -> Result<u16, std::io::Error> { Ok(503) }
/// let throttle = Throttle::new();
/// if let Ok(call) = throttle.try_call() {
///     match send() {
///         Ok(429 | 503) | Err(_) => call.rejected(),
///         Ok(_) => call.accepted(),
///     }
/// }
/// assert_eq!(throttle.stats().requests, 1);
/// ```
#[derive(Clone)]
pub struct Throttle {
    shared: Arc<Shared>,
    multiplier: f64,
    probability_max: f64,
}

struct Shared {
    start: Instant,
    window: Duration,
    counts: Lock<Counts>,
}

/// What [`Throttle::stats`] tells, of the window that it looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ThrottleStats {
    /// How many calls were wanted and have ended, those that were not made included.
    pub requests: u64,
    /// How many of them the server accepted.
    pub accepts: u64,
    /// How likely a call is not to be made.
    pub probability: f64,
    /// How many were not made, ever.
    pub throttled: u64,
}

#[derive(Debug, Default)]
struct Counts {
    buckets: [Bucket; BUCKETS],
    /// The bucket that is filled, by its number since the start; its place is that modulo their count.
    current: u64,
    throttled: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    requests: u64,
    accepts: u64,
}

impl Throttle {
    /// With K = 2, a window of two minutes, and a probability of 0.9 at most.
    pub fn new() -> Self {
        Self::with_window(Duration::from_secs(120))
    }

    /// With another window. Shorter forgets faster, and needs as many more calls to be sure.
    ///
    /// # Panics
    ///
    /// If the window is shorter than 12 ns.
    #[track_caller]
    pub fn with_window(window: Duration) -> Self {
        let is_enough = window >= Duration::from_nanos(BUCKETS as u64);
        assert!(is_enough, "a throttle's window is not of no time");
        Self {
            shared: Arc::new(Shared {
                start: Instant::now(),
                window,
                counts: Lock::default(),
            }),
            multiplier: 2.0,
            probability_max: 0.9,
        }
    }

    /// Lets the server see `multiplier` times what it accepts, instead of twice: the less, the less it has to reject, and
    /// the longer a client takes to notice that it accepts again.
    ///
    /// # Panics
    ///
    /// If the multiplier is less than 1, or not a number.
    #[track_caller]
    #[must_use = "it is this one that has the multiplier"]
    pub fn with_multiplier(mut self, multiplier: f64) -> Self {
        assert!(multiplier >= 1.0, "it is at least what the server accepts");
        self.multiplier = multiplier;
        self
    }

    /// Makes a call with a probability of at least 1 − `probability`.
    ///
    /// # Panics
    ///
    /// If it is not in `[0, 1)`: with 1 nobody would find out that the server is well again.
    #[track_caller]
    #[must_use = "it is this one that has the cap"]
    pub fn with_probability_max(mut self, probability: f64) -> Self {
        assert!(
            (0.0..1.0).contains(&probability),
            "some calls have to be made"
        );
        self.probability_max = probability;
        self
    }

    /// Whether to make a call. What becomes of it is told to what is returned.
    pub fn try_call(&self) -> Result<Call, Shed> {
        self.try_call_at(Instant::now(), fastrand::f64())
    }

    /// As [`try_call`](Self::try_call), at a moment of the caller's and with a draw from `[0, 1)`.
    pub fn try_call_at(&self, now: Instant, draw: f64) -> Result<Call, Shed> {
        let mut counts = self.counts_at(now);
        let probability = self.probability(counts.sum());
        if draw < probability {
            counts.bucket().requests += 1;
            counts.throttled += 1;
            return Err(Shed::Throttled { probability });
        }
        drop(counts);
        Ok(Call {
            throttle: self.clone(),
        })
    }

    /// What there is to tell.
    pub fn stats(&self) -> ThrottleStats {
        self.stats_at(Instant::now())
    }

    /// As [`stats`](Self::stats), at a moment of the caller's.
    pub fn stats_at(&self, now: Instant) -> ThrottleStats {
        let counts = self.counts_at(now);
        let sum = counts.sum();
        ThrottleStats {
            requests: sum.requests,
            accepts: sum.accepts,
            probability: self.probability(sum),
            throttled: counts.throttled,
        }
    }

    fn probability(&self, Bucket { requests, accepts }: Bucket) -> f64 {
        let (requests, accepts) = (requests as f64, accepts as f64);
        let share = (requests - self.multiplier * accepts) / (requests + 1.0);
        share.clamp(0.0, self.probability_max)
    }

    fn counts_at(&self, now: Instant) -> aqueduct_core::sync::MutexGuard<'_, Counts> {
        let since = now.saturating_duration_since(self.shared.start).as_nanos();
        let bucket = since * BUCKETS as u128 / self.shared.window.as_nanos();
        let mut counts = self.shared.counts.lock();
        counts.advance(u64::try_from(bucket).unwrap_or(u64::MAX));
        counts
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}

impl Counts {
    /// Empties the buckets that come next. Moments that go back count as the latest.
    fn advance(&mut self, bucket: u64) {
        let passed = bucket.saturating_sub(self.current);
        for number in 1..=passed.min(BUCKETS as u64) {
            let place = (self.current.wrapping_add(number) % BUCKETS as u64) as usize;
            self.buckets[place] = Bucket::default();
        }
        self.current = self.current.max(bucket);
    }

    fn bucket(&mut self) -> &mut Bucket {
        &mut self.buckets[(self.current % BUCKETS as u64) as usize]
    }

    fn sum(&self) -> Bucket {
        self.buckets
            .iter()
            .fold(Bucket::default(), |sum, bucket| Bucket {
                requests: sum.requests + bucket.requests,
                accepts: sum.accepts + bucket.accepts,
            })
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle")
            .field("multiplier", &self.multiplier)
            .field("probability_max", &self.probability_max)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// A call that is being made. Dropped without a word, as when it is cancelled, it counts neither way.
#[derive(Debug)]
#[must_use = "tell it what becomes of the call"]
pub struct Call {
    throttle: Throttle,
}

impl Call {
    /// The server took it, whatever its answer was.
    pub fn accepted(self) {
        self.accepted_at(Instant::now());
    }

    /// As [`accepted`](Self::accepted), at a moment of the caller's.
    pub fn accepted_at(self, now: Instant) {
        let mut counts = self.throttle.counts_at(now);
        let bucket = counts.bucket();
        bucket.requests += 1;
        bucket.accepts += 1;
    }

    /// The server rejected it for overload, or did not answer in time.
    pub fn rejected(self) {
        self.rejected_at(Instant::now());
    }

    /// As [`rejected`](Self::rejected), at a moment of the caller's.
    pub fn rejected_at(self, now: Instant) {
        self.throttle.counts_at(now).bucket().requests += 1;
    }
}
