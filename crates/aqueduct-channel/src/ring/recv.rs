//! Receiving where there are several receivers.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::wait_queue::{LazyWait, Place, Queue, Wait};
use pin_project_lite::pin_project;

use super::{Many, ReceiverLine, Ring};
use crate::local::Local;

/// What a receiver in line asks for.
#[derive(Debug)]
pub(crate) struct RecvRequest {
    /// Where the head was when it got in line.
    pub(super) since: u64,
    pub(super) outcome: Outcome,
}

/// How a receiver in line was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Not yet.
    Waiting,
    /// It has a message at the head for certain.
    Promised,
    /// It shall look again, among others.
    Retry,
    /// There will be no message.
    Ended,
}

/// How long one receiver is in line.
pub(crate) trait InLine<T> {
    /// Waits for a message, from a place in line.
    fn poll_line(
        self: Pin<&mut Self>,
        ring: &Ring<T, Many>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<T>>;
}

impl<T, Q: Queue<Request = RecvRequest>> InLine<T> for Wait<Q> {
    fn poll_line(
        mut self: Pin<&mut Self>,
        ring: &Ring<T, Many>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<T>> {
        let mut place = Place::Back;
        let mut since = ring.head.word.load().position();
        loop {
            let mut spilled = None;
            let position = ring.head.word.load().position();
            let request = ready!(self.as_mut().poll_wait(
                cx,
                place,
                position,
                || RecvRequest {
                    since,
                    outcome: Outcome::Waiting
                },
                |request| ring.fulfil_receive(request, &mut spilled),
                || ring.open_head(),
            ));
            match request.outcome {
                Outcome::Promised => return Poll::Ready(Some(ring.pop_promised())),
                Outcome::Ended => return Poll::Ready(None),
                Outcome::Waiting | Outcome::Retry => {
                    if let Some(next) = ring.pop_any().settled() {
                        return Poll::Ready(next);
                    }
                    // Somebody else was faster: back to the head of the line.
                    place = Place::Front;
                    since = request.since;
                }
            }
        }
    }
}

pin_project! {
    /// Receives one message.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct RecvFuture<'a, T> {
        ring: &'a Ring<T, Many>,
        local: &'a Local,
        #[pin]
        wait: LazyWait<ReceiverLine<&'a Ring<T, Many>>>,
    }
}

impl<'a, T> RecvFuture<'a, T> {
    #[inline]
    pub(crate) fn new(ring: &'a Ring<T, Many>, local: &'a Local) -> Self {
        Self {
            ring,
            local,
            wait: LazyWait::new(),
        }
    }

    #[inline(never)]
    fn poll_slow(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.project();
        if !this.wait.is_made() {
            let look = || this.ring.pop().settled();
            if let Some(next) = look().or_else(|| this.local.pause_and(look)) {
                return Poll::Ready(next);
            }
        }
        let wait = this.wait.get(|| ReceiverLine(*this.ring));
        wait.poll_line(this.ring, cx)
    }
}

impl<T> Future for RecvFuture<'_, T> {
    type Output = Option<T>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let local = self.local;
        ready!(local.poll_budget(cx));
        let ready = if self.wait.is_made() {
            None
        } else {
            self.ring.pop_ready(|at| local.stand_back(at))
        };
        let next = match ready {
            Some(value) => Some(value),
            None => ready!(self.poll_slow(cx)),
        };
        local.spend();
        Poll::Ready(next)
    }
}

impl<T> fmt::Debug for RecvFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvFuture").finish_non_exhaustive()
    }
}
