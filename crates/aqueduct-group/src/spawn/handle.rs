use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use aqueduct_channel::oneshot;

use crate::info::TaskId;

/// Gives the value of a task whose type is not the group's. Dropping it leaves the task alone.
///
/// It is ready when the task has returned, which is a little before the task has left its group: that may still be in the
/// [tree](crate::tree()), and count against the limit. Who is to know that nothing of it is left waits for the group.
///
/// # Errors
///
/// [`NoOutput`] if the task panicked or was cancelled.
///
/// # Cancel safety
///
/// *Strict*: the value stays until it is taken.
#[derive(Debug)]
#[must_use = "the task's value is lost if nobody awaits it"]
pub struct TaskHandle<T> {
    id: TaskId,
    output: oneshot::Receiver<T>,
}

/// The task ended without a value: it panicked, which the group tells of, or was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoOutput(());

impl<T> TaskHandle<T> {
    pub(super) fn new(id: TaskId, output: oneshot::Receiver<T>) -> Self {
        Self { id, output }
    }

    /// The task's number.
    pub fn id(&self) -> TaskId {
        self.id
    }
}

impl<T> Future for TaskHandle<T> {
    type Output = Result<T, NoOutput>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let output = Pin::new(&mut self.output).poll(cx);
        output.map_err(|_| NoOutput(()))
    }
}

impl fmt::Display for NoOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the task panicked or was cancelled")
    }
}

impl Error for NoOutput {}
