//! SIGINT and SIGTERM, as the cancellation of a scope.
//!
//! The first signal cancels, with a reason that names it: the program then ends by itself, in good order. The second
//! ends the process on the spot, for the user who does not want to wait any longer.

use std::io;
use std::process;

use aqueduct_cancel::CancelScope;
use futures_util::StreamExt;
use tokio::task::AbortHandle;

use crate::INTERRUPTED;

/// Listens for the second signal until it is dropped.
#[derive(Debug)]
#[must_use = "dropped at once, it does not hear the second signal"]
pub struct Impatience(AbortHandle);

impl Drop for Impatience {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Cancels the scope at the first signal. When this returns, the signals' default actions are already replaced.
///
/// # Errors
///
/// If the operating system does not let us listen.
pub fn cancel_on_signals(scope: &CancelScope) -> io::Result<Impatience> {
    let mut after_the_first = scope.cancel_on_signals()?.skip(1);
    let listening = tokio::spawn(async move {
        if after_the_first.next().await.is_some() {
            process::exit(INTERRUPTED.into());
        }
    });
    Ok(Impatience(listening.abort_handle()))
}
