//! What can go wrong, and who has the items then.

use std::error::Error;
use std::fmt;

/// A batch could not be written, and what was behind it was not tried.
pub struct WriteError<T, E> {
    /// All that was queued and is not written: the batch that failed, and what came after it, in order.
    pub batch: Vec<T>,
    /// Why the last try failed.
    pub source: E,
}

impl<T, E: fmt::Debug> fmt::Debug for WriteError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteError")
            .field("batch_len", &self.batch.len())
            .field("source", &self.source)
            .finish()
    }
}

impl<T, E> fmt::Display for WriteError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.batch.len() {
            0 => f.write_str("nothing was taken to be written"),
            1 => write!(f, "an item could not be written"),
            len => write!(f, "{len} items could not be written"),
        }
    }
}

impl<T, E: Error + 'static> Error for WriteError<T, E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl<T, E> WriteError<T, E> {
    /// The same of a stream that was written.
    pub(crate) fn into_fed(self) -> WriteError<T, FeedError<E>> {
        WriteError {
            batch: self.batch,
            source: FeedError::Failed(self.source),
        }
    }
}

impl<T, E> WriteError<T, FeedError<E>> {
    /// A stream was to be written that the writer did not take; it has lost nothing by that.
    pub(crate) fn closed() -> Self {
        Self {
            batch: Vec::new(),
            source: FeedError::Closed,
        }
    }
}

/// Why a stream is not written by its writer: the source of the [`WriteError`] of [`Flow::write_batches`] and
/// [`Flow::checkpoint`].
///
/// [`Flow::write_batches`]: crate::Flow::write_batches
/// [`Flow::checkpoint`]: crate::Flow::checkpoint
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedError<E> {
    /// The writer was shut down before, so it has taken nothing: all items are in the source still. What it had from others
    /// is written.
    Closed,
    /// A batch could not be written. This is the sink's error.
    Failed(E),
}

impl<E: fmt::Display> fmt::Display for FeedError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the writer is closed"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl<E: Error> Error for FeedError<E> {
    /// That of the sink's error, which this stands for.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Closed => None,
            Self::Failed(error) => error.source(),
        }
    }
}

/// A writer did not end well.
pub enum ShutdownError<T, E> {
    /// A batch could not be written; it and what came after it are handed back.
    Failed(WriteError<T, E>),
    /// The grace was over first. The thread writes on, and `shutdown` may be called again to wait for it.
    Elapsed,
    /// Another `shutdown` was told how it ended, or is waiting for it now.
    AlreadyShutDown,
}

impl<T, E: fmt::Debug> fmt::Debug for ShutdownError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => f.debug_tuple("Failed").field(error).finish(),
            Self::Elapsed => f.write_str("Elapsed"),
            Self::AlreadyShutDown => f.write_str("AlreadyShutDown"),
        }
    }
}

impl<T, E> fmt::Display for ShutdownError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Elapsed => f.write_str("not all was written within the grace"),
            Self::AlreadyShutDown => f.write_str("the writer was shut down before"),
        }
    }
}

impl<T, E: Error + 'static> Error for ShutdownError<T, E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(error) => Some(&error.source),
            Self::Elapsed | Self::AlreadyShutDown => None,
        }
    }
}

/// Something was not acknowledged.
#[derive(PartialEq, Eq, Clone, Copy)]
pub enum AckError<T> {
    /// The writer takes nothing any more: it was shut down, or it has failed. What was not taken comes back.
    Closed(T),
    /// It was queued, and its batch, or one before it, failed: [`shutdown`](super::BatchWriter::shutdown) hands it back.
    Failed,
}

impl<T> fmt::Debug for AckError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed(_) => "Closed(..)",
            Self::Failed => "Failed",
        })
    }
}

impl<T> fmt::Display for AckError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed(_) => "the writer is closed",
            Self::Failed => "the batch could not be written",
        })
    }
}

impl<T> Error for AckError<T> {}
