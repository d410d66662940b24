//! The word that both halves of a channel share, and every step it can take.
//!
//! Steps are pure functions of the word that was seen; what they return says what to write, if anything. The word
//! itself knows two operations: to be looked at, and to be moved from what was seen to what comes next.
//!
//! ```text
//!   OPEN:       { version: 58 | 0000 | sender waits: 1 | receiver waits: 1 }
//!   otherwise:  one of the four constants CLOSED, SENT, UNSENT, DEAF
//! ```

use std::fmt;

use aqueduct_core::sync::{AtomicU64, Ordering};

/// The word as it was seen at one moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct State(u64);

/// One of the two halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Receiver,
    Sender,
}

/// What is to be done about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Verdict {
    /// Move the word to this.
    To(State),
    /// The event changes nothing.
    Stay,
    /// The other half has left, and the cell is the caller's to free.
    Last,
}

impl State {
    /// Both halves are there and nothing has happened but waiting.
    pub(super) const OPEN: Self = Self(0);
    /// The receiver takes no value any more; both halves are there.
    pub(super) const CLOSED: Self = Self(1 << 2);
    /// The value is in the cell; the sender has left.
    pub(super) const SENT: Self = Self(1 << 3);
    /// The sender has left without a value.
    pub(super) const UNSENT: Self = Self(1 << 4);
    /// The receiver has left.
    pub(super) const DEAF: Self = Self(1 << 5);

    const OVER: u64 = Self::CLOSED.0 | Self::SENT.0 | Self::UNSENT.0 | Self::DEAF.0;
    const VERSION: u64 = 1 << 6;

    /// Whether both halves are there, with nothing sent and nothing closed.
    #[inline(always)]
    pub(super) fn is_open(self) -> bool {
        self.0 & Self::OVER == 0
    }

    /// Whether `side` has a waker in the cell.
    #[inline(always)]
    pub(super) fn waits(self, side: Side) -> bool {
        self.0 & side.bit() != 0
    }

    /// The open word with a waker of `side` in the cell.
    pub(super) fn waiting(self, side: Side) -> Self {
        Self(self.0 | side.bit())
    }

    /// The open word without the waker of `side`, which is the caller's again.
    ///
    /// It has a new version: an open word is never the same twice (I3 of the parent module).
    pub(super) fn not_waiting(self, side: Side) -> Self {
        Self((self.0 & !side.bit()).wrapping_add(Self::VERSION))
    }

    /// The sender has a value to send, and will have left if it moves the word.
    #[inline(always)]
    pub(super) fn on_send(self) -> Verdict {
        if self.is_open() {
            Verdict::To(Self::SENT)
        } else {
            Verdict::Stay
        }
    }

    /// The sender goes away without a value.
    #[inline]
    pub(super) fn on_sender_leaving(self) -> Verdict {
        if self == Self::DEAF {
            Verdict::Last
        } else {
            Verdict::To(Self::UNSENT)
        }
    }

    /// The receiver wants no value any more, and stays.
    pub(super) fn on_close(self) -> Verdict {
        if self.is_open() {
            Verdict::To(Self::CLOSED)
        } else {
            Verdict::Stay
        }
    }

    /// The receiver goes away.
    #[inline]
    pub(super) fn on_receiver_leaving(self) -> Verdict {
        if self == Self::SENT || self == Self::UNSENT {
            Verdict::Last
        } else {
            Verdict::To(Self::DEAF)
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::CLOSED => "Closed",
            Self::SENT => "Sent",
            Self::UNSENT => "Unsent",
            Self::DEAF => "Deaf",
            _ => "Open",
        })
    }
}

impl Side {
    #[inline(always)]
    fn bit(self) -> u64 {
        match self {
            Self::Receiver => 1,
            Self::Sender => 1 << 1,
        }
    }
}

/// The word itself.
#[repr(transparent)]
pub(super) struct StateWord(AtomicU64);

impl StateWord {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(State::OPEN.0))
    }

    /// Looks at the word.
    #[inline(always)]
    pub(super) fn load(&self) -> State {
        // Acquire pairs with the Release in `step`: the value or the waker that the word speaks of is there to be
        // read, and whatever the half that has left did with the cell is over.
        State(self.0.load(Ordering::Acquire))
    }

    /// Moves the word from `seen` to `next`, or gives what it is instead (`seen` itself, now and then).
    #[inline(always)]
    pub(super) fn step(&self, seen: State, next: State) -> Result<(), State> {
        // Release, and Acquire on failure, pair with each other and with the Acquire in `load`. On success nothing is
        // read that the sight of `seen`, which was an Acquire, did not cover.
        match self
            .0
            .compare_exchange_weak(seen.0, next.0, Ordering::Release, Ordering::Acquire)
        {
            Ok(_) => Ok(()),
            Err(now) => Err(State(now)),
        }
    }
}
