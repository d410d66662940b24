//! The producer's side.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_core::rt;

use super::account::Account;
use super::acquire::{Acquire, AcquireTimeout};
use super::error::TryAcquireError;
use super::held::Credit;
use super::pot::Denied;

/// The producer's side: takes what was granted. Clones share it.
#[derive(Clone, Debug)]
pub struct Spender {
    pub(super) account: Arc<Account>,
}

impl Spender {
    /// Takes so many credits, if they are there and nobody waits.
    pub fn try_acquire(&self, credits: u64) -> Result<Credit, TryAcquireError> {
        match self.account.take(credits) {
            Ok(term) => Ok(Credit::new(self.account.clone(), credits, term)),
            Err(Denied::Empty) => Err(TryAcquireError::Empty),
            Err(Denied::Closed) => Err(TryAcquireError::Closed),
        }
    }

    /// Waits until so many credits are there, and takes them. First come, first served: who wants many is not passed by
    /// those who want few.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: see [`Acquire`].
    pub fn acquire(&self, credits: u64) -> Acquire<&Self> {
        Acquire::new(self, credits)
    }

    /// As [`acquire`](Self::acquire), as a future that borrows nothing.
    pub fn acquire_owned(&self, credits: u64) -> Acquire {
        Acquire::new(self.clone(), credits)
    }

    /// Waits until so many credits are there, for `limit` at most.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: see [`Acquire`].
    ///
    /// # Panics
    ///
    /// The future panics when it has to wait outside of a Tokio runtime that drives timers.
    pub fn acquire_timeout(&self, credits: u64, limit: Duration) -> AcquireTimeout<'_> {
        AcquireTimeout::new(rt::until(rt::deadline_in(limit), self.acquire(credits)))
    }
}
