//! Which shard serves the current runtime on this thread.
//!
//! A thread remembers the last runtime whose shard it used. That is a hint: whether the shard is still that runtime's is
//! looked at under the shard's lock, by the runtime's id, so that a thread which enters another runtime, or outlives
//! one, never gets the wrong shard. An id that a later runtime has again does no harm: a shard that is its in name only
//! is idle, and an idle one may be anybody's (A2).
//!
//! A runtime of many workers has several shards, and each thread stays with one, so that workers seldom meet at a lock.
//!
//! All shards are in one list. To find one there is slow, and seldom needed: once a thread and runtime.
//!
//! # Lock order
//!
//! The list's lock, then a shard's.

use std::cell::Cell;
use std::sync::{LazyLock, MutexGuard};

use tokio::runtime::{self, Handle};

use super::shard::{Owner, Shard, State};
use crate::sync::Lock;

/// More would spare no contention, as a lock is held for some 20 ns, and each costs a runtime one timer.
const SHARDS_MAX: usize = 8;

static SHARDS: LazyLock<Lock<Vec<&'static Shard>>> = LazyLock::new(Default::default);

thread_local! {
    static LAST: Cell<Option<(runtime::Id, &'static Shard)>> = const { Cell::new(None) };
}

type Found = (&'static Shard, MutexGuard<'static, State>);

/// The shard to use, locked.
///
/// # Panics
///
/// Outside of a runtime, in Tokio's words.
#[inline]
#[track_caller]
pub(super) fn current() -> Found {
    let runtime = Handle::current().id();
    if let Some((last, shard)) = LAST.get()
        && last == runtime
    {
        let state = shard.lock();
        if state.is_owned_by(runtime) {
            return (shard, state);
        }
    }
    look_up()
}

#[cold]
fn look_up() -> Found {
    let handle = Handle::current();
    let shards = handle.metrics().num_workers().next_power_of_two();
    let mask = shards.min(SHARDS_MAX) - 1;
    // Who is not a worker (blocking threads, whoever entered the runtime) makes do with the first.
    let index = runtime::worker_index().unwrap_or(0) & mask;
    let owner = Owner {
        runtime: handle.id(),
        index,
    };
    let (shard, state) = take(owner);
    LAST.set(Some((owner.runtime, shard)));
    (shard, state)
}

/// The owner's shard, or one that is idle, or a new one.
fn take(owner: Owner) -> Found {
    let mut shards = SHARDS.lock();
    let mut idle = None;
    for &shard in shards.iter() {
        let state = shard.lock();
        if state.owner == Some(owner) {
            return (shard, state);
        }
        if idle.is_none() && state.is_idle() {
            // Kept locked: else it might cease to be idle by a thread that remembers it.
            idle = Some((shard, state));
        }
    }
    let (shard, mut state) = idle.unwrap_or_else(|| {
        let shard = Shard::leak();
        shards.push(shard);
        (shard, shard.lock())
    });
    state.owner = Some(owner);
    (shard, state)
}

/// How many shards there are in the process.
#[cfg(test)]
pub(super) fn count() -> usize {
    SHARDS.lock().len()
}
