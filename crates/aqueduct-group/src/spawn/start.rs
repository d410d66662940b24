use std::error::Error;
use std::fmt;

use aqueduct_channel::oneshot;

/// By which a task says that it is ready. See [`TaskBuilder::start`](crate::TaskBuilder::start).
#[derive(Debug)]
#[must_use = "whoever starts the task waits for this"]
pub struct Ready<T>(oneshot::Sender<T>);

/// Why a task was not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// The group takes no more tasks.
    Closed,
    /// The task ended, or dropped its [`Ready`], before it was ready. If it failed, the group tells of it.
    Ended,
}

impl<T> Ready<T> {
    pub(super) fn new() -> (Self, oneshot::Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        (Self(sender), receiver)
    }

    /// Lets whoever started the task go on, with `value`. Says whether anybody still waited.
    pub fn ready(self, value: T) -> bool {
        self.0.send(value).is_ok()
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the group is closed",
            Self::Ended => "the task ended before it was ready",
        })
    }
}

impl Error for StartError {}
