//! Sending into a channel that waits for its slowest receiver. The invariants are those of [`chan`](super::chan).

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::wait_queue::{LazyWait, Place, Queue, WaitQueue};
use pin_project_lite::pin_project;

use super::chan::{Chan, Claim};
use super::error::SendError;
use crate::error::TrySendError;
use crate::local::Local;
use crate::overflow::Overflow;

/// What became of a sender in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RoomRequest {
    /// Nothing yet.
    Waiting,
    /// There is room for its message.
    Promised,
    /// There is nobody to send to.
    Closed,
}

/// A handle to the senders' wait queue of a channel.
pub(super) struct SenderLine<'a, T>(&'a Chan<T>);

// SAFETY: I7 of the chan: the queue is a field of the channel; a reference's target does not change.
unsafe impl<T> Queue for SenderLine<'_, T> {
    type Request = RoomRequest;

    fn wait_queue(&self) -> &WaitQueue<RoomRequest> {
        self.0.senders()
    }

    fn left(&self, request: RoomRequest, _: bool) {
        if request == RoomRequest::Promised {
            self.0.give_back();
        }
    }
}

pin_project! {
    /// Sends one message, waiting for room.
    #[must_use = "futures do nothing unless polled"]
    pub(super) struct SendWait<'a, T> {
        chan: &'a Chan<T>,
        local: &'a Local,
        value: Option<T>,
        #[pin]
        wait: LazyWait<SenderLine<'a, T>>,
    }
}

impl<'a, T> SendWait<'a, T> {
    pub(super) fn new(chan: &'a Chan<T>, local: &'a Local, value: T) -> Self {
        Self {
            chan,
            local,
            value: Some(value),
            wait: LazyWait::new(),
        }
    }
}

impl<T> Future for SendWait<'_, T> {
    type Output = Result<usize, SendError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let chan = *this.chan;
        ready!(this.local.poll_budget(cx));
        let taken = this.value.take();
        let value = taken.expect("a future that was ready is not polled again");
        // Who is in line goes first.
        let waits = chan.overflow() == Overflow::Wait;
        let value = if waits && (this.wait.is_made() || !chan.senders().is_empty()) {
            value
        } else {
            match chan.push(value, Claim::New) {
                Err(TrySendError::Full(value)) if waits => value,
                sent => {
                    this.local.spend();
                    return Poll::Ready(sent.map_err(|error| SendError(error.into_inner())));
                }
            }
        };
        let served = this.wait.get(|| SenderLine(chan)).poll_wait(
            cx,
            Place::Back,
            // Always the same: see `Chan::new`.
            0,
            || RoomRequest::Waiting,
            |request| chan.promise_room(request),
            || {},
        );
        let Poll::Ready(request) = served else {
            *this.value = Some(value);
            return Poll::Pending;
        };
        this.local.spend();
        Poll::Ready(if request == RoomRequest::Promised {
            let sent = chan.push(value, Claim::Promised);
            sent.map_err(|error| SendError(error.into_inner()))
        } else {
            Err(SendError(value))
        })
    }
}

impl<T> fmt::Debug for SendWait<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendWait").finish_non_exhaustive()
    }
}
