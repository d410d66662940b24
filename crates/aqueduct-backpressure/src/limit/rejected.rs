//! Why there is no permit.

use std::error::Error;
use std::fmt;

use aqueduct_core::sync::{AtomicU64, Ordering};

/// Why there is no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejected {
    /// As many as may be are in flight, and there is no line to wait in.
    Full,
    /// The line is full of those who are as important, or more.
    QueueFull,
    /// Left the line for one who is more important, or, with the newest first, newer.
    Displaced,
    /// Waited too long in a line that did not get shorter ([`Order::Codel`](super::Order::Codel)).
    Delayed,
    /// The deadline came first.
    Elapsed,
}

impl Rejected {
    const ALL: [Self; 5] = [
        Self::Full,
        Self::QueueFull,
        Self::Displaced,
        Self::Delayed,
        Self::Elapsed,
    ];
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "as many as may be are in flight",
            Self::QueueFull => "the queue for permits is full",
            Self::Displaced => "displaced from the queue for permits",
            Self::Delayed => "waited too long in a queue that did not get shorter",
            Self::Elapsed => "the deadline came before a permit",
        })
    }
}

impl Error for Rejected {}

/// How many were rejected, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejections {
    /// See [`Rejected::Full`].
    pub full: u64,
    /// See [`Rejected::QueueFull`].
    pub queue_full: u64,
    /// See [`Rejected::Displaced`].
    pub displaced: u64,
    /// See [`Rejected::Delayed`].
    pub delayed: u64,
    /// See [`Rejected::Elapsed`].
    pub elapsed: u64,
}

impl Rejections {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.full + self.queue_full + self.displaced + self.delayed + self.elapsed
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters([AtomicU64; Rejected::ALL.len()]);

impl Counters {
    #[inline]
    pub(super) fn count(&self, why: Rejected) {
        self.0[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> Rejections {
        let [full, queue_full, displaced, delayed, elapsed] =
            Rejected::ALL.map(|why| self.0[why as usize].load(Ordering::Relaxed));
        Rejections {
            full,
            queue_full,
            displaced,
            delayed,
            elapsed,
        }
    }
}
