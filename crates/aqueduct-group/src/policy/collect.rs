use std::convert::Infallible;

use super::{Ending, InOrder, Next, Policy, Triage, Verdict};
use crate::failure::Panicked;
use crate::info::TaskRef;

/// Waits for all tasks, whatever becomes of them.
///
/// Gives what became of each, in spawn order.
#[derive(Debug)]
pub struct Collect<T>(InOrder<TaskEnd<T>>);

/// What became of a task.
#[derive(Clone, Debug)]
pub enum TaskEnd<T> {
    /// It returned.
    Returned(T),
    /// It panicked.
    Panicked(Panicked),
    /// It was cancelled before it returned.
    Cancelled,
}

impl<T> TaskEnd<T> {
    /// The value, if the task returned.
    pub fn returned(self) -> Option<T> {
        match self {
            Self::Returned(value) => Some(value),
            Self::Panicked(_) | Self::Cancelled => None,
        }
    }
}

impl<T> Collect<T> {
    /// Creates the policy.
    pub const fn new() -> Self {
        Self(InOrder::new())
    }
}

impl<T> Default for Collect<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Send> Policy for Collect<T> {
    type Output = T;
    type Error = Infallible;
    type Value = Vec<TaskEnd<T>>;

    fn returned(&mut self, task: TaskRef<'_>, output: T) -> Verdict<Infallible> {
        self.0.put(task.index(), TaskEnd::Returned(output));
        Verdict::Continue
    }

    fn panicked(&mut self, task: TaskRef<'_>, panic: &Panicked) -> Next {
        self.0.put(task.index(), TaskEnd::Panicked(panic.clone()));
        Next::Continue
    }

    fn cut_short(&mut self, task: TaskRef<'_>) {
        self.0.put(task.index(), TaskEnd::Cancelled);
    }

    fn finish(self, _: Ending<Infallible>) -> Vec<TaskEnd<T>> {
        self.0.into_values()
    }

    fn triage(_: &T) -> Triage {
        Triage::Later
    }
}
