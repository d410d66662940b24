//! What hands out permits: the interface that the contests play by.

use std::time::Duration;

use tokio::time::Instant;

/// Lets so many in at once. A clone is another handle to the same, one for each thread.
pub(crate) trait Permits: Clone + Send + 'static {
    fn open(permits: usize) -> Self;

    /// Takes a permit, and gives it back after an operation that went well. It is told the time.
    fn pass(&mut self, now: Instant);
}

/// A pass takes about so long, which is how the time goes on for those that are told it.
pub(crate) const STEP: Duration = Duration::from_nanos(50);
