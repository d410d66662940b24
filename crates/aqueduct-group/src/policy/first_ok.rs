use std::marker::PhantomData;

use super::{Ending, Next, Policy, Verdict};
use crate::failure::{GroupError, Panicked};
use crate::info::TaskRef;

/// The first success counts, and cancels the rest; failures before it are forgiven.
///
/// Gives the value, or the failures of all. A group without tasks gives `Ok(None)`.
#[derive(Debug)]
pub struct FirstOk<T, E> {
    value: Option<T>,
    _error: PhantomData<fn() -> E>,
}

impl<T, E> FirstOk<T, E> {
    /// Creates the policy.
    pub const fn new() -> Self {
        Self {
            value: None,
            _error: PhantomData,
        }
    }
}

impl<T, E> Default for FirstOk<T, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Send, E: Send> Policy for FirstOk<T, E> {
    type Output = Result<T, E>;
    type Error = E;
    type Value = Result<Option<T>, GroupError<E>>;

    fn returned(&mut self, _: TaskRef<'_>, output: Result<T, E>) -> Verdict<E> {
        match output {
            Ok(value) => {
                self.value.get_or_insert(value);
                Verdict::Enough
            }
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
