//! How a writer writes, and what it has written.

use std::time::Duration;

use aqueduct_resilience::Backoff;

/// How a [`BatchWriter`](super::BatchWriter) makes batches, and how often it tries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WriteOptions {
    pub(super) batch_len_max: usize,
    pub(super) linger: Duration,
    pub(super) queue_len_max: usize,
    pub(super) backoff: Backoff,
    pub(super) tries_max: u32,
}

impl WriteOptions {
    /// Batches of 1024 items or 100 ms, a queue of 4096, 5 tries from 50 ms on.
    pub const fn new() -> Self {
        Self {
            batch_len_max: 1024,
            linger: Duration::from_millis(100),
            queue_len_max: 4096,
            backoff: Backoff::exponential(Duration::from_millis(50)),
            tries_max: 5,
        }
    }

    /// A batch of so many items is written at once. What was handed over as one is not parted, so one may be larger.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub const fn with_batch_len_max(mut self, items: usize) -> Self {
        assert!(items > 0, "a batch has items");
        self.batch_len_max = items;
        self
    }

    /// An item for which nobody waits is written after so long at the latest, if the sink keeps up.
    pub const fn with_linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// So many items may wait in the queue; then who writes waits.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub const fn with_queue_len_max(mut self, items: usize) -> Self {
        assert!(items > 0, "a queue has room");
        self.queue_len_max = items;
        self
    }

    /// How long to wait between two tries of a batch.
    pub const fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How often a batch is tried in all, with errors that the sink [takes for transient](super::BatchSink::is_transient).
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub const fn with_tries_max(mut self, tries: u32) -> Self {
        assert!(tries > 0, "a batch is tried once at least");
        self.tries_max = tries;
        self
    }
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// What *acknowledged* promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Durability {
    /// What was acknowledged survives the death of the process, by whatever signal. The operating system has it, and writes
    /// it to the disk in its own time.
    #[default]
    Process,
    /// What was acknowledged survives a loss of power as well, as far as the disk is honest: each batch waits for it.
    PowerLoss,
}

/// What a writer has done until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteStats {
    /// Items that have been written.
    pub items: u64,
    /// Batches that have been written.
    pub batches: u64,
    /// Tries that failed.
    pub failed_tries: u64,
}
