//! What scopes promise, from outside.
#![cfg(not(aqueduct_loom))]

mod auto_traits;
mod futures;
mod misuse;
mod runtimes;
mod scale;
mod stress;
mod wakers;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls once, for a task that does not exist.
fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}
