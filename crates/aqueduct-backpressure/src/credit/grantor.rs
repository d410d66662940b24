//! The consumer's side.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::account::Account;
use super::{Spender, Stats};

/// Makes the two sides, with so many credits granted to begin with.
///
/// # Examples
///
/// ```
/// use aqueduct_backpressure::credit::{self, TryAcquireError};
///
/// let (grantor, spender) = credit::channel(1);
/// spender.try_acquire(1).unwrap().spend();
/// assert_eq!(spender.try_acquire(1).unwrap_err(), TryAcquireError::Empty);
///
/// grantor.grant(2);
/// // Not spent, it comes back when it is dropped.
/// drop(spender.try_acquire(2).unwrap());
/// assert_eq!(grantor.stats().available, 2);
/// ```
pub fn channel(credits: u64) -> (Grantor, Spender) {
    let start = Instant::now();
    let clock = move || u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let account = Arc::new(Account::new(credits, Box::new(clock)));
    let grantor = Grantor {
        account: account.clone(),
    };
    (grantor, Spender { account })
}

/// The consumer's side: grants credits. Dropping it closes.
#[derive(Debug)]
pub struct Grantor {
    account: Arc<Account>,
}

impl Grantor {
    /// Grants so many credits more. While a lease runs they are part of it, and end with it. All that is ever granted is
    /// counted in 64 bits: what goes beyond that is not granted.
    pub fn grant(&self, credits: u64) {
        self.account.grant(credits);
    }

    /// Grants so many credits for so long, **in place of** all that were granted before: what was not taken of those
    /// expires now, and what was taken and is returned unspent expires then. Who waits goes on waiting for the new ones.
    pub fn lease(&self, credits: u64, ttl: Duration) {
        let nanos = u64::try_from(ttl.as_nanos()).unwrap_or(u64::MAX);
        self.account.lease(credits, nanos);
    }

    /// Grants no more: who waits is told so, and what was not taken expires. What was taken can be spent.
    pub fn close(&self) {
        self.account.close();
    }

    /// Where the credits are.
    pub fn stats(&self) -> Stats {
        self.account.stats()
    }
}

impl Drop for Grantor {
    fn drop(&mut self) {
        self.account.close();
    }
}
