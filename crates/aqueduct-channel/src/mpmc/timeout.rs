//! Time limits, which need Tokio's clock.

use std::time::Duration;

use super::{Receiver, Sender, UnboundedReceiver};
use crate::error::{Elapsed, SendTimeoutError};
use crate::timeout;

impl<T> Sender<T> {
    /// Sends a message, waiting at most `limit` for room.
    ///
    /// # Errors
    ///
    /// The message, if there was no room in time or the channel was closed or all receivers are gone.
    ///
    /// # Panics
    ///
    /// If it has to wait, outside a Tokio runtime with its timer enabled.
    ///
    /// # Cancel safety
    ///
    /// *Strict* for the channel, as [`send`](Self::send): what a drop in time does to the message is what it does there.
    pub async fn send_timeout(&self, value: T, limit: Duration) -> Result<(), SendTimeoutError<T>> {
        timeout::send(self.tx().send(value), limit).await
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
    pub async fn recv_timeout(&self, limit: Duration) -> Result<Option<T>, Elapsed> {
        timeout::recv(self.recv(), limit).await
    }
}

impl<T> UnboundedReceiver<T> {
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
    pub async fn recv_timeout(&self, limit: Duration) -> Result<Option<T>, Elapsed> {
        timeout::recv(self.recv(), limit).await
    }
}
