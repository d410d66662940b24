//! What a server has done so far.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::connection::End;

/// Counters that all connections of a server add to. They say nothing of each other's order.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    served: AtomicU64,
    alive: AtomicU64,
    alive_peak: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    ended: [AtomicU64; End::ALL.len()],
    failed: AtomicU64,
}

impl Stats {
    /// Counts a connection, and counts it as alive until what this gives is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> Alive {
        self.served.fetch_add(1, Relaxed);
        let alive = self.alive.fetch_add(1, Relaxed) + 1;
        self.alive_peak.fetch_max(alive, Relaxed);
        Alive(self.clone())
    }

    pub(crate) fn came_in(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn went_out(&self, bytes: usize) {
        self.bytes_out.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn end(&self, end: End) {
        self.ended[end as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn fail(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    pub(crate) fn served(&self) -> u64 {
        self.served.load(Relaxed)
    }

    /// The most that were alive at once.
    pub(crate) fn alive_peak(&self) -> u64 {
        self.alive_peak.load(Relaxed)
    }

    pub(crate) fn bytes_in(&self) -> u64 {
        self.bytes_in.load(Relaxed)
    }

    pub(crate) fn bytes_out(&self) -> u64 {
        self.bytes_out.load(Relaxed)
    }

    pub(crate) fn ended(&self, end: End) -> u64 {
        self.ended[end as usize].load(Relaxed)
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Relaxed)
    }
}

/// How connections ended, in a line: `by their clients: 3, idle: 1`, without what never happened.
impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = End::ALL.map(|end| (end.told(), self.ended(end)));
        let all = ends.into_iter().chain([("failed", self.failed())]);
        let mut separator = "";
        for (told, count) in all.filter(|(_, count)| *count > 0) {
            write!(f, "{separator}{told}: {count}")?;
            separator = ", ";
        }
        Ok(())
    }
}

/// A connection that is alive.
#[derive(Debug)]
pub(crate) struct Alive(Arc<Stats>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Relaxed);
    }
}
