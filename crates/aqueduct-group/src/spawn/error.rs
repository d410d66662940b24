use std::error::Error;
use std::fmt;

/// The group is closed: the future, or closure, is handed back.
///
/// In a body, and in tasks, this means that the group was closed or cancelled, mostly by a failure of a task. It may come at
/// any time, so do not `unwrap` it: stop spawning and return. The group's result says why.
/// [`run_try`](crate::GroupBuilder::run_try) is for bodies that do so by `?`, of which it makes a [`Closed`](crate::Closed).
pub struct SpawnError<F>(pub F);

/// Why a task was not spawned; the future is handed back.
pub enum TrySpawnError<F> {
    /// As many tasks as the group lets run are running.
    Full(F),
    /// The group takes no more tasks.
    Closed(F),
}

impl<F> SpawnError<F> {
    /// The future, or closure.
    pub fn into_inner(self) -> F {
        self.0
    }
}

impl<F> TrySpawnError<F> {
    /// The future, or closure.
    pub fn into_inner(self) -> F {
        match self {
            Self::Full(task) | Self::Closed(task) => task,
        }
    }

    /// Whether there may be room later.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }
}

impl<F> fmt::Debug for SpawnError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpawnError").finish_non_exhaustive()
    }
}

impl<F> fmt::Display for SpawnError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the group is closed")
    }
}

impl<F> Error for SpawnError<F> {}

impl<F> fmt::Debug for TrySpawnError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<F> fmt::Display for TrySpawnError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the group runs as many tasks as its limit lets it",
            Self::Closed(_) => "the group is closed",
        })
    }
}

impl<F> Error for TrySpawnError<F> {}
