//! Sending, and waiting for room.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::wait_queue::{LazyWait, Place, Queue, Wait, WaitQueue};
use pin_project_lite::pin_project;

use super::{Consumers, Ring, SharedRing};
use crate::cursor::{Cursor, Flag};
use crate::error::SendError;
use crate::local::Local;
use crate::overflow::{Overflow, Policy};

/// What a sender in line asks for: room for so many messages.
#[derive(Debug)]
pub(crate) struct SendRequest {
    want: u64,
    have: u64,
    /// Where the tail was when it got in line.
    since: u64,
    /// Whether its message may go to the second queue.
    may_spill: bool,
    outcome: Outcome,
}

/// How a sender in line was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Not yet, or in part.
    Waiting,
    /// It owns all the room it asked for.
    Promised,
    /// It shall try the second queue again.
    Retry,
    /// There will be no room.
    Closed,
}

impl<T, C: Consumers> Ring<T, C> {
    /// Promises what room there is to those in line.
    pub(super) fn serve_senders(&self) {
        let mut retries = 1;
        self.senders.serve_and(
            |request| self.fulfil_send(request, &mut retries),
            || self.open_tail(),
        );
    }

    fn fulfil_send(&self, request: &mut SendRequest, retries: &mut usize) -> bool {
        loop {
            // The head first, as in `claim`.
            let head = self.see_head();
            let tail = self.tail.word.load();
            if tail.has(Flag::Closed) {
                request.outcome = Outcome::Closed;
                return true;
            }
            if tail.has(Flag::Spilling) {
                let full = self.policy().is_some_and(Policy::is_spill_full);
                if request.may_spill && *retries > 0 && !full {
                    *retries -= 1;
                    request.outcome = Outcome::Retry;
                    return true;
                }
                return false;
            }
            let starving =
                self.head.fair || tail.distance_from(request.since) >= self.tail.capacity;
            let room = self.room_at(tail, head).min(Cursor::OWED_MAX - tail.owed());
            let given = room.min(request.want - request.have);
            if given == 0 {
                match (starving, tail.has(Flag::Gate)) {
                    (true, false) => drop(self.tail.word.set(Flag::Gate)),
                    (false, true) => self.open_tail(),
                    _ => {}
                }
                return false;
            }
            if self.tail.word.change(tail, tail.owing(given)).is_ok() {
                request.have += given;
                if request.have == request.want {
                    request.outcome = Outcome::Promised;
                    return true;
                }
            }
        }
    }

    /// Whether a sender that found no room, and has let others run so many times, shall do so once more.
    fn may_linger(&self, turns: u8) -> bool {
        // Where newcomers are refused, or something else than room can end the wait, it belongs in line.
        if turns == TURNS
            || self.overflow_policy() != Overflow::Wait
            || self.head.fair
            || self.tail.word.load().has_flags()
            || (turns == 0 && self.senders.is_empty())
        {
            return false;
        }
        turns > 0
            || self.with_chase(|chase| {
                let worth = chase.is_worth_a_pause();
                if worth {
                    // In vain until it has brought something, since nobody tells of a future that is dropped.
                    chase.note(false);
                }
                worth
            })
    }

    /// Lets newcomers in again.
    fn open_tail(&self) {
        if self.tail.word.load().has(Flag::Gate) {
            self.tail.word.clear(Flag::Gate);
        }
    }

    /// A sender went away from the line: what it was promised goes to the next.
    fn sender_left(&self, request: &SendRequest) {
        if request.have > 0 {
            self.unreserve(request.have);
        }
        self.serve_senders();
    }
}

/// A handle to the senders' wait queue of a ring.
#[derive(Clone)]
pub(crate) struct SenderLine<R>(pub(crate) R);

// SAFETY: I9: the queue is a field of the ring; a reference's target does not change.
unsafe impl<T, C: Consumers> Queue for SenderLine<&Ring<T, C>> {
    type Request = SendRequest;

    fn wait_queue(&self) -> &WaitQueue<SendRequest> {
        &self.0.senders
    }

    fn left(&self, request: SendRequest, _: bool) {
        self.0.sender_left(&request);
    }
}

// SAFETY: I9: the queue is a field of the ring; a handle's target does not change, and stays while the handle lives.
unsafe impl<T, C: Consumers> Queue for SenderLine<SharedRing<T, C>> {
    type Request = SendRequest;

    fn wait_queue(&self) -> &WaitQueue<SendRequest> {
        &self.0.senders
    }

    fn left(&self, request: SendRequest, _: bool) {
        self.0.sender_left(&request);
    }
}

/// What came of waiting for room.
pub(crate) enum Waited {
    /// So much room is promised to the caller.
    Promised,
    /// The message was sent without it.
    Sent,
    Closed,
}

/// Waits in line for room for `want` messages, or until `retry` sends without.
pub(crate) fn poll_room<T, C, Q>(
    mut wait: Pin<&mut Wait<Q>>,
    ring: &Ring<T, C>,
    cx: &mut Context<'_>,
    want: u64,
    may_spill: bool,
    mut retry: impl FnMut() -> Option<Waited>,
) -> Poll<Waited>
where
    C: Consumers,
    Q: Queue<Request = SendRequest>,
{
    let mut place = Place::Back;
    let mut since = ring.tail.word.load().position();
    loop {
        let mut retries = 1;
        let position = ring.tail.word.load().position();
        let request = ready!(wait.as_mut().poll_wait(
            cx,
            place,
            position,
            || SendRequest {
                want,
                have: 0,
                since,
                may_spill,
                outcome: Outcome::Waiting
            },
            |request| ring.fulfil_send(request, &mut retries),
            || ring.open_tail(),
        ));
        match request.outcome {
            Outcome::Promised => return Poll::Ready(Waited::Promised),
            Outcome::Closed => {
                ring.unreserve(request.have);
                return Poll::Ready(Waited::Closed);
            }
            Outcome::Waiting | Outcome::Retry => {
                if let Some(waited) = retry() {
                    return Poll::Ready(waited);
                }
                // Somebody else was faster: back to the head of the line.
                place = Place::Front;
                since = request.since;
            }
        }
    }
}

/// Sends what is in `value` from a place in line.
pub(super) fn poll_line<T, C, Q>(
    wait: Pin<&mut Wait<Q>>,
    ring: &Ring<T, C>,
    cx: &mut Context<'_>,
    value: &mut Option<T>,
) -> Poll<Result<(), SendError<T>>>
where
    C: Consumers,
    Q: Queue<Request = SendRequest>,
{
    let mut retried = Ok(());
    let spills = ring.overflow_policy() == Overflow::Spill;
    let waited = ready!(poll_room(wait, ring, cx, 1, spills, || {
        retried = ring.attempt(value)?;
        Some(Waited::Sent)
    }));
    Poll::Ready(match (waited, value.take()) {
        (Waited::Promised, Some(value)) => {
            // SAFETY: I1: claimed just now, by the promise.
            unsafe { ring.write(ring.claim_owed(), value) };
            Ok(())
        }
        (Waited::Closed, Some(value)) => Err(SendError(value)),
        _ => retried,
    })
}

/// How often a sender that finds no room, and others in line, lets tasks run before it joins them, where that has lately
/// brought room.
///
/// Where many senders wait in line, each slot that is freed is promised and its owner woken, for one message each
/// (measured with 64 senders on two cores: 180 ns a message). A sender that comes again a little later finds room for
/// many, and keeps nobody waiting who is in line, since room is promised to those first.
pub(super) const TURNS: u8 = if cfg!(aqueduct_loom) { 0 } else { 16 };

pin_project! {
    /// Sends one message.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct SendFuture<'a, T, C>
    where
        C: Consumers,
    {
        ring: &'a Ring<T, C>,
        local: &'a Local,
        value: Option<T>,
        // How often it has let other tasks run before getting in line.
        turns: u8,
        #[pin]
        wait: LazyWait<SenderLine<&'a Ring<T, C>>>,
    }
}

impl<'a, T, C: Consumers> SendFuture<'a, T, C> {
    #[inline]
    pub(crate) fn new(ring: &'a Ring<T, C>, local: &'a Local, value: T) -> Self {
        Self {
            ring,
            local,
            value: Some(value),
            turns: 0,
            wait: LazyWait::new(),
        }
    }

    #[cfg(all(feature = "tokio", not(aqueduct_loom)))]
    pub(crate) fn ring(&self) -> &'a Ring<T, C> {
        self.ring
    }

    pub(crate) fn has_waited(&self) -> bool {
        self.wait.is_made()
    }

    /// The message, if it was not sent.
    pub(crate) fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.project().value.take()
    }

    #[inline(never)]
    fn poll_slow(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let this = self.project();
        let (ring, value) = (*this.ring, this.value);
        if !this.wait.is_made() {
            let mut sent = ring.attempt(value);
            if sent.is_none() && ring.overflow_policy() == Overflow::Reject {
                return Poll::Ready(value.take().map_or(Ok(()), |value| Err(SendError(value))));
            }
            if sent.is_none() && *this.turns == 0 {
                sent = this.local.pause_and(|| ring.attempt(value));
            }
            if let Some(sent) = sent {
                if *this.turns > 0 && sent.is_ok() {
                    ring.with_chase(|chase| chase.note(true));
                }
                return Poll::Ready(sent);
            }
            if ring.may_linger(*this.turns) {
                *this.turns += 1;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        poll_line(this.wait.get(|| SenderLine(ring)), ring, cx, value)
    }
}

impl<T, C: Consumers> Future for SendFuture<'_, T, C> {
    type Output = Result<(), SendError<T>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let local = self.local;
        // Before the claim: a slot that is claimed has to be written.
        assert!(
            self.value.is_some(),
            "a future that was ready is not polled again"
        );
        ready!(local.poll_budget(cx));
        let claimed = if self.wait.is_made() || self.turns > 0 {
            None
        } else {
            self.ring.claim(|at| local.stand_back(at))
        };
        let sent = match claimed {
            Some(position) => {
                let this = self.project();
                let value = this
                    .value
                    .take()
                    .expect("a future that was ready is not polled again");
                // SAFETY: I1: just claimed.
                unsafe { this.ring.write(position, value) };
                Ok(())
            }
            None => ready!(self.poll_slow(cx)),
        };
        local.spend();
        Poll::Ready(sent)
    }
}

impl<T, C: Consumers> fmt::Debug for SendFuture<'_, T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendFuture").finish_non_exhaustive()
    }
}
