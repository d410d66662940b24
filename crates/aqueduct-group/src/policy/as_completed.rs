use std::collections::VecDeque;
use std::convert::Infallible;

use super::{Ending, Next, Policy, TaskEnd, Triage, Verdict};
use crate::failure::Panicked;
use crate::info::{TaskInfo, TaskRef};

/// Hands out what became of each task as it ends, by [`TaskGroup::next`](crate::TaskGroup::next).
///
/// What nobody takes piles up: for a group that lives long and whose results nobody reads, take
/// [`Discard`](super::Discard). Joining the group gives what was not taken.
#[derive(Debug)]
pub struct AsCompleted<T>(VecDeque<(TaskInfo, TaskEnd<T>)>);

impl<T> AsCompleted<T> {
    /// Creates the policy.
    pub const fn new() -> Self {
        Self(VecDeque::new())
    }

    pub(crate) fn pop(&mut self) -> Option<(TaskInfo, TaskEnd<T>)> {
        self.0.pop_front()
    }
}

impl<T> Default for AsCompleted<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Send> Policy for AsCompleted<T> {
    type Output = T;
    type Error = Infallible;
    type Value = Vec<(TaskInfo, TaskEnd<T>)>;

    fn returned(&mut self, task: TaskRef<'_>, output: T) -> Verdict<Infallible> {
        self.0
            .push_back((task.to_info(), TaskEnd::Returned(output)));
        Verdict::Continue
    }

    fn panicked(&mut self, task: TaskRef<'_>, panic: &Panicked) -> Next {
        let end = TaskEnd::Panicked(panic.clone());
        self.0.push_back((task.to_info(), end));
        Next::Continue
    }

    fn cut_short(&mut self, task: TaskRef<'_>) {
        self.0.push_back((task.to_info(), TaskEnd::Cancelled));
    }

    fn triage_cut_short() -> Triage {
        Triage::Now
    }

    fn finish(self, _: Ending<Infallible>) -> Self::Value {
        self.0.into()
    }
}
