//! Time limits, which need Tokio's clock.

use std::time::Duration;

use aqueduct_core::rt;

use super::{RendezvousReceiver, RendezvousSender};
use crate::error::{Elapsed, SendTimeoutError};
use crate::timeout;

impl<T> RendezvousSender<T> {
    /// Sends a message, waiting at most `limit` until a receiver has taken it.
    ///
    /// # Errors
    ///
    /// The message, if nobody took it in time or the channel was closed or all receivers are gone.
    ///
    /// # Panics
    ///
    /// If it has to wait, outside a Tokio runtime with its timer enabled.
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn send_timeout(&self, value: T, limit: Duration) -> Result<(), SendTimeoutError<T>> {
        let mut send = self.offer(value);
        match rt::until(rt::deadline_in(limit), &mut send).await {
            Some(sent) => sent.map_err(|error| SendTimeoutError::Closed(error.0)),
            // Without the message it was taken at the last moment.
            None => match send.take_value() {
                Some(value) => Err(SendTimeoutError::Timeout(value)),
                None => Ok(()),
            },
        }
    }
}

impl<T> RendezvousReceiver<T> {
    /// Receives a message, waiting at most `limit` for a sender.
    ///
    /// # Errors
    ///
    /// `Elapsed`, if none came in time.
    ///
    /// # Panics
    ///
    /// If it has to wait, outside a Tokio runtime with its timer enabled.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: as [`recv`](Self::recv).
    pub async fn recv_timeout(&self, limit: Duration) -> Result<Option<T>, Elapsed> {
        timeout::recv(self.recv(), limit).await
    }
}
