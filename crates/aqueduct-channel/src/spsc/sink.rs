//! The sender as a `Sink`.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_sink::Sink;

use super::Sender;
use crate::error::SendError;

/// A [`Sink`] that sends into a channel. Made by [`Sender::into_sink`].
///
/// `poll_ready` waits for room, `start_send` sends at once; so there is nothing to flush, and dropping it loses
/// nothing. Only where a full channel spills and its second queue is full too is one message kept until there is room.
pub struct SendSink<T> {
    sender: Option<Sender<T>>,
    kept: Option<T>,
}

impl<T> SendSink<T> {
    pub(super) fn new(sender: Sender<T>) -> Self {
        Self {
            sender: Some(sender),
            kept: None,
        }
    }

    /// The sender, unless the sink was closed.
    pub fn sender(&self) -> Option<&Sender<T>> {
        self.sender.as_ref()
    }

    /// Turns the sink back into its sender, and the message that was kept for want of room.
    pub fn into_inner(self) -> (Option<Sender<T>>, Option<T>) {
        (self.sender, self.kept)
    }
}

// A pinned sink gives out no pinned part of itself.
impl<T> Unpin for SendSink<T> {}

impl<T> Sink<T> for SendSink<T> {
    type Error = SendError<Option<T>>;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        ready!(self.as_mut().poll_flush(cx))?;
        match &mut self.sender {
            None => Poll::Ready(Err(SendError(None))),
            Some(sender) if sender.tx.shared.policy().is_some() => Poll::Ready(Ok(())),
            Some(sender) => sender.poll_room(cx, 1).map_err(|_| SendError(None)),
        }
    }

    fn start_send(mut self: Pin<&mut Self>, value: T) -> Result<(), Self::Error> {
        let this = &mut *self;
        let Some(sender) = &mut this.sender else {
            return Err(SendError(Some(value)));
        };
        let mut value = Some(value);
        match sender.tx.attempt(&mut value) {
            Some(sent) => sent.map_err(|error| SendError(Some(error.0))),
            None if sender.tx.rejects() => Err(SendError(value)),
            None => {
                this.kept = value;
                Ok(())
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let this = &mut *self;
        match &mut this.sender {
            Some(sender) if this.kept.is_some() => sender
                .poll_send(cx, &mut this.kept)
                .map_err(|error| SendError(Some(error.0))),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        ready!(self.as_mut().poll_flush(cx))?;
        self.sender = None;
        Poll::Ready(Ok(()))
    }
}

impl<T> fmt::Debug for SendSink<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendSink")
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}
