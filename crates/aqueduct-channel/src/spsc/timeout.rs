//! Time limits, which need Tokio's clock.

use std::time::Duration;

use aqueduct_core::rt;

use super::{Receiver, Sender};
use crate::error::{Elapsed, SendTimeoutError};
use crate::timeout;

impl<T> Sender<T> {
    /// Sends a message, waiting at most `limit` for room.
    ///
    /// # Errors
    ///
    /// The message, if there was no room in time or the receiver was closed or dropped.
    ///
    /// # Panics
    ///
    /// If it has to wait, outside a Tokio runtime with its timer enabled.
    ///
    /// # Cancel safety
    ///
    /// *Strict* for the channel, as [`send`](Self::send): what a drop in time does to the message is what it does there.
    pub async fn send_timeout(
        &mut self,
        value: T,
        limit: Duration,
    ) -> Result<(), SendTimeoutError<T>> {
        let mut value = Some(value);
        let send = std::future::poll_fn(|cx| self.poll_send(cx, &mut value));
        match rt::until(rt::deadline_in(limit), send).await {
            Some(sent) => sent.map_err(|error| timeout::refused(error, self.is_closed())),
            None => match value {
                Some(value) => Err(SendTimeoutError::Timeout(value)),
                None => Ok(()),
            },
        }
    }
}

impl<T> Receiver<T> {
    /// Receives the next message, waiting at most `limit` for it.
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
    pub async fn recv_timeout(&mut self, limit: Duration) -> Result<Option<T>, Elapsed> {
        timeout::recv(self.recv(), limit).await
    }
}
