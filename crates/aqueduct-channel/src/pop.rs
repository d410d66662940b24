//! What a look for a message found, and what receivers make of it.

use crate::error::TryRecvError;

/// What a look for a message found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pop<T> {
    Value(T),
    /// There is nothing now.
    Empty,
    /// A message has been sent, by a thread that was stopped before it could write it.
    ///
    /// Who waits takes it for [`Pop::Empty`]: that thread notifies when it has written. Who does not wait must not say
    /// "empty": it pauses, or yields, and tries again.
    Lagging,
    /// There is nothing, and nothing will come.
    Ended,
}

impl<T> Pop<T> {
    pub(crate) fn map<R>(self, map: impl FnOnce(T) -> R) -> Pop<R> {
        match self {
            Self::Value(value) => Pop::Value(map(value)),
            Self::Empty => Pop::Empty,
            Self::Lagging => Pop::Lagging,
            Self::Ended => Pop::Ended,
        }
    }

    /// What a receiver that can sleep makes of it: a message, the end, or nothing yet.
    pub(crate) fn settled(self) -> Option<Option<T>> {
        match self {
            Self::Value(value) => Some(Some(value)),
            Self::Ended => Some(None),
            Self::Empty | Self::Lagging => None,
        }
    }
}

impl<T> From<Pop<T>> for Result<T, TryRecvError> {
    fn from(pop: Pop<T>) -> Self {
        match pop {
            Pop::Value(value) => Ok(value),
            Pop::Ended => Err(TryRecvError::Disconnected),
            Pop::Empty | Pop::Lagging => Err(TryRecvError::Empty),
        }
    }
}
