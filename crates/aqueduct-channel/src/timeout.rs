//! Time limits around sends and receives.

use std::pin::pin;
use std::time::Duration;

use aqueduct_core::rt;

use crate::error::{Elapsed, SendError, SendTimeoutError};
use crate::ring::{Consumers, SendFuture};

/// Sends within a time limit, or hands the message back.
pub(crate) async fn send<T, C: Consumers>(
    send: SendFuture<'_, T, C>,
    limit: Duration,
) -> Result<(), SendTimeoutError<T>> {
    let ring = send.ring();
    let mut send = pin!(send);
    match rt::until(rt::deadline_in(limit), send.as_mut()).await {
        Some(sent) => sent.map_err(|error| refused(error, ring.is_closed())),
        None => match send.take_value() {
            Some(value) => Err(SendTimeoutError::Timeout(value)),
            None => Ok(()),
        },
    }
}

/// Why a send failed before its time was up: the channel was closed, or it is full and rejects.
pub(crate) fn refused<T>(error: SendError<T>, closed: bool) -> SendTimeoutError<T> {
    if closed {
        SendTimeoutError::Closed(error.0)
    } else {
        SendTimeoutError::Timeout(error.0)
    }
}

/// Receives within a time limit.
pub(crate) async fn recv<T>(
    recv: impl Future<Output = Option<T>>,
    limit: Duration,
) -> Result<Option<T>, Elapsed> {
    rt::until(rt::deadline_in(limit), recv)
        .await
        .ok_or(Elapsed(()))
}
