//! Answering an ask.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use crate::ask::AskCell;

/// Where an answer goes. It is part of a message that asks.
///
/// It may be kept and answered later, sent to another actor in another message, or dropped: then the asker gets
/// [`Unknown`](crate::AskError::Unknown).
#[must_use = "whoever asked waits for an answer; dropping it says that there will be none"]
pub struct Reply<R, E = Infallible> {
    // Always there, so that the pointer has a niche for the enum of messages around it.
    cell: Arc<AskCell<R, E>>,
}

impl<R, E> Reply<R, E> {
    pub(crate) fn new(cell: Arc<AskCell<R, E>>) -> Self {
        Self { cell }
    }

    /// Answers. Nothing happens if the asker does not wait any more.
    pub fn send(self, answer: R) {
        self.send_result(Ok(answer));
    }

    /// Answers with an error, which the asker gets as [`Handler`](crate::AskError::Handler).
    pub fn fail(self, error: E) {
        self.send_result(Err(error));
    }

    /// Answers with what a function returned.
    pub fn send_result(self, result: Result<R, E>) {
        // What comes back is dropped here, outside of the cell's lock.
        drop(self.cell.answer(result));
    }

    /// Whether nobody waits for the answer any more, so that there is no need of it.
    pub fn is_closed(&self) -> bool {
        !self.cell.is_waiting()
    }
}

impl<R, E> Drop for Reply<R, E> {
    fn drop(&mut self) {
        self.cell.lose();
    }
}

impl<R, E> fmt::Debug for Reply<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
