//! Why a body, or a function that spawns for it, stops before it has spawned all that it would.
//!
//! Not generic over the future that was handed back, as [`SpawnError`] is: so one function may stop by `?` wherever it
//! spawns, whatever it spawns there. An own error goes in by [`Closed::because`] and not by `?`: `From` for every error
//! would be `From` for `SpawnError` a second time.

use std::error::Error;
use std::fmt;

use aqueduct_cancel::{Cancelled, Reason};

use super::{ReserveError, SpawnError, StartError, TryReserveError, TrySpawnError};

/// The group takes no more tasks: what is left by `?` of the errors of spawning. It hands no future back.
///
/// For bodies that spawn until they cannot ([`run_try`](crate::GroupBuilder::run_try)), and functions that they call:
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use aqueduct_group::{Closed, Discard, Spawner, group};
///
/// async fn spawn_some(g: &Spawner<Discard>) -> Result<(), Closed> {
///     for _ in 0..4 {
///         g.spawn(async { /* work */ }).await?;
///     }
///     Ok(())
/// }
///
/// group().run_try(Discard::new(), async |g| spawn_some(&g).await).await?;
/// # Ok(())
/// # }
/// ```
///
/// A group that was full ([`TrySpawnError::Full`]), or a task that ended before it was ready ([`StartError::Ended`]), is
/// another reason to stop, of which it tells.
#[derive(Clone, Debug)]
pub struct Closed(Option<Reason>);

impl Closed {
    /// An error of one's own, because of which the body goes no further: `read().await.map_err(Closed::because)?`.
    /// [`run_try`](crate::GroupBuilder::run_try) then cancels the group, for this reason.
    pub fn because(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Some(Reason::from_error(error)))
    }

    /// Why, if it is not that a group takes no more tasks.
    pub fn reason(&self) -> Option<&Reason> {
        self.0.as_ref()
    }

    pub(crate) fn into_reason(self) -> Option<Reason> {
        self.0
    }
}

impl<F> From<SpawnError<F>> for Closed {
    fn from(_: SpawnError<F>) -> Self {
        Self(None)
    }
}

impl<F> From<TrySpawnError<F>> for Closed {
    fn from(error: TrySpawnError<F>) -> Self {
        match error {
            TrySpawnError::Full(_) => TryReserveError::Full.into(),
            TrySpawnError::Closed(_) => Self(None),
        }
    }
}

impl From<ReserveError> for Closed {
    fn from(_: ReserveError) -> Self {
        Self(None)
    }
}

impl From<TryReserveError> for Closed {
    fn from(error: TryReserveError) -> Self {
        match error {
            TryReserveError::Full => Self::because(error),
            TryReserveError::Closed => Self(None),
        }
    }
}

impl From<StartError> for Closed {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Ended => Self::because(error),
            StartError::Closed => Self(None),
        }
    }
}

/// A scope was cancelled: `g.scope().run(…).await?`. If it was the group's, that is why the group ends anyway.
impl From<Cancelled> for Closed {
    fn from(cancelled: Cancelled) -> Self {
        Self(Some(cancelled.into_reason()))
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Some(reason) => reason.message(),
            None => "the group takes no more tasks",
        })
    }
}

impl Error for Closed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // The reason's own error is what it says itself.
        self.0.as_ref()?.source()?.source()
    }
}
