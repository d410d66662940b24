//! One limit for each key, in bounded memory.
//!
//! A key whose rate is not in use, because all that it was given has been made good by time, is equal to one that never
//! came. So nothing is lost by forgetting it, and the map holds no more than the keys that have used their rate lately.
//!
//! Keys lie in shards, each with a lock and an equal part of the room, so that two who ask for different keys mostly do
//! not meet. Under the lock an entry is a bare number and a decision is a pure function; only a key that somebody *waits*
//! for has a line, and loses it when nobody does any more.

mod acquire;
mod shard;

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::thread;

use aqueduct_core::pad::Padded;
use aqueduct_core::rt::Epoch;
use aqueduct_core::sync::Lock;
use tokio::time::Instant;

use super::error::TryAcquireError;
use super::pace;
use super::{Quota, RateLimiter};
use shard::Shard;

pub use acquire::{AcquireKey, AcquireKeyOwned};

/// A rate limit for each key: each client, host or tenant.
///
/// # Memory
///
/// At most `keys_max` keys are kept, each with some 50 bytes and two copies of the key. A key that is not in use is
/// forgotten when room is needed: it would be admitted its burst, just as one that never came. If **all keys are in
/// use**, a new one is rejected with `Crowded`, which says when the first of them will be free; those that are kept go
/// on as they were. So a flood of invented keys can keep new ones out, but neither uses up the memory nor gets through
/// faster. Where that is not wanted, take more keys, a shorter time to fill the burst, or a coarser key.
///
/// Keys are spread over shards of equal room, some hundred keys or more each: a map that is nearly full may find a shard
/// crowded a little before all are.
///
/// Keys are compared and cloned under the lock of a shard: they should be plain values.
///
/// # Examples
///
/// ```
/// use aqueduct_backpressure::rate::{KeyedRateLimiter, Quota};
///
/// let clients: KeyedRateLimiter<String> = KeyedRateLimiter::new(Quota::per_minute(2), 10_000);
/// // The key is copied when it is first seen.
/// assert!(clients.try_acquire("10.0.0.1", 2).is_ok());
/// assert!(clients.try_acquire("10.0.0.1", 1).is_err());
/// assert!(clients.try_acquire("10.0.0.2", 1).is_ok());
/// ```
pub struct KeyedRateLimiter<K, S = RandomState> {
    shards: Box<[Padded<Lock<Shard<K>>>]>,
    hasher: S,
    epoch: Epoch,
    keys_max: usize,
    /// Held while the shards are told of another one.
    quota: Lock<Quota>,
}

/// What [`KeyedRateLimiter::stats`] tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyedStats {
    /// How many keys are kept, in use or not.
    pub keys: usize,
    /// For how many of them somebody waits, or did lately.
    pub keys_waited_for: usize,
    /// How many keys were forgotten to make room.
    pub keys_evicted: u64,
    /// How often somebody was told that it is too soon.
    pub rejected_too_soon: u64,
    /// How often somebody asked for more than the burst.
    pub rejected_too_many: u64,
    /// How often all keys were in use, and the one that was asked for was not among them.
    pub rejected_crowded: u64,
}

impl<K: Hash + Eq + Clone> KeyedRateLimiter<K> {
    /// Creates a limiter that keeps `keys_max` keys at most.
    ///
    /// # Panics
    ///
    /// If `keys_max` is zero.
    #[track_caller]
    pub fn new(quota: Quota, keys_max: usize) -> Self {
        Self::with_hasher(quota, keys_max, RandomState::new())
    }

    /// As [`new`](Self::new), at a moment of the caller's: none before it counts.
    ///
    /// # Panics
    ///
    /// If `keys_max` is zero.
    #[track_caller]
    pub fn starting_at(quota: Quota, keys_max: usize, now: Instant) -> Self {
        Self {
            epoch: Epoch::new(now),
            ..Self::new(quota, keys_max)
        }
    }
}

impl<K: Hash + Eq + Clone, S: BuildHasher> KeyedRateLimiter<K, S> {
    /// As [`new`](KeyedRateLimiter::new), with a hasher of the caller's. Where clients choose the keys it should be one
    /// whose results they cannot foresee, as the default's.
    ///
    /// # Panics
    ///
    /// If `keys_max` is zero.
    #[track_caller]
    pub fn with_hasher(quota: Quota, keys_max: usize, hasher: S) -> Self {
        assert!(keys_max > 0, "a limiter that keeps no keys admits none");
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let shards = (4 * cores)
            .next_power_of_two()
            .min(keys_max / SHARD_KEYS_MIN)
            .max(1);
        let shards = (0..shards)
            .map(|_| Padded(Lock::new(Shard::new(quota, keys_max / shards))))
            .collect();
        Self {
            shards,
            hasher,
            epoch: Epoch::new(Instant::now()),
            keys_max,
            quota: Lock::new(quota),
        }
    }

    /// Takes `permits` of a key, if they may be had now and nobody waits for any of that key.
    pub fn try_acquire<Q>(&self, key: &Q, permits: u32) -> Result<(), TryAcquireError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.try_acquire_at(Instant::now(), key, permits)
    }

    /// As [`try_acquire`](Self::try_acquire), at a moment of the caller's. Moments before one at which a key was
    /// forgotten find it unused.
    pub fn try_acquire_at<Q>(
        &self,
        now: Instant,
        key: &Q,
        permits: u32,
    ) -> Result<(), TryAcquireError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        // What was evicted is dropped after the lock: its destructor is the user's.
        let (decided, _evicted) =
            self.shard(hash)
                .lock()
                .take(hash, key, now, self.units(now), permits);
        decided
    }

    /// Waits until `permits` of a key may be had, and takes them. First come, first served, key by key.
    ///
    /// The key is copied when it is first seen, as with [`try_acquire`](Self::try_acquire), and borrowed otherwise.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: see [`AcquireKey`].
    ///
    /// # Panics
    ///
    /// The future panics when it has to wait outside of a Tokio runtime that drives timers.
    pub fn acquire<'a, Q>(&'a self, key: &'a Q, permits: u32) -> AcquireKey<'a, K, S, Q>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        AcquireKey::new(self, key, permits)
    }

    /// As [`acquire`](Self::acquire), as a future that borrows nothing: for a task of its own, or to be kept.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// use std::sync::Arc;
    /// use aqueduct_backpressure::rate::{KeyedRateLimiter, Quota};
    ///
    /// let clients = Arc::new(KeyedRateLimiter::<String>::new(Quota::per_second(2), 10_000));
    /// let acquired = tokio::spawn(clients.acquire_owned(format!("client {}", 7), 1));
    /// assert_eq!(acquired.await.unwrap(), Ok(()));
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// *Strict*: see [`AcquireKey`].
    ///
    /// # Panics
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_owned(self: &Arc<Self>, key: K, permits: u32) -> AcquireKeyOwned<K, S> {
        AcquireKeyOwned::new(self.clone(), key, permits)
    }

    /// The quota in force, for each key.
    pub fn quota(&self) -> Quota {
        *self.quota.lock()
    }

    /// Puts another quota in force, for all keys. What has been used of each stays used, as
    /// [`RateLimiter::set_quota`] has it. Takes the time to look at each key once, shard by shard.
    pub fn set_quota(&self, quota: Quota) {
        self.set_quota_at(Instant::now(), quota);
    }

    /// As [`set_quota`](Self::set_quota), at a moment of the caller's.
    pub fn set_quota_at(&self, now: Instant, quota: Quota) {
        // One after the other, or two would leave the keys with different quotas, those that are waited for as well.
        let mut in_force = self.quota.lock();
        let mut waited_for = Vec::new();
        for shard in &self.shards {
            waited_for.append(&mut shard.lock().change(quota, self.units(now)));
        }
        for limiter in &waited_for {
            limiter.line.change(quota, now);
        }
        *in_force = quota;
        drop(in_force);
        // To wake waiters runs code of theirs, which is done under no lock.
        for limiter in &waited_for {
            limiter.line.look();
        }
    }

    /// Forgets the keys that are not in use, and gives their memory back.
    pub fn shrink(&self) {
        self.shrink_at(Instant::now());
    }

    /// As [`shrink`](Self::shrink), at a moment of the caller's.
    pub fn shrink_at(&self, now: Instant) {
        let now = self.units(now);
        for shard in &self.shards {
            let evicted = shard.lock().shrink(now, |key| self.hasher.hash_one(key));
            drop(evicted);
        }
    }

    /// How many keys are kept at most.
    pub fn keys_max(&self) -> usize {
        self.keys_max
    }

    /// What there is to tell.
    pub fn stats(&self) -> KeyedStats {
        let mut stats = KeyedStats::default();
        for shard in &self.shards {
            shard.lock().add_to(&mut stats);
        }
        stats
    }

    /// Takes permits of a key now, or else gives its line to wait in.
    fn take_or_wait<Q>(&self, key: &Q, permits: u32) -> Result<Option<RateLimiter>, TryAcquireError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        let now = Instant::now();
        let (decided, _evicted) = self.shard(hash).lock().take_or_wait(
            hash,
            key,
            self.epoch.start(),
            now,
            self.units(now),
            permits,
        );
        decided
    }

    fn shard(&self, hash: u64) -> &Lock<Shard<K>> {
        // The map within uses the low bits and the seven highest.
        &self.shards[(hash >> 32) as usize % self.shards.len()].0
    }

    fn units(&self, now: Instant) -> u64 {
        pace::units_at(&self.epoch, now)
    }
}

/// So that a shard is crowded only when nearly all are.
const SHARD_KEYS_MIN: usize = 128;

impl<K, S> fmt::Debug for KeyedRateLimiter<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRateLimiter")
            .field("quota", &*self.quota.lock())
            .field("keys_max", &self.keys_max)
            .finish_non_exhaustive()
    }
}
