//! A request that is being worked on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::utilisation::Shared;

/// A request that was admitted: it counts as being in flight until this is dropped.
#[must_use = "a request is in flight until this is dropped"]
pub struct InFlight {
    shared: Arc<Shared>,
    time_constant: Duration,
}

impl InFlight {
    /// For one that has been counted.
    pub(super) fn new(shared: Arc<Shared>, time_constant: Duration) -> Self {
        Self {
            shared,
            time_constant,
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.shared.leave(Instant::now(), self.time_constant);
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").finish_non_exhaustive()
    }
}
