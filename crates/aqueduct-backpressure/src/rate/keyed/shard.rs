//! A part of the keys, under one lock.
//!
//! ```text
//!              somebody has to wait                   found with nobody waiting
//!    Bare(tat) ────────────────────▶ Waited(limiter) ──────────────────────────▶ Bare(tat)
//!       │                                  │
//!       └───── evicted: tat has passed ────┘ and nobody holds the limiter
//! ```
//!
//! # Who is evicted
//!
//! A heap has one item for each key, with a time that is not later than the one at which the key will be unused: that
//! time as it was when the item was last looked at. To make room, the earliest item is looked at. If its key is unused
//! now, it goes. If its time was out of date, it is put back with the right one, and the next is looked at. If its time
//! is right and has not come, all keys are in use, and that is when the first of them will not be. An item gets out of
//! date only when its key is admitted something, so that, over all, an admission costs at most one look, of O(log n).

use std::borrow::Borrow;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::Ordering::Acquire;
use std::sync::atomic::fence;

use hashbrown::HashTable;
use tokio::time::Instant;

use super::KeyedStats;
use crate::rate::error::TryAcquireError;
use crate::rate::line::Line;
use crate::rate::pace::{self, Denied, Pace};
use crate::rate::{Quota, RateLimiter};

#[derive(Debug)]
pub(super) struct Shard<K> {
    keys: HashTable<Slot<K>>,
    due: BinaryHeap<Reverse<Due<K>>>,
    keys_max: usize,
    quota: Quota,
    pace: Pace,
    evicted: u64,
    too_soon: u64,
    too_many: u64,
    crowded: u64,
}

#[derive(Debug)]
pub(super) struct Slot<K> {
    hash: u64,
    key: K,
    state: State,
}

#[derive(Debug)]
enum State {
    Bare(u64),
    Waited(RateLimiter),
}

/// When a key will be unused, or earlier.
#[derive(Debug)]
struct Due<K> {
    at: u64,
    hash: u64,
    key: K,
}

/// What went from a shard, to be dropped when its lock is free.
pub(super) type Evicted<K> = Option<(Slot<K>, K)>;

type Room<K> = Result<Evicted<K>, TryAcquireError>;

impl<K: Hash + Eq + Clone> Shard<K> {
    pub(super) fn new(quota: Quota, keys_max: usize) -> Self {
        Self {
            keys: HashTable::new(),
            due: BinaryHeap::new(),
            keys_max,
            quota,
            pace: quota.pace(),
            evicted: 0,
            too_soon: 0,
            too_many: 0,
            crowded: 0,
        }
    }

    /// Takes permits of a key; `now` is `at` in units.
    pub(super) fn take<Q>(
        &mut self,
        hash: u64,
        key: &Q,
        at: Instant,
        now: u64,
        permits: u32,
    ) -> (Result<(), TryAcquireError>, Evicted<K>)
    where
        K: Borrow<Q>,
        Q: Eq + ToOwned<Owned = K> + ?Sized,
    {
        let found = self
            .keys
            .find_mut(hash, |slot| slot.hash == hash && slot.key.borrow() == key);
        let decided = match found {
            Some(slot) => slot.take(self.pace, at, now, permits),
            None => return self.take_new(hash, || key.to_owned(), now, permits),
        };
        (self.counted(decided), None)
    }

    fn take_new(
        &mut self,
        hash: u64,
        key: impl FnOnce() -> K,
        now: u64,
        permits: u32,
    ) -> (Result<(), TryAcquireError>, Evicted<K>) {
        let Some(end) = self.pace.decide(0, now, permits) else {
            let denied = self.pace.denied(0, now, permits);
            return (self.counted(Err(error(denied))), None);
        };
        // Nothing is used of a key that takes nothing.
        if end <= now {
            return (Ok(()), None);
        }
        let evicted = match self.make_room(now) {
            Ok(evicted) => evicted,
            Err(crowded) => return (self.counted(Err(crowded)), None),
        };
        self.insert(hash, key(), end);
        (Ok(()), evicted)
    }

    /// Takes permits of a key, or gives its line.
    pub(super) fn take_or_wait<Q>(
        &mut self,
        hash: u64,
        key: &Q,
        start: Instant,
        at: Instant,
        now: u64,
        permits: u32,
    ) -> (Result<Option<RateLimiter>, TryAcquireError>, Evicted<K>)
    where
        K: Borrow<Q>,
        Q: Eq + ToOwned<Owned = K> + ?Sized,
    {
        let quota = self.quota;
        let pace = self.pace;
        let found = self
            .keys
            .find_mut(hash, |slot| slot.hash == hash && slot.key.borrow() == key);
        let Some(slot) = found else {
            let (decided, evicted) = self.take_new(hash, || key.to_owned(), now, permits);
            return (decided.map(|()| None), evicted);
        };
        let decided = match slot.take(pace, at, now, permits) {
            Ok(()) => Ok(None),
            // Not rejected: it waits.
            Err(TryAcquireError::TooSoon { .. }) => {
                return (Ok(Some(slot.line(quota, start))), None);
            }
            Err(never) => Err(never),
        };
        (self.counted(decided), None)
    }

    /// Puts another quota in force for the bare keys, and returns the limiters of the others, which are to be told when
    /// the lock is free.
    pub(super) fn change(&mut self, quota: Quota, now: u64) -> Vec<RateLimiter> {
        let pace = quota.pace();
        let mut waited = Vec::new();
        for slot in &mut self.keys {
            match &mut slot.state {
                State::Bare(tat) => *tat = pace.carry_over(self.pace, *tat, now),
                State::Waited(limiter) => waited.push(limiter.clone()),
            }
        }
        // They may be unused sooner than their items say: not before now, though.
        let due = self.due.drain().map(|Reverse(due)| {
            let at = due.at.min(now);
            Reverse(Due { at, ..due })
        });
        self.due = due.collect();
        self.quota = quota;
        self.pace = pace;
        waited
    }

    /// Forgets all keys that are not in use.
    pub(super) fn shrink(&mut self, now: u64, hash: impl Fn(&K) -> u64) -> Vec<(Slot<K>, K)> {
        let mut gone = Vec::new();
        while let Ok(Some(evicted)) = self.evict(now) {
            gone.push(evicted);
        }
        self.keys.shrink_to_fit(|slot| hash(&slot.key));
        self.due.shrink_to_fit();
        gone
    }

    pub(super) fn add_to(&self, stats: &mut KeyedStats) {
        stats.keys += self.keys.len();
        stats.keys_waited_for += self
            .keys
            .iter()
            .filter(|slot| matches!(slot.state, State::Waited(_)))
            .count();
        stats.keys_evicted += self.evicted;
        stats.rejected_too_soon += self.too_soon;
        stats.rejected_too_many += self.too_many;
        stats.rejected_crowded += self.crowded;
    }

    fn make_room(&mut self, now: u64) -> Room<K> {
        if self.keys.len() < self.keys_max {
            return Ok(None);
        }
        self.evict(now)
    }

    /// Evicts the first key that is unused; says when one will be, if none is. None if there are no keys.
    fn evict(&mut self, now: u64) -> Room<K> {
        let pace = self.pace;
        while let Some(Reverse(mut due)) = self.due.pop() {
            let entry = self.keys.find_entry(due.hash, |slot| {
                slot.hash == due.hash && slot.key == due.key
            });
            // Each item has its key in the map, unless that is a key which is not equal to its own copy.
            let Ok(entry) = entry else {
                continue;
            };
            let unused_at = entry.get().unused_at(pace, now);
            if unused_at <= now {
                let (slot, _) = entry.remove();
                self.evicted += 1;
                return Ok(Some((slot, due.key)));
            }
            let was_right = due.at == unused_at;
            due.at = unused_at;
            self.due.push(Reverse(due));
            if was_right {
                let retry_after = pace::duration(unused_at - now);
                return Err(TryAcquireError::Crowded { retry_after });
            }
        }
        Ok(None)
    }

    fn insert(&mut self, hash: u64, key: K, tat: u64) {
        self.due.push(Reverse(Due {
            at: tat,
            hash,
            key: key.clone(),
        }));
        let state = State::Bare(tat);
        self.keys
            .insert_unique(hash, Slot { hash, key, state }, |slot| slot.hash);
    }

    fn counted<T>(&mut self, decided: Result<T, TryAcquireError>) -> Result<T, TryAcquireError> {
        match &decided {
            Err(TryAcquireError::TooSoon { .. }) => self.too_soon += 1,
            Err(TryAcquireError::TooMany { .. }) => self.too_many += 1,
            Err(TryAcquireError::Crowded { .. }) => self.crowded += 1,
            Ok(_) => {}
        }
        decided
    }
}

impl<K> Slot<K> {
    fn take(
        &mut self,
        pace: Pace,
        at: Instant,
        now: u64,
        permits: u32,
    ) -> Result<(), TryAcquireError> {
        self.settle();
        match &mut self.state {
            State::Bare(tat) => {
                let decided = pace.decide(*tat, now, permits);
                *tat = decided.ok_or_else(|| error(pace.denied(*tat, now, permits)))?;
                Ok(())
            }
            State::Waited(limiter) => limiter.try_acquire_at(at, permits),
        }
    }

    /// Nobody waits any more: the line goes.
    fn settle(&mut self) {
        if let State::Waited(limiter) = &self.state
            && is_left(limiter)
        {
            self.state = State::Bare(limiter.line.tat());
        }
    }

    fn line(&mut self, quota: Quota, start: Instant) -> RateLimiter {
        match &self.state {
            State::Waited(limiter) => limiter.clone(),
            State::Bare(tat) => {
                let line = Line::new(quota, start, *tat);
                let limiter = RateLimiter { line };
                self.state = State::Waited(limiter.clone());
                limiter
            }
        }
    }

    /// From when on this key is as one that never came. Where somebody waits that is not known: later than now.
    fn unused_at(&self, pace: Pace, now: u64) -> u64 {
        match &self.state {
            State::Bare(tat) => *tat,
            State::Waited(limiter) if is_left(limiter) => limiter.line.tat(),
            State::Waited(limiter) => limiter.line.tat().max(now + pace.interval),
        }
    }
}

/// Whether nobody but the shard has it: clones are made under its lock only. (An alarm that is just going off has one for
/// a moment; then the limiter is left a little later.)
fn is_left(limiter: &RateLimiter) -> bool {
    let is_left = Arc::strong_count(&limiter.line) == 1;
    // Pairs with the Release by which a dropped `Arc` counts itself out, as the count by itself is read in no order: what
    // who had it last has taken is seen, or it would be given once more.
    fence(Acquire);
    is_left
}

fn error(denied: Denied) -> TryAcquireError {
    match denied {
        Denied::TooSoon(units) => TryAcquireError::TooSoon {
            retry_after: pace::duration(units),
        },
        Denied::TooMany(burst) => TryAcquireError::TooMany { burst },
    }
}

impl<K> PartialEq for Due<K> {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl<K> Eq for Due<K> {}

impl<K> PartialOrd for Due<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Due<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}
