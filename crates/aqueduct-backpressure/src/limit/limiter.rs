//! The handle, and how it is made.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::acquire::{AcquireOwned, acquire};
use super::algorithm::{Algorithm, Fixed, Knee};
use super::cadence::{Cadence, Stepper};
use super::core::{Core, Parts};
use super::gate::Gate;
use super::order::Queue;
use super::permit::{OwnedPermit, Permit, Seat};
use super::rejected::Rejected;
use super::request::Request;
use super::stats::Stats;
use super::word::LIMIT_MAX;

/// Lets a limited number of operations run at once. Cloning gives another handle to the same.
///
/// See the [module](super) for what it guarantees.
#[derive(Clone, Debug)]
pub struct Limiter {
    core: Arc<Core>,
}

/// How a [`Limiter`] is made.
#[derive(Debug)]
#[must_use = "it is `build` that makes a limiter"]
pub struct Builder {
    algorithm: Box<dyn Algorithm>,
    limit: usize,
    limit_min: usize,
    limit_max: Option<usize>,
    cadence: Cadence,
    queue: Queue,
    shares: Vec<f64>,
    clock: Option<Duration>,
}

impl Limiter {
    /// A limiter that finds its limit by the default algorithm, [`Knee`].
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A limiter with a limit that stays until it is [set](Self::set_limit): a bulkhead. It measures nothing.
    ///
    /// # Panics
    ///
    /// If the limit is 0, or beyond half a billion.
    #[track_caller]
    pub fn fixed(limit: usize) -> Self {
        Self::builder().algorithm(Fixed).limit(limit).build()
    }

    /// Options.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Takes a permit if there is one that nobody waits for.
    ///
    /// Reads the clock if the limit adapts.
    ///
    /// # Errors
    ///
    /// [`Rejected::Full`].
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, Rejected> {
        self.try_seat(0, None)
            .map(|seat| Permit::new(&self.core, seat))
    }

    /// [`try_acquire`](Self::try_acquire), for one who knows the time: reads no clock.
    ///
    /// # Errors
    ///
    /// [`Rejected::Full`].
    #[inline]
    pub fn try_acquire_at(&self, now: Instant) -> Result<Permit<'_>, Rejected> {
        self.try_seat(0, Some(now))
            .map(|seat| Permit::new(&self.core, seat))
    }

    /// [`try_acquire`](Self::try_acquire) for a partition. The priority and the deadline have no say here: nobody waits.
    ///
    /// # Errors
    ///
    /// [`Rejected::Full`].
    ///
    /// # Panics
    ///
    /// If there is no such partition.
    #[inline]
    #[track_caller]
    pub fn try_acquire_for(&self, request: Request) -> Result<Permit<'_>, Rejected> {
        self.check(&request);
        self.try_seat(request.partition, None)
            .map(|seat| Permit::new(&self.core, seat))
    }

    /// [`try_acquire_for`](Self::try_acquire_for), of a permit that can be moved to another task.
    ///
    /// # Errors
    ///
    /// [`Rejected::Full`].
    ///
    /// # Panics
    ///
    /// If there is no such partition.
    #[track_caller]
    pub fn try_acquire_owned(&self, request: Request) -> Result<OwnedPermit, Rejected> {
        self.check(&request);
        self.try_seat(request.partition, None)
            .map(|seat| OwnedPermit::new(self.core.clone(), seat))
    }

    #[inline]
    fn try_seat(&self, partition: usize, now: Option<Instant>) -> Result<Seat, Rejected> {
        if !self.core.gate.take(partition) {
            self.core.gate.rejected.count(Rejected::Full);
            return Err(Rejected::Full);
        }
        let started = self.core.started(now);
        Ok(Seat { partition, started })
    }

    /// Takes a permit, and waits in line for it if need be.
    ///
    /// # Errors
    ///
    /// [`Rejected`] by the line, for its length or its order. Without a line ([`Queue::none`]) at once.
    ///
    /// # Cancel safety
    ///
    /// *Yields its place*: dropping the future leaves the line, and hands on a permit that was granted and not taken.
    pub async fn acquire(&self) -> Result<Permit<'_>, Rejected> {
        self.acquire_for(Request::new()).await
    }

    /// [`acquire`](Self::acquire), for no longer than this.
    ///
    /// # Errors
    ///
    /// [`Rejected::Elapsed`] when the time is over, or as `acquire`.
    ///
    /// # Panics
    ///
    /// The future panics when it has to wait outside of a Tokio runtime with timers.
    ///
    /// # Cancel safety
    ///
    /// *Yields its place*, as [`acquire`](Self::acquire).
    pub async fn acquire_timeout(&self, limit: Duration) -> Result<Permit<'_>, Rejected> {
        self.acquire_for(Request::new().with_timeout(limit)).await
    }

    /// [`acquire`](Self::acquire) for a partition, with a priority, until a deadline.
    ///
    /// # Errors
    ///
    /// [`Rejected::Elapsed`] at the deadline, or as `acquire`.
    ///
    /// # Panics
    ///
    /// The future panics if there is no such partition, and when it has to wait for a deadline outside of a Tokio runtime
    /// with timers.
    ///
    /// # Cancel safety
    ///
    /// *Yields its place*, as [`acquire`](Self::acquire).
    pub async fn acquire_for(&self, request: Request) -> Result<Permit<'_>, Rejected> {
        self.check(&request);
        let seat = acquire(&self.core, request).await?;
        Ok(Permit::new(&self.core, seat))
    }

    /// [`acquire_for`](Self::acquire_for), of a permit that can be moved to another task, by a future that can as well.
    ///
    /// # Panics
    ///
    /// If there is no such partition. The future panics when it has to wait for a deadline outside of a Tokio runtime with
    /// timers.
    #[track_caller]
    pub fn acquire_owned(&self, request: Request) -> AcquireOwned {
        self.check(&request);
        AcquireOwned::new(self.core.clone(), request)
    }

    #[inline]
    #[track_caller]
    fn check(&self, request: &Request) {
        let partitions = self.core.gate.partitions();
        assert!(
            request.partition < partitions,
            "there is no partition {} of {partitions}",
            request.partition
        );
    }

    /// How many may be in flight.
    pub fn limit(&self) -> usize {
        self.core.gate.state().limit()
    }

    /// How many are in flight.
    pub fn in_flight(&self) -> usize {
        self.core.gate.state().in_flight()
    }

    /// How many of a partition are in flight.
    ///
    /// # Panics
    ///
    /// If there is no such partition.
    #[track_caller]
    pub fn in_flight_of(&self, partition: usize) -> usize {
        self.check(&Request::new().with_partition(partition));
        self.core.gate.in_flight_of(partition)
    }

    /// Sets the limit, within its bounds. An algorithm goes on from there.
    ///
    /// A larger one serves those in line at once; a smaller one takes nothing from anybody, and nobody is let in until
    /// enough have returned.
    pub fn set_limit(&self, limit: usize) {
        self.core.set_limit(limit);
    }

    /// What there is to know.
    pub fn stats(&self) -> Stats {
        self.core.stats()
    }
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    fn new() -> Self {
        Self {
            algorithm: Box::new(Knee::new()),
            limit: 20,
            limit_min: 1,
            limit_max: None,
            cadence: Cadence {
                window: Duration::from_millis(100),
                samples_min: 10,
            },
            queue: Queue::default(),
            shares: Vec::new(),
            clock: None,
        }
    }

    /// By which rule the limit changes. [`Knee`] if nothing is said.
    pub fn algorithm(mut self, algorithm: impl Algorithm + 'static) -> Self {
        self.algorithm = Box::new(algorithm);
        self
    }

    /// The limit to begin with: 20 if nothing is said.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// The limit never falls below: 1 if nothing is said.
    pub fn limit_min(mut self, limit: usize) -> Self {
        self.limit_min = limit;
        self
    }

    /// The limit never rises above, or the limit to begin with if that is larger. If nothing is said, 1000 for an algorithm that
    /// adapts; one that is set by hand may be set to half a billion.
    pub fn limit_max(mut self, limit: usize) -> Self {
        self.limit_max = Some(limit);
        self
    }

    /// The least length of a window: 100 ms if nothing is said. A window is at least as long as the mean latency, but
    /// not for latencies of more than a minute: such a service is told of a step before it has seen the last one.
    pub fn window(mut self, window: Duration) -> Self {
        self.cadence.window = window;
        self
    }

    /// How many operations must have ended for a window to end: 10 if nothing is said. A window that has lasted ten times
    /// this length, and three times the mean latency, ends with fewer.
    pub fn samples_min(mut self, samples: u64) -> Self {
        self.cadence.samples_min = samples;
        self
    }

    /// Where those wait who [`acquire`](Limiter::acquire): first come, first served, 1024 of them, if nothing is said.
    pub fn queue(mut self, queue: Queue) -> Self {
        self.queue = queue;
        self
    }

    /// Divides the limit: each partition has its share guaranteed, a part of 1, rounded down to whole permits. What is over is
    /// for all; all have one partition if nothing is said.
    ///
    /// A share of less than one permit guarantees none. Where every partition must always get in, let the limit never fall
    /// below one permit for the least share ([`limit_min`](Self::limit_min)): 20 where that is 0.05.
    ///
    /// So is the line: each partition has the same share of its places guaranteed, rounded down. What others leave idle it may
    /// fill; if they come for a place of theirs, one of those who stand beyond the guaranteed places is
    /// [displaced](Rejected::Displaced).
    pub fn partitions(mut self, shares: &[f64]) -> Self {
        self.shares = shares.to_vec();
        self
    }

    /// What the time is when the limiter is made: since any moment that is the same for all who share a service, the Unix epoch
    /// if nothing is said. Algorithms that re-probe the latency of a service do it at multiples of some seconds of this time,
    /// so that all clients do it together. A simulation, whose clock is its own, gives it.
    pub fn clock(mut self, now: Duration) -> Self {
        self.clock = Some(now);
        self
    }

    /// Makes it.
    ///
    /// # Panics
    ///
    /// If the least limit is 0, above the greatest, or that beyond half a billion; if the window is empty; if a share is not
    /// above 0, or all shares together are above 1.
    #[track_caller]
    pub fn build(self) -> Limiter {
        let adaptive = self.algorithm.is_adaptive();
        let max = self.limit_max.unwrap_or(match adaptive {
            true => ADAPTIVE_MAX,
            false => LIMIT_MAX,
        });
        let (min, max) = (self.limit_min, max.max(self.limit));
        assert!(min > 0, "a limit of 0 would let nothing in, for ever");
        assert!(
            self.limit > 0,
            "a limit of 0 would let nothing in, for ever"
        );
        assert!(min <= max, "the least limit is above the greatest");
        assert!(max <= LIMIT_MAX, "no more than {LIMIT_MAX} can be counted");
        assert!(!self.cadence.window.is_zero(), "a window has a length");
        assert!(
            self.shares.iter().all(|share| *share > 0.0),
            "a share is above 0"
        );
        // Thirds do not add up to 1 exactly.
        let all: f64 = self.shares.iter().sum();
        assert!(all < 1.0 + 1e-9, "the shares are more than there is");
        let limit = self.limit.max(min);
        let stepper = adaptive.then(|| Stepper::new(self.algorithm, limit, min, max));
        let threads = available_parallelism().map_or(1, |threads| threads.get());
        let parts = Parts {
            gate: Gate::new(limit, self.queue, &self.shares),
            stepper,
            cadence: self.cadence,
            stripes: threads.min(STRIPES_MAX),
            clock: self.clock.unwrap_or_else(time_of_day),
            min,
            max,
        };
        Limiter {
            core: Arc::new(Core::new(parts)),
        }
    }
}

/// A clock that stands before 1970 is as good as any, but for the company.
fn time_of_day() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default()
}

/// An algorithm that errs goes no further, if nothing is said.
const ADAPTIVE_MAX: usize = 1000;

/// More threads than that share.
const STRIPES_MAX: usize = 16;
