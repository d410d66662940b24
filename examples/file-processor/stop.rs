//! The wish to stop early, asked for by Ctrl-C and looked at between two chunks of a file.

use std::future::ready;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit;

/// A flag that is set once and never cleared; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// A flag that Ctrl-C sets. When this returns, the signal's default action is already replaced.
    ///
    /// A second Ctrl-C ends the process on the spot: the way out when a read hangs.
    pub(crate) async fn on_ctrl_c() -> Self {
        let stop = Self::default();
        let flag = stop.clone();
        let mut first = Box::pin(tokio::signal::ctrl_c());
        // The handler is installed by the first poll, so there is one before any work begins.
        tokio::select! {
            biased;
            _ = &mut first => flag.set(),
            () = ready(()) => {
                tokio::spawn(async move {
                    // An error means that no handler could be installed: Ctrl-C then kills as ever.
                    if first.await.is_ok() {
                        flag.set();
                        if tokio::signal::ctrl_c().await.is_ok() {
                            process::exit(exit::INTERRUPTED.into());
                        }
                    }
                });
            }
        }
        stop
    }

    pub(crate) fn set(&self) {
        // Relaxed: the flag carries nothing but itself.
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
