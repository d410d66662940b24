//! SIGINT and SIGTERM, as the cancellation of a scope.
//!
//! The first signal cancels, with a reason that names it: the program then ends by itself, in good order. The second
//! ends the process on the spot, for the user who does not want to wait any longer.

use std::io;
use std::process;

use aqueduct_cancel::{CancelScope, Reason, ReasonKind};
use tokio::task::AbortHandle;

use crate::INTERRUPTED;

/// Listens for signals until it is dropped.
#[derive(Debug)]
#[must_use = "dropped at once, it hears nothing"]
pub struct Signals(AbortHandle);

impl Drop for Signals {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Cancels the scope at the first signal. When this returns, the signals' default actions are already replaced.
///
/// # Errors
///
/// If the operating system does not let us listen.
pub fn cancel_on_signals(scope: &CancelScope) -> io::Result<Signals> {
    let mut listener = Listener::new()?;
    let scope = scope.clone();
    let listening = tokio::spawn(async move {
        let first = listener.next().await;
        scope.cancel_because(Reason::new(ReasonKind::Signal, first));
        listener.next().await;
        process::exit(INTERRUPTED.into());
    });
    Ok(Signals(listening.abort_handle()))
}

#[cfg(unix)]
struct Listener {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Listener {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

#[cfg(windows)]
struct Listener(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Listener {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) -> &'static str {
        self.0.recv().await;
        "Ctrl-C"
    }
}
