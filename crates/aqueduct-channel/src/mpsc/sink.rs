//! The sender as a `Sink`.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_sink::Sink;

use super::Sender;
use crate::error::SendError;
use crate::ring::{RingSink, SendsIntoRing, SharedRing, Single};

/// A [`Sink`] that sends into a channel. Made by [`Sender::into_sink`].
///
/// `poll_ready` waits for room, which is then promised to the sink; `start_send` sends at once, so that there is
/// nothing to flush, and dropping the sink loses nothing. Only with an [`Overflow`](crate::Overflow) other than `Wait`,
/// where `start_send` itself meets the overflow, may one message be kept until there is room.
///
/// A sink that has waited and is not asked any more keeps its place in line, or its room, from the other senders:
/// [`abort_send`](Self::abort_send) gives it up, and so does dropping or closing the sink.
pub struct SendSink<T> {
    inner: RingSink<Sender<T>>,
}

impl<T> SendSink<T> {
    pub(super) fn new(sender: Sender<T>) -> Self {
        Self {
            inner: RingSink::new(sender),
        }
    }

    /// The sender, unless the sink was closed.
    pub fn sender(&self) -> Option<&Sender<T>> {
        self.inner.sender()
    }

    /// Gives up the place in line, or the room that `poll_ready` was promised, to the next sender. Says whether there
    /// was something to give up; `poll_ready` must then be asked again.
    pub fn abort_send(&mut self) -> bool {
        self.inner.abort_send()
    }

    /// Turns the sink back into its sender, and the message that was kept for want of room.
    pub fn into_inner(self) -> (Option<Sender<T>>, Option<T>) {
        self.inner.into_inner()
    }
}

impl<T> SendsIntoRing for Sender<T> {
    type Message = T;
    type Receivers = Single;

    fn shared_ring(&self) -> &SharedRing<T, Single> {
        self.ring()
    }
}

impl<T> Sink<T> for SendSink<T> {
    type Error = SendError<Option<T>>;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, value: T) -> Result<(), Self::Error> {
        self.inner.start_send(value)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_close(cx)
    }
}

impl<T> fmt::Debug for SendSink<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendSink")
            .field("sender", &self.sender())
            .finish_non_exhaustive()
    }
}
