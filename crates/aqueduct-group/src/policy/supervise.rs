use std::error::Error;
use std::fmt;

use super::{Ending, Errors, Next, Policy, Triage, Verdict};
use crate::failure::{GroupError, Panicked};
use crate::info::TaskRef;

/// Tells of each failure when it happens, and leaves the other tasks alone.
///
/// For services whose parts may fail one by one, without restarts. Gives nothing in the end, or the failures, as many as the group keeps.
pub struct Supervise<E> {
    tell: Box<dyn FnMut(TaskRef<'_>, Told<'_, E>) + Send>,
    errors: Errors<E>,
}

/// A failure, as [`Supervise`] tells of it.
#[derive(Debug)]
pub enum Told<'a, E> {
    /// The task returned an error.
    Error(&'a E),
    /// The task panicked.
    Panic(&'a Panicked),
}

impl<E: 'static> Supervise<E> {
    /// Creates the policy. `tell` is called in the task that failed, and shall not take long.
    pub fn new(tell: impl FnMut(TaskRef<'_>, Told<'_, E>) + Send + 'static) -> Self {
        Self {
            tell: Box::new(tell),
            errors: Errors::known(),
        }
    }

    /// Shows how to look at an error of a type of its own as an [`Error`], so that it can be known for a cancellation:
    /// `with_error_chain(|error| error)`. See the [module](super#cancelled-is-not-failed).
    #[must_use]
    pub fn with_error_chain(mut self, look: fn(&E) -> &(dyn Error + 'static)) -> Self {
        self.errors = Errors::by(look);
        self
    }
}

impl<E: Send> Policy for Supervise<E> {
    type Output = Result<(), E>;
    type Error = E;
    type Value = Result<(), GroupError<E>>;

    fn returned(&mut self, task: TaskRef<'_>, output: Result<(), E>) -> Verdict<E> {
        match output {
            Ok(()) => Verdict::Continue,
            Err(error) if self.errors.cut_short(task, &error) => Verdict::CutShort,
            Err(error) => {
                (self.tell)(task, Told::Error(&error));
                Verdict::Failed(error)
            }
        }
    }

    fn panicked(&mut self, task: TaskRef<'_>, panic: &Panicked) -> Next {
        (self.tell)(task, Told::Panic(panic));
        Next::Continue
    }

    fn finish(self, ending: Ending<E>) -> Self::Value {
        ending.into_result()
    }

    fn triage(output: &Result<(), E>) -> Triage {
        match output {
            Ok(()) => Triage::Never,
            Err(_) => Triage::Now,
        }
    }
}

impl<E> fmt::Debug for Supervise<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervise").finish_non_exhaustive()
    }
}
