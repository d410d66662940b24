//! All that core knows of Tokio: the cooperation budget, timers, and blocking next to a runtime.

pub use tokio::task::coop::{RestoreOnPending, poll_proceed};
pub use tokio::time::{Instant, Sleep, sleep_until, timeout, timeout_at};

use std::future::Future;

use crate::park;

/// Runs `future` to its end on this thread.
///
/// # Panics
///
/// On a thread that is driving async tasks, as Tokio's own blocking calls do: it would stop them all.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    match tokio::runtime::Handle::try_current() {
        // Tokio itself knows whether this thread may block: a `spawn_blocking` thread may, a worker may not.
        Ok(handle) => handle.block_on(future),
        Err(_) => park::block_on(future),
    }
}
