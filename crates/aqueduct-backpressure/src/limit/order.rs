//! Who waits, for how long, and who goes first: values.

use std::time::Duration;

/// A line for those who [`acquire`](super::Limiter::acquire) when there is no permit.
///
/// A line smooths bursts. It helps against overload only as far as it rejects: what waits longer than its caller does is
/// work for nobody. So its length is bounded, and its order can be one that keeps waits short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    pub(super) order: Order,
    pub(super) capacity: usize,
}

impl Queue {
    /// First come, first served.
    pub const fn fifo(capacity: usize) -> Self {
        Self {
            order: Order::Fifo,
            capacity,
        }
    }

    /// The newest first; when the line is full, the oldest leaves it.
    pub const fn lifo(capacity: usize) -> Self {
        Self {
            order: Order::Lifo,
            capacity,
        }
    }

    /// First come, first served, with waits kept near 5 ms: see [`Order::Codel`].
    pub const fn codel(capacity: usize) -> Self {
        Self {
            order: Order::Codel {
                target: Duration::from_millis(5),
                interval: Duration::from_millis(100),
            },
            capacity,
        }
    }

    /// A line in this order, with room for so many.
    pub const fn new(order: Order, capacity: usize) -> Self {
        Self { order, capacity }
    }

    /// No line: who finds no permit is rejected.
    pub const fn none() -> Self {
        Self::fifo(0)
    }
}

impl Default for Queue {
    /// First come, first served, room for 1024.
    fn default() -> Self {
        Self::fifo(1024)
    }
}

/// Who is next, among those of equal priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// First come, first served. Fair; under overload all wait equally long, and perhaps all too long.
    Fifo,
    /// The newest first. Under overload those who are served are served at once, and the others wait in vain: take it where
    /// callers have about the same patience, and give a deadline.
    Lifo,
    /// First come, first served; while the line stands (nobody waited less than `target` for an `interval`), whoever waited
    /// longer than twice the target is rejected when its turn comes. See [`codel`](crate::codel).
    Codel {
        /// A wait that is short.
        target: Duration,
        /// How long a burst may last.
        interval: Duration,
    },
}

/// How important it is. The more important go first, whenever they came; when the line is full, they displace the less.
///
/// It orders who waits, and nothing else: a permit that is free goes to whoever asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Priority {
    /// Work that may be left undone: prefetching, speculation.
    Low,
    /// Whatever says nothing.
    #[default]
    Normal,
    /// Work that a person waits for.
    High,
    /// Work without which nothing else works: health checks, the release of resources.
    Critical,
}

impl Priority {
    pub(super) const COUNT: usize = 4;
    pub(super) const LEAST_FIRST: [Self; Self::COUNT] =
        [Self::Low, Self::Normal, Self::High, Self::Critical];
}
