//! Time limits, which need Tokio's clock.

use std::time::Duration;

use super::Sender;
use crate::error::SendTimeoutError;
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
    pub async fn send_timeout(
        &mut self,
        value: T,
        limit: Duration,
    ) -> Result<(), SendTimeoutError<T>> {
        timeout::send(self.tx().send(value), limit).await
    }
}
