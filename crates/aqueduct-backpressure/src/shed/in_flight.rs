//! A request that is being worked on.

use std::fmt;
use std::sync::Arc;

use super::utilisation::Shared;

/// A request that was admitted: it counts as being in flight until this is dropped.
#[must_use = "a request is in flight until this is dropped"]
pub struct InFlight {
    shared: Arc<Shared>,
}

impl InFlight {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        shared.enter();
        Self { shared }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.shared.leave();
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").finish_non_exhaustive()
    }
}
