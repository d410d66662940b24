//! The errors of a broadcast: Tokio's, with Tokio's names, variants and words.

use std::error::Error;
use std::fmt;

pub use crate::error::TrySendError;

/// There is no receiver; the message comes back.
///
/// In a channel built with [`Overflow::Wait`](crate::Overflow::Wait) or [`Reject`](crate::Overflow::Reject), a `send`
/// that does not wait says so of a full channel as well; `try_send` tells the two apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError<T>(pub T);

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl<T: fmt::Debug> Error for SendError<T> {}

/// No message was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecvError {
    /// There are no senders, so nothing will come.
    Closed,
    /// So many messages were lost to this receiver, which was too slow. It goes on with the oldest there is.
    Lagged(u64),
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("channel closed"),
            Self::Lagged(lost) => write!(f, "channel lagged by {lost}"),
        }
    }
}

impl Error for RecvError {}

/// A receive that does not wait gave no message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is nothing at present, but there are senders.
    Empty,
    /// There is nothing, and there are no senders.
    Closed,
    /// So many messages were lost to this receiver, which was too slow. It goes on with the oldest there is.
    Lagged(u64),
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("channel empty"),
            Self::Closed => f.write_str("channel closed"),
            Self::Lagged(lost) => write!(f, "channel lagged by {lost}"),
        }
    }
}

impl Error for TryRecvError {}

/// What a receiver gives as a [`Stream`](futures_core::Stream) in place of messages that it lost. The name and the words
/// are those of `tokio-stream`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BroadcastStreamRecvError {
    /// So many messages were lost to this receiver, which was too slow. It goes on with the oldest there is.
    Lagged(u64),
}

impl fmt::Display for BroadcastStreamRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lagged(lost) => write!(f, "channel lagged by {lost}"),
        }
    }
}

impl Error for BroadcastStreamRecvError {}
