//! What can go wrong with a message, and whether it ran.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// A message was not taken: it has not run and never will. It comes back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TellError<M>(pub M);

/// A message was not taken now. It comes back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TryTellError<M> {
    /// There is no room at present.
    Full(M),
    /// The actor takes no messages any more, or not until it is started again.
    Closed(M),
}

/// A message was not taken in time. It comes back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TellWithinError<M> {
    /// There was no room before the time was up.
    Elapsed(M),
    /// It was refused.
    Closed(M),
}

/// An ask without an answer. Each variant says whether the message ran.
#[derive(Clone, PartialEq, Eq)]
pub enum AskError<M, E> {
    /// It has not run and never will: it is safe to ask again.
    Unsent(Unsent<M>),
    /// The mailbox took it, and then its [`Reply`](crate::Reply) was dropped: the handler did not answer, or panicked, or the
    /// actor ended first. Nobody knows what was done.
    Unknown,
    /// It ran, and this is the handler's answer.
    Handler(E),
    /// The mailbox took it, and there was no answer in time. It may run still.
    Elapsed,
}

/// A message that an ask could not deliver, and why.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsent<M> {
    /// The message. The [`Reply`](crate::Reply) in it leads nowhere any more.
    pub message: M,
    /// Why.
    pub reason: UnsentReason,
}

/// Why a message was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnsentReason {
    /// The actor takes no messages any more, or not until it is started again; or it ended before it came to this one.
    Closed,
    /// There was no room, and it was not to be waited for.
    Full,
    /// It was in the mailbox, and had to make room by its overflow policy.
    Evicted,
    /// The time was up before there was room.
    Elapsed,
    /// The actor asked itself, and would have waited for itself.
    ToItself,
    /// Actors that ask each other in a circle would have waited for ever: their names, from the one that asks. Found in
    /// debug builds.
    Cycle(Arc<[Arc<str>]>),
}

impl<M> TryTellError<M> {
    /// The message.
    pub fn into_inner(self) -> M {
        match self {
            Self::Full(message) | Self::Closed(message) => message,
        }
    }
}

impl<M> TellWithinError<M> {
    /// The message.
    pub fn into_inner(self) -> M {
        match self {
            Self::Elapsed(message) | Self::Closed(message) => message,
        }
    }
}

impl<M, E> AskError<M, E> {
    /// The message, if it has not run and never will.
    pub fn into_unsent(self) -> Option<M> {
        match self {
            Self::Unsent(unsent) => Some(unsent.message),
            _ => None,
        }
    }

    /// Whether the message has not run and never will.
    pub fn is_unsent(&self) -> bool {
        matches!(self, Self::Unsent(_))
    }

    /// The same with another type of message.
    pub fn map_message<N>(self, map: impl FnOnce(M) -> N) -> AskError<N, E> {
        match self {
            Self::Unsent(Unsent { message, reason }) => AskError::Unsent(Unsent {
                message: map(message),
                reason,
            }),
            Self::Unknown => AskError::Unknown,
            Self::Handler(error) => AskError::Handler(error),
            Self::Elapsed => AskError::Elapsed,
        }
    }
}

const CLOSED: &str = "the actor takes no messages";
const FULL: &str = "the actor's mailbox is full";

impl fmt::Display for UnsentReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str(CLOSED),
            Self::Full => f.write_str(FULL),
            Self::Evicted => f.write_str("it had to make room in the actor's mailbox"),
            Self::Elapsed => f.write_str("there was no room in the actor's mailbox in time"),
            Self::ToItself => f.write_str("an actor that asks itself would wait for ever"),
            Self::Cycle(names) => {
                f.write_str("actors that ask each other would wait for ever: ")?;
                for name in names.iter() {
                    write!(f, "{name} → ")?;
                }
                f.write_str(names.first().map_or("", |first| first))
            }
        }
    }
}

impl<M> fmt::Display for TellError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the message was not taken: the actor takes none, or its mailbox is full and rejects",
        )
    }
}

impl<M> fmt::Display for TryTellError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => FULL,
            Self::Closed(_) => CLOSED,
        })
    }
}

impl<M> fmt::Display for TellWithinError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Elapsed(_) => "there was no room in the actor's mailbox in time",
            Self::Closed(_) => CLOSED,
        })
    }
}

impl<M> fmt::Display for Unsent<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the message was not delivered: {}", self.reason)
    }
}

impl<M, E: fmt::Display> fmt::Display for AskError<M, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsent(unsent) => unsent.fmt(f),
            Self::Unknown => f.write_str("there will be no answer; what was done is unknown"),
            Self::Handler(error) => error.fmt(f),
            Self::Elapsed => f.write_str("there was no answer in time; what is done is unknown"),
        }
    }
}

// Messages need not be `Debug`, and are not for the log.

impl<M> fmt::Debug for TellError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TellError").finish_non_exhaustive()
    }
}

impl<M> fmt::Debug for TryTellError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<M> fmt::Debug for TellWithinError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Elapsed(_) => "Elapsed(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<M> fmt::Debug for Unsent<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsent")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl<M, E: fmt::Debug> fmt::Debug for AskError<M, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsent(unsent) => f.debug_tuple("Unsent").field(unsent).finish(),
            Self::Unknown => f.write_str("Unknown"),
            Self::Handler(error) => f.debug_tuple("Handler").field(error).finish(),
            Self::Elapsed => f.write_str("Elapsed"),
        }
    }
}

impl<M> Error for TellError<M> {}
impl<M> Error for TryTellError<M> {}
impl<M> Error for TellWithinError<M> {}
impl<M> Error for Unsent<M> {}

impl<M, E: Error + 'static> Error for AskError<M, E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // It is displayed as the handler's error, so that its source is what comes next.
            Self::Handler(error) => error.source(),
            _ => None,
        }
    }
}
