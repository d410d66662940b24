use std::error::Error;

use super::{Ending, Errors, InOrder, Next, Policy, Triage, Verdict};
use crate::failure::{GroupError, Panicked};
use crate::info::TaskRef;

/// All tasks must succeed: the first failure cancels the rest.
///
/// Gives the values in spawn order, or the failures: the first, and those of tasks that failed before they noticed that
/// they were cancelled.
#[derive(Debug)]
pub struct AllOk<T, E> {
    values: InOrder<T>,
    errors: Errors<E>,
}

impl<T, E: 'static> AllOk<T, E> {
    /// Creates the policy.
    pub const fn new() -> Self {
        Self {
            values: InOrder::new(),
            errors: Errors::known(),
        }
    }

    /// Shows how to look at an error of a type of its own as an [`Error`], so that it can be known for a cancellation:
    /// `with_error_chain(|error| error)`. See the [module](super#cancelled-is-not-failed).
    pub fn with_error_chain(mut self, look: fn(&E) -> &(dyn Error + 'static)) -> Self {
        self.errors = Errors::by(look);
        self
    }
}

impl<T, E: 'static> Default for AllOk<T, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Send, E: Send> Policy for AllOk<T, E> {
    type Output = Result<T, E>;
    type Error = E;
    type Value = Result<Vec<T>, GroupError<E>>;

    fn returned(&mut self, task: TaskRef<'_>, output: Result<T, E>) -> Verdict<E> {
        match output {
            Ok(value) => {
                self.values.put(task.index(), value);
                Verdict::Continue
            }
            Err(error) if self.errors.cut_short(task, &error) => Verdict::CutShort,
            Err(error) => Verdict::Fatal(error),
        }
    }

    fn panicked(&mut self, _: TaskRef<'_>, _: &Panicked) -> Next {
        Next::CancelRest
    }

    fn finish(self, ending: Ending<E>) -> Result<Vec<T>, GroupError<E>> {
        ending.into_result().map(|()| self.values.into_values())
    }

    fn triage(output: &Result<T, E>) -> Triage {
        match output {
            Ok(_) => Triage::Later,
            Err(_) => Triage::Now,
        }
    }
}
