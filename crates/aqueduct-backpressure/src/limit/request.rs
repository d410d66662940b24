//! What is asked of a limiter, where it is more than "a permit, now".

use std::time::Duration;

use aqueduct_core::rt::deadline_in;
use tokio::time::Instant;

use super::order::Priority;

/// For whom a permit is, how much it matters, and until when.
///
/// ```
/// use std::time::Duration;
/// use aqueduct_backpressure::limit::{Priority, Request};
///
/// let request = Request::new()
///     .with_partition(1)
///     .with_priority(Priority::High)
///     .with_timeout(Duration::from_millis(50));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub(super) partition: usize,
    pub(super) priority: Priority,
    pub(super) deadline: Option<Instant>,
}

impl Request {
    /// For partition 0, with normal priority and no deadline.
    pub fn new() -> Self {
        Self::default()
    }

    /// For this partition, by its place in [`Builder::partitions`](super::Builder::partitions).
    pub fn with_partition(mut self, partition: usize) -> Self {
        self.partition = partition;
        self
    }

    /// With this priority.
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Not after this moment.
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Not later than so long from now. A limit that the clock cannot reach is none.
    pub fn with_timeout(mut self, limit: Duration) -> Self {
        self.deadline = deadline_in(limit);
        self
    }
}
