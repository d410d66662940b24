use std::error::Error;

use super::{Ending, Errors, Next, Policy, Verdict};
use crate::failure::{GroupError, Panicked};
use crate::info::TaskRef;

/// The first success counts, and cancels the rest; failures before it are forgiven.
///
/// Gives the value, or the failures of all. A group without tasks gives `Ok(None)`.
#[derive(Debug)]
pub struct FirstOk<T, E> {
    value: Option<T>,
    errors: Errors<E>,
}

impl<T, E: 'static> FirstOk<T, E> {
    /// Creates the policy.
    pub const fn new() -> Self {
        Self {
            value: None,
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

impl<T, E: 'static> Default for FirstOk<T, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Send, E: Send> Policy for FirstOk<T, E> {
    type Output = Result<T, E>;
    type Error = E;
    type Value = Result<Option<T>, GroupError<E>>;

    fn returned(&mut self, task: TaskRef<'_>, output: Result<T, E>) -> Verdict<E> {
        match output {
            Ok(value) => {
                self.value.get_or_insert(value);
                Verdict::Enough
            }
            Err(error) if self.errors.cut_short(task, &error) => Verdict::CutShort,
            Err(error) => Verdict::Failed(error),
        }
    }

    fn panicked(&mut self, _: TaskRef<'_>, _: &Panicked) -> Next {
        Next::Continue
    }

    fn finish(self, ending: Ending<E>) -> Self::Value {
        match self.value {
            Some(value) => Ok(Some(value)),
            None => ending.into_result().map(|()| None),
        }
    }
}
