//! What back-off, retry and budgets promise, from outside.

mod auto_traits;
mod budget;
mod cancel;
mod drops;
mod errors;
mod hooks;
mod limits;
mod runtimes;
mod spawnable;
#[cfg(feature = "tower")]
mod tower;

use std::cell::Cell;
use std::time::Duration;

use aqueduct_resilience::{Backoff, Retry};
use tokio::time::sleep;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// An error with a number, to tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Failed(u32);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "failure {}", self.0)
    }
}

impl std::error::Error for Failed {}

/// Exactly 100, 200, 400, … ms between as many tries as it takes.
fn doubling() -> Retry<Failed> {
    Retry::new(exact(100)).with_unlimited_tries()
}

fn exact(base: u64) -> Backoff {
    Backoff::exponential(ms(base)).with_jitter(aqueduct_resilience::Jitter::None)
}

/// A service that takes a while to answer, and fails a number of times.
#[derive(Debug, Default)]
struct Service {
    takes: Duration,
    failures: u32,
    calls: Cell<u32>,
    /// Calls that were given up before they were answered.
    dropped: Cell<u32>,
}

impl Service {
    fn failing(failures: u32) -> Self {
        let nothing = Self::default();
        Self {
            failures,
            ..nothing
        }
    }

    fn taking(mut self, takes: u64) -> Self {
        self.takes = ms(takes);
        self
    }

    /// The number of the call, from 1.
    async fn call(&self) -> Result<u32, Failed> {
        let call = self.calls.get() + 1;
        self.calls.set(call);
        self.dropped.set(self.dropped.get() + 1);
        if !self.takes.is_zero() {
            sleep(self.takes).await;
        }
        self.dropped.set(self.dropped.get() - 1);
        match call > self.failures {
            true => Ok(call),
            false => Err(Failed(call)),
        }
    }
}
