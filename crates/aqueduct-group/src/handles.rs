//! What becomes of the runtime's handles to spawned tasks: nothing, a little later.
//!
//! A group needs none: a task tells it of its end, and is stopped by its record. But a handle that is dropped right after
//! the spawn meets a worker that is about to run the task, and both want the same cache line: 400 ns a task, measured, on
//! two cores. So where there are several workers, each thread keeps its last handles for a while. By the time that they
//! are dropped their tasks wait, or have ended, and the memory of those is given back where it came from.
//!
//! A handle keeps the memory of its task, though nothing of the user's in it, once it has ended. So a thread keeps no more
//! of them than there are tasks alive, or [`KEPT`], lets go of those that have ended when the group lets go of their
//! records, and keeps none when the group ends.

use aqueduct_core::pad::Padded;
use aqueduct_core::sync::Lock;
use aqueduct_core::thread;
use tokio::task::JoinHandle;

/// How many handles a thread may keep in any group.
const KEPT: usize = 64;

pub(crate) struct Handles {
    /// None where there is one worker, which cannot run what it is spawning.
    shards: Box<[Padded<Lock<Kept>>]>,
}

struct Kept {
    handles: Vec<JoinHandle<()>>,
    /// How many they may become before it is asked again how many tasks are alive.
    most: usize,
}

impl Handles {
    pub(crate) fn new(threads: usize) -> Self {
        let shards = if threads < 2 { 0 } else { threads };
        let kept = || Kept {
            handles: Vec::new(),
            most: KEPT,
        };
        Self {
            shards: (0..shards).map(|_| Padded(Lock::new(kept()))).collect(),
        }
    }

    /// Keeps a handle, and drops the older half of them if they are too many for so many tasks `alive`.
    #[inline]
    pub(crate) fn keep(&self, handle: JoinHandle<()>, alive: impl FnOnce() -> usize) {
        if self.shards.is_empty() {
            return;
        }
        let shard = &self.shards[thread::number() % self.shards.len()];
        let mut kept = shard.0.lock();
        kept.handles.push(handle);
        if kept.handles.len() < kept.most {
            return;
        }
        kept.most = KEPT.max(alive());
        if kept.handles.len() < kept.most {
            return;
        }
        let half = kept.handles.len() / 2;
        let older = Vec::from_iter(kept.handles.drain(..half));
        let most = kept.most;
        kept.handles.shrink_to(most);
        drop(kept);
        drop(older);
    }

    /// Drops those of tasks that have ended. To be called now and then, as when the group lets go of their records.
    pub(crate) fn trim(&self) {
        for shard in &self.shards {
            let mut kept = shard.0.lock();
            let handles = std::mem::take(&mut kept.handles);
            let (ended, left) = handles.into_iter().partition(JoinHandle::is_finished);
            kept.handles = left;
            kept.most = KEPT.max(kept.handles.len());
            drop(kept);
            let ended: Vec<_> = ended;
            drop(ended);
        }
    }

    /// Drops all.
    pub(crate) fn clear(&self) {
        for shard in &self.shards {
            let handles = std::mem::take(&mut shard.0.lock().handles);
            drop(handles);
        }
    }
}

#[cfg(test)]
mod tests;
