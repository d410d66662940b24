//! The named future of a send.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::error::SendError;
use crate::ring::{SendFuture as RingSend, Single};

pin_project! {
    /// Sends one message, waiting for room. Made by [`Sender::send`](super::Sender::send).
    ///
    /// It has a name so that it can be a field of another future without a box.
    ///
    /// # Panics
    ///
    /// If it is polled after it was ready, or after its message was [taken back](Self::take).
    ///
    /// # Cancel safety
    ///
    /// *Strict* for the channel, *yields its place*: a dropped one has either sent its message or not, and the room it
    /// was given goes to the next in line. The message goes with it; [`take`](Self::take) saves it.
    #[must_use = "futures do nothing unless polled"]
    pub struct SendFuture<'a, T> {
        #[pin]
        send: RingSend<'a, T, Single>,
    }
}

impl<'a, T> SendFuture<'a, T> {
    #[inline(always)]
    pub(super) fn new(send: RingSend<'a, T, Single>) -> Self {
        Self { send }
    }

    /// Whether it has been in line for room. Room that it was promised there is its own even after the channel was closed, or
    /// the receiver dropped: a message that it sends then may be received by nobody.
    pub fn has_waited(&self) -> bool {
        self.send.has_waited()
    }

    /// Takes the message back, if it has not been sent. The future is then to be dropped.
    pub fn take(self: Pin<&mut Self>) -> Option<T> {
        self.project().send.take_value()
    }
}

impl<T> Future for SendFuture<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().send.poll(cx)
    }
}

impl<T> fmt::Debug for SendFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendFuture").finish_non_exhaustive()
    }
}
