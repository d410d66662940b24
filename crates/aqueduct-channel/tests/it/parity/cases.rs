//! Compiled once for each `mpsc` that `super` names.

mod blocking;
mod closing;
mod errors;
mod handles;
mod permits;
mod receiving;
mod sending;
mod unbounded;

use super::mpsc;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls once, for a task that does not exist.
fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}
