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
    /// Outside a Tokio runtime with its timer enabled.
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn send_timeout(
        &mut self,
        value: T,
        limit: Duration,
    ) -> Result<(), SendTimeoutError<T>> {
        timeout::send(self.tx().send(value), limit).await
    }
}
