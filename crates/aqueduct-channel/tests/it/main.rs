//! What the channels promise, from outside.
#![cfg(not(aqueduct_loom))]

mod allocations;
mod auto_traits;
mod coop;
mod fairness;
mod leaks;
mod misuse;

mod overflow;
mod parity;
mod regressions;
mod send_future;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls once, for a task that does not exist.
fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}
